@description('Name of the cluster.')
@minLength(4)
@maxLength(22)
param name string

@description('Region.')
param location string

@description('Tags of the resource.')
param tags object

@description('Databases to create.')
param databases string[]

// The smallest there is, with no SLA: for a trial. It stops by itself after days without use.
resource cluster 'Microsoft.Kusto/clusters@2025-02-14' = {
  name: name
  location: location
  tags: tags
  sku: {
    name: 'Dev(No SLA)_Standard_E2a_v4'
    tier: 'Basic'
    capacity: 1
  }
  identity: { type: 'SystemAssigned' }
  properties: {
    enableAutoStop: true
    enableDiskEncryption: true
    enableStreamingIngest: false
    publicNetworkAccess: 'Enabled'
  }
}

@batchSize(1)
resource made 'Microsoft.Kusto/clusters/databases@2025-02-14' = [
  for database in databases: {
    parent: cluster
    name: database
    location: location
    kind: 'ReadWrite'
  }
]

@description('Resource id, for a job\'s endpoint.')
output id string = cluster.id

@description('Query URI.')
output uri string = cluster.properties.uri
