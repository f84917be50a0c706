@description('Storage account of the lake, in this module\'s resource group.')
param accountName string

@description('Container that the jobs\' folders lie in.')
param containerName string

@description('Object id of a cluster\'s system-assigned identity.')
param principalId string

@description('Whether the cluster writes: a source does, a destination only reads.')
param writes bool

var storageBlobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var storageBlobDataReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
var roleId = writes ? storageBlobDataContributor : storageBlobDataReader

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: accountName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource container 'containers' existing = {
      name: containerName
    }
  }
}

// Needed by: .export to ;managed_identity=system (Contributor, the source cluster); by ingestion from
// ;managed_identity=system and the externaldata of KC_Status (Reader, the destination cluster).
resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account::blobs::container.id, principalId, roleId)
  scope: account::blobs::container
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
  }
}
