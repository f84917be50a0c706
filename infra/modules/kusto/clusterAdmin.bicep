@description('Name of an existing cluster in this module\'s resource group.')
param clusterName string

@description('Application id of the app\'s identity.')
param clientId string

@description('Tenant of the app\'s identity.')
param tenantId string

resource cluster 'Microsoft.Kusto/clusters@2025-02-14' existing = {
  name: clusterName
}

// Needed by: overrides on a follower, .alter follower database and its like, which take a Database Admin of the followed
// database (kusto/management/cluster-follower.md). A followed database takes no principals of its own from Azure, so
// this is given on the cluster, and only on those of followerOverrideClusterIds.
resource assignment 'Microsoft.Kusto/clusters/principalAssignments@2025-02-14' = {
  parent: cluster
  name: guid(cluster.id, clientId, 'AllDatabasesAdmin')
  properties: {
    principalId: clientId
    principalType: 'App'
    role: 'AllDatabasesAdmin'
    tenantId: tenantId
  }
}

@description('Resource id of the assignment, which lies outside the app\'s resource group.')
output id string = assignment.id
