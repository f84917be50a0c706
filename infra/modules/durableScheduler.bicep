@description('Name of the scheduler.')
param name string

@description('Region.')
param location string

@description('Tags of the resources.')
param tags object

@description('Name of the task hub.')
param taskHub string

@description('Consumption is paid by action; Dedicated by capacity unit.')
@allowed(['Consumption', 'Dedicated'])
param skuName string

@description('Days that the history of finished orchestrations is kept.')
@minValue(1)
param retentionDays int

@description('Object id of the app\'s identity.')
param principalId string

@description('Application id of the app\'s identity.')
param clientId string

var durableTaskDataContributor = '0ad04412-c4d5-4796-b79c-f76d14c8d402'

resource scheduler 'Microsoft.DurableTask/schedulers@2025-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    ipAllowlist: ['0.0.0.0/0']
    sku: skuName == 'Dedicated' ? { name: 'Dedicated', capacity: 1 } : { name: 'Consumption' }
  }
}

resource hub 'Microsoft.DurableTask/schedulers/taskHubs@2025-11-01' = {
  parent: scheduler
  name: taskHub
}

resource retention 'Microsoft.DurableTask/schedulers/retentionPolicies@2025-11-01' = {
  parent: scheduler
  name: 'default'
  properties: {
    retentionPolicies: [{ retentionPeriodInDays: retentionDays }]
  }
}

// Needed by: the Durable extension, which starts, runs, lists and purges orchestrations.
resource contributor 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(scheduler.id, principalId, durableTaskDataContributor)
  scope: scheduler
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', durableTaskDataContributor)
  }
}

@description('How the app reaches the task hub: an address and which identity to use, no secret.')
output address string = 'Endpoint=${scheduler.properties.endpoint};Authentication=ManagedIdentity;ClientID=${clientId}'

@description('The task hub.')
output taskHub string = hub.name
