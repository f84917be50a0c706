@description('Name of the follower cluster, in this module\'s resource group.')
param followerClusterName string

@description('Region of leader and follower, which share one (follower.md).')
param location string

@description('Resource id of the leader cluster, in the same region.')
param leaderClusterId string

@description('Database of the leader; * for all.')
param databaseName string

@description('How principals of the follower and of the leader go together.')
@allowed(['None', 'Replace', 'Union'])
param principalsModificationKind string = 'Union'

@description('Another name on the follower; empty for the leader\'s.')
param databaseNameOverride string = ''

@description('A prefix to the names on the follower; empty for none.')
param databaseNamePrefix string = ''

resource follower 'Microsoft.Kusto/clusters@2025-02-14' existing = {
  name: followerClusterName
}

resource attached 'Microsoft.Kusto/clusters/attachedDatabaseConfigurations@2025-02-14' = {
  parent: follower
  name: take('kusto-copy-${uniqueString(leaderClusterId, databaseName)}', 64)
  location: location
  properties: {
    clusterResourceId: leaderClusterId
    databaseName: databaseName
    defaultPrincipalsModificationKind: principalsModificationKind
    databaseNameOverride: empty(databaseNameOverride) ? null : databaseNameOverride
    databaseNamePrefix: empty(databaseNamePrefix) ? null : databaseNamePrefix
  }
}

@description('Resource id of the configuration, which lies outside the app\'s resource group: deleting it detaches.')
output id string = attached.id
