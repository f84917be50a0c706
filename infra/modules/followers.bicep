@description('Name of the follower cluster, in this module\'s resource group.')
param followerClusterName string

@description('Region of leader and follower, which share one (follower.md).')
param location string

@description('Resource id of the leader cluster, in the same region.')
param leaderClusterId string

@description('Databases of the leader, or * alone for all.')
@minLength(1)
param databases string[]

@description('How principals of the follower and of the leader go together.')
@allowed(['None', 'Replace', 'Union'])
param principals string = 'Union'

@description('Another name on the follower, of one database; empty for the leader\'s.')
param nameOverride string = ''

@description('A prefix to the names on the follower; empty for none.')
param namePrefix string = ''

@description('Tables, external tables, materialized views and functions that are shared, and that are not, at most 100 together and not with *; empty for all.')
param sharing object = {}

resource follower 'Microsoft.Kusto/clusters@2025-02-14' existing = {
  name: followerClusterName
}

// One after the other: a cluster refuses a change while it works on another.
@batchSize(1)
resource attached 'Microsoft.Kusto/clusters/attachedDatabaseConfigurations@2025-02-14' = [
  for database in databases: {
    parent: follower
    name: take('kusto-copy-${uniqueString(leaderClusterId, database)}', 64)
    location: location
    properties: {
      clusterResourceId: leaderClusterId
      databaseName: database
      defaultPrincipalsModificationKind: principals
      databaseNameOverride: empty(nameOverride) ? null : nameOverride
      databaseNamePrefix: empty(namePrefix) ? null : namePrefix
      tableLevelSharingProperties: empty(sharing) ? null : sharing
    }
  }
]

@description('Resource ids of the configurations, which lie outside the app\'s resource group: deleting one detaches its database.')
output ids string[] = [for i in range(0, length(databases)): attached[i].id]
