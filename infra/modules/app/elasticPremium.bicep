@description('Name of the function app.')
param name string

@description('Name of its plan.')
param planName string

@description('Region.')
param location string

@description('Tags of the resources.')
param tags object

@description('Resource id of the app\'s identity.')
param identityId string

@description('Container of the app\'s package.')
param packageContainerUri string

@description('Version of Node.js: the one that the app is tested on.')
param nodeVersion string

@description('Size of an instance.')
@allowed(['EP1', 'EP2', 'EP3'])
param skuName string

@description('Most instances at a time.')
@minValue(1)
@maxValue(100)
param maximumInstances int

@description('Instances that are always ready.')
@minValue(1)
param alwaysReady int

@description('Subnet that the app reaches private endpoints from; empty for none.')
param subnetId string

@description('App settings.')
param settings object

var packageName = 'kusto-copy.zip'

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'elastic'
  sku: {
    name: skuName
    tier: 'ElasticPremium'
    capacity: alwaysReady
  }
  properties: {
    reserved: true
    maximumElasticWorkerCount: maximumInstances
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      linuxFxVersion: 'NODE|${nodeVersion}'
      minTlsVersion: '1.2'
      ftpsState: 'Disabled'
      minimumElasticInstanceCount: alwaysReady
      functionAppScaleLimit: maximumInstances
      functionsRuntimeScaleMonitoringEnabled: true
      vnetRouteAllEnabled: !empty(subnetId)
    }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    // The package is read from its container by the identity: the plan's usual file share would need an account key.
    properties: union(settings, {
      FUNCTIONS_EXTENSION_VERSION: '~4'
      FUNCTIONS_WORKER_RUNTIME: 'node'
      WEBSITE_RUN_FROM_PACKAGE: '${packageContainerUri}/${packageName}'
      WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID: identityId
    })
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }
}

@description('Host name.')
output hostName string = app.properties.defaultHostName
