@description('Name of an existing cluster in this module\'s resource group.')
param name string

resource cluster 'Microsoft.Kusto/clusters@2025-02-14' existing = {
  name: name
}

@description('Query URI.')
output uri string = cluster.properties.uri

@description('Object id of the cluster\'s system-assigned identity; empty where it has none.')
output systemPrincipalId string = cluster.?identity.?principalId ?? ''

@description('Region.')
output location string = cluster.location
