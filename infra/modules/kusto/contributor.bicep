@description('Name of an existing cluster in this module\'s resource group.')
param clusterName string

@description('Object id of the app\'s identity.')
param principalId string

var contributor = 'b24988ac-6180-42a0-ab88-20f7382dd24c'

resource cluster 'Microsoft.Kusto/clusters@2025-02-14' existing = {
  name: clusterName
}

// Needed by: attaching a database (Contributor on leader and follower) and detaching it (on the side that detaches),
// follower.md. Given for the clusters of followerClusterIds and for no other.
resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(cluster.id, principalId, contributor)
  scope: cluster
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', contributor)
  }
}

@description('Resource id of the assignment, which lies outside the app\'s resource group.')
output id string = assignment.id
