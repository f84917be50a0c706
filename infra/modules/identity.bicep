@description('Name of the identity.')
param name string

@description('Region.')
param location string

@description('Tags of the resource.')
param tags object

// The app's one identity. User-assigned, so that its roles stay when the app is made anew.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('Resource id.')
output id string = identity.id

@description('Object id, for Azure roles.')
output principalId string = identity.properties.principalId

@description('Application id, for Kusto roles and for choosing the identity in the app.')
output clientId string = identity.properties.clientId

@description('Tenant.')
output tenantId string = identity.properties.tenantId
