// Databases of a leader, attached read-only to a follower in its region: for clusters that are there, without the app.
// The fields are those of POST /api/followers. infra/followers.json is the same for the portal and PowerShell.

@description('Resource id of the follower cluster.')
param follower string

@description('Resource id of the leader cluster, in the same region.')
param leader string

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

module cluster 'modules/kusto/cluster.bicep' = {
  scope: resourceGroup(split(follower, '/')[2], split(follower, '/')[4])
  params: { name: last(split(follower, '/')) }
}

module attached 'modules/followers.bicep' = {
  scope: resourceGroup(split(follower, '/')[2], split(follower, '/')[4])
  params: {
    followerClusterName: last(split(follower, '/'))
    location: cluster.outputs.location
    leaderClusterId: leader
    databases: databases
    principals: principals
    nameOverride: nameOverride
    namePrefix: namePrefix
    sharing: sharing
  }
}

@description('Resource ids of the configurations: deleting one detaches its database.')
output ids string[] = attached.outputs.ids
