@description('Name of the storage account.')
param name string

@description('Region: the source cluster\'s, where its exports are written.')
param location string

@description('Tags of the resource.')
param tags object

@description('Container that the jobs\' folders lie in.')
param containerName string

@description('Folders of the jobs in that container.')
param folders string[]

@description('Days after which staged files that nobody deleted go: longer than any ingestion waits.')
@minValue(2)
param stagedDays int

@description('Days that deleted blobs can be brought back. The checkpoint log is worth that; staged files cost storage for as long.')
@minValue(1)
@maxValue(365)
param softDeleteDays int

@description('Object id of the app\'s identity.')
param principalId string

@description('Object ids of groups whose members read KC_Status by impersonation.')
param statusReaderGroupIds string[]

@description('Whether only private endpoints reach the account.')
param private bool

var storageBlobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var storageBlobDataReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
var storageBlobDelegator = 'db58b8e5-c6ad-4a2a-8342-4190687cbf4a'

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: 'Standard_LRS' }
  kind: 'StorageV2'
  properties: {
    isHnsEnabled: true
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    // Clusters get user-delegation SAS or use identities; nobody needs a key.
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: private ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: private ? 'Deny' : 'Allow'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: softDeleteDays
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: softDeleteDays
    }
  }
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: containerName
}

// The app deletes staged files itself; this catches those of a run that never came back. The log is never touched.
resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'delete-staged-files'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: map(folders, folder => '${containerName}/${folder}/staged/')
            }
            actions: {
              baseBlob: {
                delete: { daysAfterModificationGreaterThan: stagedDays }
              }
            }
          }
        }
      ]
    }
  }
  dependsOn: [blobs]
}

// Needed by: the app, which writes the checkpoint log and the status file, lists and deletes staged files; and by the
// user-delegation SAS that it makes for the clusters, which can do no more than the app itself may.
resource contributor 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(container.id, principalId, storageBlobDataContributor)
  scope: container
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
  }
}

// Needed by: generateUserDelegationKey, which is an action on the account and not on a container.
resource delegator 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, principalId, storageBlobDelegator)
  scope: account
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDelegator)
  }
}

// Needed by: people who ask KC_Status, where it reads the status file as them (;impersonate).
resource statusReaders 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for id in statusReaderGroupIds: {
    name: guid(container.id, id, storageBlobDataReader)
    scope: container
    properties: {
      principalId: id
      principalType: 'Group'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataReader)
    }
  }
]

@description('Resource id.')
output id string = account.id

@description('URL of the container that the jobs\' folders lie in.')
output containerUrl string = '${account.properties.primaryEndpoints.blob}${container.name}'
