@description('Name of an existing cluster in this module\'s resource group.')
param clusterName string

@description('Name of the database on it.')
param databaseName string

@description('The role: main.bicep says which, and what needs it.')
@allowed(['Admin', 'Ingestor', 'Monitor', 'UnrestrictedViewer', 'User', 'Viewer'])
param role string

@description('Application id of the app\'s identity.')
param clientId string

@description('Tenant of the app\'s identity.')
param tenantId string

resource cluster 'Microsoft.Kusto/clusters@2025-02-14' existing = {
  name: clusterName
}

resource database 'Microsoft.Kusto/clusters/databases@2025-02-14' existing = {
  parent: cluster
  name: databaseName
}

resource assignment 'Microsoft.Kusto/clusters/databases/principalAssignments@2025-02-14' = {
  parent: database
  name: guid(database.id, clientId, role)
  properties: {
    principalId: clientId
    principalType: 'App'
    role: role
    tenantId: tenantId
  }
}

@description('Resource id of the assignment: it lies outside the app\'s resource group, and teardown.sh deletes it by this.')
output id string = assignment.id
