/*
 * Kusto Copy on Azure: the app and all that it needs, with no key anywhere. Deploying twice changes nothing.
 *
 *   az deployment sub create --location <region> --template-file infra/main.bicep --parameters infra/samples/oneJob.bicepparam
 *
 * docs/deploy.md has the commands in their order, and who may do what.
 */
targetScope = 'subscription'

import { attachment, copyJob } from 'types.bicep'

// ---- Where ----------------------------------------------------------------------------------------------------------

@description('Name of this deployment: part of the resource group\'s name, and what other names are made from.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Region of the app and the lake: the source cluster\'s, where exports are written.')
param location string = deployment().location

@description('Resource group, created if missing.')
@maxLength(90)
param resourceGroupName string = 'rg-kusto-copy-${environmentName}'

@description('Tags of all resources.')
param tags object = {}

// ---- What is copied -------------------------------------------------------------------------------------------------

@description('What the app keeps up to date. One job becomes app settings; more are read from the lake, where the output jobsDocument goes.')
@minLength(1)
param jobs copyJob[]

@description('When the timer looks whether an iteration is due: NCRONTAB of six fields.')
param tick string = '0 * * * * *'

@description('Container of the jobs\' folders; each job has a folder of its own name.')
@minLength(3)
@maxLength(63)
param lakeContainer string = 'copy'

@description('How the clusters reach staged files: by user-delegation SAS, or by their system-assigned identities.')
@allowed(['sas', 'managedIdentity'])
param clusterAccess string = 'sas'

@description('How KC_Status reads the status file: as who asks, or by the cluster\'s system-assigned identity.')
@allowed(['impersonate', 'managedIdentity'])
param statusAccess string = 'impersonate'

@description('Whether this deployment allows the clusters\' identities their usages. Who deploys must be AllDatabasesAdmin on the clusters; otherwise docs/deploy.md has the command.')
param setIdentityPolicies bool = false

@description('Object ids of Entra groups whose members read KC_Status where it impersonates them.')
param statusReaderGroupIds string[] = []

@description('Slots for exports, and for queries, where the source gives Database Viewer only: a percentage would need .show capacity, which needs Database User. Empty for percentages.')
param viewerSlots string = '4'

@description('Role of the app on source databases. User lets it ask the cluster for its capacity, and take all of it.')
param sourceRole 'User' | 'Viewer' = 'Viewer'

@description('More app settings, or other values of those below: names of docs/configuration.md.')
param moreSettings object = {}

@description('App settings that are Key Vault references: names of settings with the URI of a secret each, without a version where rotation should be followed.')
param keyVaultReferences object = {}

@description('Resource id of the existing key vault that keyVaultReferences names; empty for none.')
param keyVaultId string = ''

// ---- How it runs ----------------------------------------------------------------------------------------------------

@description('Plan of the function app.')
@allowed(['ElasticPremium', 'FlexConsumption'])
param plan string = 'FlexConsumption'

@description('Version of Node.js: the one that the app is tested on.')
@allowed(['20', '22', '24'])
param nodeVersion string = '22'

@description('Memory of a Flex Consumption instance, MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Most instances at a time.')
@minValue(1)
@maxValue(1000)
param maximumInstances int = 40

@description('Flex Consumption instances always ready for orchestrators and activities. One takes the cold start out of each iteration.')
@minValue(0)
param alwaysReadyDurable int = 0

@description('Flex Consumption instances always ready for HTTP requests.')
@minValue(0)
param alwaysReadyHttp int = 0

@description('Size of an Elastic Premium instance.')
@allowed(['EP1', 'EP2', 'EP3'])
param premiumSku string = 'EP1'

@description('Where Durable Functions keeps what runs.')
@allowed(['AzureStorage', 'DurableTaskScheduler'])
param durableBackend string = 'AzureStorage'

@description('SKU of the Durable Task Scheduler.')
@allowed(['Consumption', 'Dedicated'])
param schedulerSku string = 'Consumption'

@description('Task hub: another one for each version of the app, so that no version replays what another one began. The lake\'s log carries the work across.')
@minLength(3)
@maxLength(45)
param taskHub string = 'KustoCopy${replace(loadJsonContent('../package.json', 'version'), '.', 'x')}'

@description('Days that the history of finished orchestrations is kept.')
@minValue(1)
param historyDays int = 14

// ---- What it is protected and watched by ----------------------------------------------------------------------------

@description('Puts the app into a virtual network and its storage behind private endpoints. The clusters then need managed private endpoints to the lake: docs/deploy.md.')
param privateNetworking bool = false

@description('Addresses of that virtual network.')
param virtualNetworkPrefix string = '10.89.0.0/24'

@description('Whether events of committed iterations are sent to an Event Grid topic.')
param events bool = true

@description('Days that telemetry is kept.')
@minValue(30)
@maxValue(730)
param telemetryDays int = 30

@description('Gigabytes of telemetry a day, at most.')
@minValue(1)
param telemetryQuotaGb int = 1

@description('Who gets alerts.')
param alertEmails string[] = []

@description('Days that deleted blobs of the lake can be brought back.')
@minValue(1)
@maxValue(365)
param lakeSoftDeleteDays int = 7

@description('Days after which staged files that nobody deleted go.')
@minValue(2)
param stagedDays int = 7

// ---- Clusters -------------------------------------------------------------------------------------------------------

@description('Creates a small cluster with these databases, for a trial; none where empty.')
param trialDatabases string[] = []

@description('Resource ids of clusters on which the app may attach and detach follower databases: it becomes Contributor there.')
param followerClusterIds string[] = []

@description('Resource ids of follower clusters on which the app may set overrides: it becomes AllDatabasesAdmin there.')
param followerOverrideClusterIds string[] = []

@description('Follower databases that this deployment attaches.')
param attachments attachment[] = []

// ---- Names: the same at the next deployment -------------------------------------------------------------------------

var token = uniqueString(subscription().id, resourceGroupName, environmentName)
var allTags = union({ 'azd-env-name': environmentName }, tags)
var names = {
  app: 'func-kusto-copy-${token}'
  plan: 'plan-kusto-copy-${token}'
  hostStorage: 'stkchost${token}'
  lake: 'stkclake${token}'
  identity: 'id-kusto-copy-${token}'
  insights: 'appi-kusto-copy-${token}'
  workspace: 'log-kusto-copy-${token}'
  topic: 'evgt-kusto-copy-${token}'
  scheduler: 'dts-kusto-copy-${token}'
  network: 'vnet-kusto-copy-${token}'
  trialCluster: 'kc${token}'
}

// ---- Who needs what on which database -------------------------------------------------------------------------------
//
// Each right is the least that the command's page of the Kusto documentation names (data-explorer/kusto/…).
//
// Source, Database Viewer: queries and .export (management/data-export/export-data-to-storage.md), .show database schema
// (management/show-schema-database.md), .show table … policy (management/show-table-ingestion-time-policy-command.md and
// its like). .show operations shows who asks what it started itself (management/show-operations.md).
// Source, Database User instead: .show capacity (management/show-capacity-command.md), for slots as a percentage.
// Source, UnrestrictedViewer: rows of tables with a RestrictedViewAccess policy (management/restricted-view-access-policy.md).
//
// Destination, Database User: .create-merge tables (management/create-merge-table-command.md) and .create-or-alter
// function KC_Status (management/create-alter-function.md), each of which makes the app admin of what it created
// (access-control/role-based-access-control.md); .show capacity; and reading staging tables to verify them.
// As admin of its own tables: .alter-merge table, policies (management/alter-table-retention-policy-command.md and its
// like), .move extents, .replace extents (management/move-extents.md, replace-extents.md), .drop extents of a table,
// .drop extent tags, .rename tables, .drop tables.
// Destination, Database Ingestor: queued and direct ingestion (api/netfx/about-kusto-ingest.md,
// management/data-ingestion/ingest-into-command.md); a table's ingestor may not ask for the ingestion resources.
// Destination, Database Admin instead, by destinationAdmin: the same on tables that somebody else created.

// An endpoint with no cluster id and no URI is the trial cluster. One with a URI alone gets its roles by hand.
var trialClusterId = '${subscription().id}/resourceGroups/${resourceGroupName}/providers/Microsoft.Kusto/clusters/${names.trialCluster}'
var sources = map(filter(jobs, job => job.source.?uri == null), job => {
  clusterId: job.source.?clusterId ?? trialClusterId
  database: job.source.database
  restrictedTables: job.?restrictedTables ?? false
})
var destinations = map(filter(jobs, job => job.destination.?uri == null), job => {
  clusterId: job.destination.?clusterId ?? trialClusterId
  database: job.destination.database
  restrictedTables: job.?restrictedTables ?? false
  admin: job.?destinationAdmin ?? false
})
var sourceClusterIds = union(map(sources, each => each.clusterId), [])
var destinationClusterIds = union(map(destinations, each => each.clusterId), [])
var access = union(
  map(sources, each => { clusterId: each.clusterId, database: each.database, role: sourceRole }),
  map(filter(sources, each => each.restrictedTables), each => {
    clusterId: each.clusterId
    database: each.database
    role: 'UnrestrictedViewer'
  }),
  map(destinations, each => {
    clusterId: each.clusterId
    database: each.database
    role: each.admin ? 'Admin' : 'User'
  }),
  map(filter(destinations, each => !each.admin), each => {
    clusterId: each.clusterId
    database: each.database
    role: 'Ingestor'
  }),
  map(filter(destinations, each => each.restrictedTables), each => {
    clusterId: each.clusterId
    database: each.database
    role: 'UnrestrictedViewer'
  })
)

// What the clusters' own identities are used for (management/managed-identity-policy.md): .export, ingestion, and the
// externaldata of KC_Status.
var byIdentity = clusterAccess == 'managedIdentity'
var statusByIdentity = statusAccess == 'managedIdentity'
var identityUsages = union(
  map(byIdentity ? sources : [], each => {
    clusterId: each.clusterId
    database: each.database
    usages: 'ExportRequest'
  }),
  map(byIdentity || statusByIdentity ? destinations : [], each => {
    clusterId: each.clusterId
    database: each.database
    usages: join(concat(byIdentity ? ['NativeIngestion'] : [], statusByIdentity ? ['ExternalDataRequest'] : []), ', ')
  })
)

// ---- Resources ------------------------------------------------------------------------------------------------------

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: resourceGroupName
  location: location
  tags: allTags
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: {
    name: names.identity
    location: location
    tags: allTags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    workspaceName: names.workspace
    insightsName: names.insights
    location: location
    tags: allTags
    retentionDays: telemetryDays
    dailyQuotaGb: telemetryQuotaGb
    principalId: identity.outputs.principalId
  }
}

module hostStorage 'modules/hostStorage.bicep' = {
  scope: group
  params: {
    name: names.hostStorage
    location: location
    tags: allTags
    principalId: identity.outputs.principalId
    private: privateNetworking
  }
}

module sourceClusters 'modules/kusto/cluster.bicep' = [
  for clusterId in sourceClusterIds: {
    scope: resourceGroup(split(clusterId, '/')[2], split(clusterId, '/')[4])
    params: { name: last(split(clusterId, '/')) }
    dependsOn: [trialCluster]
  }
]

module destinationClusters 'modules/kusto/cluster.bicep' = [
  for clusterId in destinationClusterIds: {
    scope: resourceGroup(split(clusterId, '/')[2], split(clusterId, '/')[4])
    params: { name: last(split(clusterId, '/')) }
    dependsOn: [trialCluster]
  }
]

module lake 'modules/lake.bicep' = {
  scope: group
  params: {
    name: names.lake
    location: location
    tags: allTags
    containerName: lakeContainer
    folders: map(jobs, job => job.name)
    stagedDays: stagedDays
    softDeleteDays: lakeSoftDeleteDays
    principalId: identity.outputs.principalId
    statusReaderGroupIds: statusReaderGroupIds
    private: privateNetworking
  }
}

module sourceLakeAccess 'modules/kusto/lakeAccess.bicep' = [
  for (clusterId, i) in (byIdentity ? sourceClusterIds : []): {
    scope: group
    params: {
      accountName: names.lake
      containerName: lakeContainer
      principalId: sourceClusters[i].outputs.systemPrincipalId
      writes: true
    }
    dependsOn: [lake]
  }
]

module destinationLakeAccess 'modules/kusto/lakeAccess.bicep' = [
  for (clusterId, i) in (byIdentity || statusByIdentity ? destinationClusterIds : []): {
    scope: group
    params: {
      accountName: names.lake
      containerName: lakeContainer
      principalId: destinationClusters[i].outputs.systemPrincipalId
      writes: false
    }
    dependsOn: [lake]
  }
]

// One at a time: a cluster takes one change of its principals at once.
@batchSize(1)
module databaseRoles 'modules/kusto/databaseAccess.bicep' = [
  for each in access: {
    scope: resourceGroup(split(each.clusterId, '/')[2], split(each.clusterId, '/')[4])
    params: {
      clusterName: last(split(each.clusterId, '/'))
      databaseName: each.database
      role: each.role
      clientId: identity.outputs.clientId
      tenantId: identity.outputs.tenantId
    }
    dependsOn: [trialCluster]
  }
]

@batchSize(1)
module identityPolicies 'modules/kusto/identityPolicy.bicep' = [
  for each in (setIdentityPolicies ? identityUsages : []): {
    scope: resourceGroup(split(each.clusterId, '/')[2], split(each.clusterId, '/')[4])
    params: {
      clusterName: last(split(each.clusterId, '/'))
      databaseName: each.database
      command: '.alter-merge database [\'${each.database}\'] policy managed_identity ```[{"ObjectId": "system", "AllowedUsages": "${each.usages}"}]```'
    }
    dependsOn: [databaseRoles]
  }
]

module followerContributors 'modules/kusto/contributor.bicep' = [
  for clusterId in followerClusterIds: {
    scope: resourceGroup(split(clusterId, '/')[2], split(clusterId, '/')[4])
    params: {
      clusterName: last(split(clusterId, '/'))
      principalId: identity.outputs.principalId
    }
  }
]

module followerAdmins 'modules/kusto/clusterAdmin.bicep' = [
  for clusterId in followerOverrideClusterIds: {
    scope: resourceGroup(split(clusterId, '/')[2], split(clusterId, '/')[4])
    params: {
      clusterName: last(split(clusterId, '/'))
      clientId: identity.outputs.clientId
      tenantId: identity.outputs.tenantId
    }
  }
]

module followerClusters 'modules/kusto/cluster.bicep' = [
  for each in attachments: {
    scope: resourceGroup(split(each.follower, '/')[2], split(each.follower, '/')[4])
    params: { name: last(split(each.follower, '/')) }
  }
]

@batchSize(1)
module followers 'modules/followers.bicep' = [
  for (each, i) in attachments: {
    scope: resourceGroup(split(each.follower, '/')[2], split(each.follower, '/')[4])
    params: {
      followerClusterName: last(split(each.follower, '/'))
      location: followerClusters[i].outputs.location
      leaderClusterId: each.leader
      databases: each.databases
      principals: each.?principals ?? 'Union'
      nameOverride: each.?nameOverride ?? ''
      namePrefix: each.?namePrefix ?? ''
      sharing: each.?sharing ?? {}
    }
  }
]

module trialCluster 'modules/kusto/trialCluster.bicep' = if (!empty(trialDatabases)) {
  scope: group
  params: {
    name: names.trialCluster
    location: location
    tags: allTags
    databases: trialDatabases
  }
}

module topic 'modules/events.bicep' = if (events) {
  scope: group
  params: {
    name: names.topic
    location: location
    tags: allTags
    principalId: identity.outputs.principalId
  }
}

module scheduler 'modules/durableScheduler.bicep' = if (durableBackend == 'DurableTaskScheduler') {
  scope: group
  params: {
    name: names.scheduler
    location: location
    tags: allTags
    taskHub: taskHub
    skuName: schedulerSku
    retentionDays: historyDays
    principalId: identity.outputs.principalId
    clientId: identity.outputs.clientId
  }
}

module keyVaultAccess 'modules/keyVaultAccess.bicep' = if (!empty(keyVaultId)) {
  scope: resourceGroup(split(keyVaultId, '/')[2], split(keyVaultId, '/')[4])
  params: {
    vaultName: last(split(keyVaultId, '/'))
    principalId: identity.outputs.principalId
  }
}

module network 'modules/network/network.bicep' = if (privateNetworking) {
  scope: group
  params: {
    name: names.network
    location: location
    tags: allTags
    addressPrefix: virtualNetworkPrefix
    flexConsumption: plan == 'FlexConsumption'
  }
}

module hostStorageEndpoints 'modules/network/privateEndpoints.bicep' = if (privateNetworking) {
  scope: group
  params: {
    accountName: names.hostStorage
    accountId: hostStorage.outputs.id
    services: ['blob', 'queue', 'table']
    location: location
    tags: allTags
    subnetId: network.?outputs.endpointSubnetId ?? ''
  }
}

module lakeEndpoints 'modules/network/privateEndpoints.bicep' = if (privateNetworking) {
  scope: group
  params: {
    accountName: names.lake
    accountId: lake.outputs.id
    services: ['blob', 'dfs']
    location: location
    tags: allTags
    subnetId: network.?outputs.endpointSubnetId ?? ''
  }
}

// ---- The app --------------------------------------------------------------------------------------------------------

// Many jobs are read from the lake: docs/deploy.md has the command that puts this document there.
module jobsDocument 'modules/kusto/jobsDocument.bicep' = {
  scope: group
  params: {
    jobs: [
      for each in jobs: {
        name: each.name
        definition: union(
          {
            source: {
              cluster: each.source.?uri ?? sourceClusters[indexOf(sourceClusterIds, each.source.?clusterId ?? trialClusterId)].outputs.uri
              database: each.source.database
            }
            destination: {
              cluster: each.destination.?uri ?? destinationClusters[indexOf(destinationClusterIds, each.destination.?clusterId ?? trialClusterId)].outputs.uri
              database: each.destination.database
            }
            lake: '${lake.outputs.containerUrl}/${each.name}'
            tables: union(
              empty(each.?include) ? {} : { include: each.?include },
              empty(each.?exclude) ? {} : { exclude: each.?exclude },
              empty(each.?snapshot) ? {} : { snapshot: each.?snapshot }
            )
          },
          empty(each.?rpo) ? {} : { rpo: each.?rpo },
          empty(each.?backfillHorizon) ? {} : { backfillHorizon: each.?backfillHorizon },
          empty(each.?mode) ? {} : { mode: each.?mode }
        )
      }
    ]
  }
}

var job = jobs[0]
var single = length(jobs) == 1
var sourceUri = job.source.?uri ?? sourceClusters[0].outputs.uri
var destinationUri = job.destination.?uri ?? destinationClusters[0].outputs.uri

// The settings of docs/configuration.md; what is empty here has its default in the app.
var jobSettings = {
  KUSTO_COPY_JOB: single ? job.name : ''
  KUSTO_COPY_JOBS: single ? '' : '${lake.outputs.containerUrl}/jobs'
  KUSTO_COPY_SOURCE: single ? sourceUri : ''
  KUSTO_COPY_DESTINATION: single ? destinationUri : ''
  // Strings with a login hold secrets: they come as a Key Vault reference, by keyVaultReferences.
  KUSTO_COPY_CONNECTIONS: ''
  KUSTO_COPY_DATABASE: single ? job.source.database : ''
  KUSTO_COPY_DESTINATION_DATABASE: single ? job.destination.database : ''
  KUSTO_COPY_LAKE: single ? '${lake.outputs.containerUrl}/${job.name}' : ''
  KUSTO_COPY_TABLES_INCLUDE: single ? string(job.?include ?? []) : ''
  KUSTO_COPY_TABLES_EXCLUDE: single ? string(job.?exclude ?? []) : ''
  KUSTO_COPY_TABLES_SNAPSHOT: single ? string(job.?snapshot ?? []) : ''
  KUSTO_COPY_RPO: single ? job.?rpo ?? '5m' : ''
  KUSTO_COPY_BACKFILL_HORIZON: single ? job.?backfillHorizon ?? '' : ''
  KUSTO_COPY_MODE: single ? job.?mode ?? 'backfill-and-new' : ''
  KUSTO_COPY_EXISTING_ROWS: ''
  KUSTO_COPY_FORMAT: ''
  KUSTO_COPY_INGESTION: ''
  KUSTO_COPY_VISIBILITY: ''
  KUSTO_COPY_SCHEMA: ''
  KUSTO_COPY_UPDATE_POLICIES: ''
  KUSTO_COPY_QUERY: ''
  KUSTO_COPY_EXPORT_SLOTS: sourceRole == 'Viewer' ? viewerSlots : ''
  KUSTO_COPY_INGESTION_SLOTS: ''
  KUSTO_COPY_QUERY_SLOTS: sourceRole == 'Viewer' ? viewerSlots : ''
  KUSTO_COPY_WINDOW_ROWS: ''
  KUSTO_COPY_MAX_ATTEMPTS: ''
  KUSTO_COPY_POLL: ''
  KUSTO_COPY_INGESTION_TIMEOUT: ''
  KUSTO_COPY_CLUSTER_ACCESS: byIdentity ? 'managed_identity=system' : 'sas'
  KUSTO_COPY_STATUS_ACCESS: statusByIdentity ? 'managed_identity=system' : 'impersonate'
  KUSTO_COPY_EVENTS_TOPIC: topic.?outputs.endpoint ?? ''
  // Empty: the app's identity sends. A key could only come as a Key Vault reference, by keyVaultReferences.
  KUSTO_COPY_EVENTS_KEY: ''
  KUSTO_COPY_TICK: tick
  KUSTO_COPY_PURGE_TICK: ''
  KUSTO_COPY_HISTORY_KEPT: '${historyDays}d'
  KUSTO_COPY_ARM: environment().resourceManager
  KUSTO_COPY_TASK_HUB: taskHub
}

var platformSettings = {
  // Which of its identities the app logs in with, at the clusters, the lake and the topic.
  AZURE_CLIENT_ID: identity.outputs.clientId
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identity.outputs.clientId
  AzureWebJobsStorage__blobServiceUri: hostStorage.outputs.blobUri
  AzureWebJobsStorage__queueServiceUri: hostStorage.outputs.queueUri
  AzureWebJobsStorage__tableServiceUri: hostStorage.outputs.tableUri
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'Authorization=AAD;ClientId=${identity.outputs.clientId}'
  // Read by host.json of npm run package -- --backend scheduler.
  DURABLE_TASK_SCHEDULER_CONNECTION_STRING: scheduler.?outputs.address ?? ''
}

var keyVaultSettings = toObject(items(keyVaultReferences), each => each.key, each => '@Microsoft.KeyVault(SecretUri=${each.value})')
var appSettings = union(platformSettings, jobSettings, moreSettings, keyVaultSettings)

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  scope: group
  name: names.insights
}

module flexConsumption 'modules/app/flexConsumption.bicep' = if (plan == 'FlexConsumption') {
  scope: group
  params: {
    name: names.app
    planName: names.plan
    location: location
    tags: union(allTags, { 'azd-service-name': 'app' })
    identityId: identity.outputs.id
    packageContainerUri: hostStorage.outputs.packageContainerUri
    nodeVersion: nodeVersion
    instanceMemoryMB: instanceMemoryMB
    maximumInstances: maximumInstances
    alwaysReadyDurable: alwaysReadyDurable
    alwaysReadyHttp: alwaysReadyHttp
    subnetId: network.?outputs.appSubnetId ?? ''
    settings: appSettings
  }
  dependsOn: [monitoring, hostStorageEndpoints, keyVaultAccess]
}

module elasticPremium 'modules/app/elasticPremium.bicep' = if (plan == 'ElasticPremium') {
  scope: group
  params: {
    name: names.app
    planName: names.plan
    location: location
    tags: union(allTags, { 'azd-service-name': 'app' })
    identityId: identity.outputs.id
    packageContainerUri: hostStorage.outputs.packageContainerUri
    nodeVersion: nodeVersion
    skuName: premiumSku
    maximumInstances: min(maximumInstances, 100)
    alwaysReady: max(1, alwaysReadyDurable)
    subnetId: network.?outputs.appSubnetId ?? ''
    settings: appSettings
  }
  dependsOn: [monitoring, hostStorageEndpoints, keyVaultAccess]
}

module workbook 'modules/watch/workbook.bicep' = {
  scope: group
  params: {
    location: location
    tags: allTags
    insightsId: monitoring.outputs.insightsId
  }
}

module alerts 'modules/watch/alerts.bicep' = {
  scope: group
  params: {
    location: location
    tags: allTags
    insightsId: monitoring.outputs.insightsId
    emails: alertEmails
  }
}

// ---- Outputs: names and addresses, no secrets -----------------------------------------------------------------------

@description('Resource group.')
output AZURE_RESOURCE_GROUP string = group.name

@description('Function app, for func azure functionapp publish.')
output functionAppName string = names.app

@description('Address of the app.')
output appUrl string = 'https://${plan == 'FlexConsumption' ? flexConsumption.?outputs.hostName ?? '' : elasticPremium.?outputs.hostName ?? ''}'

@description('Application id of the app\'s identity, for roles given by hand: .add database D viewers (\'aadapp=<this>;<tenant>\').')
output identityClientId string = identity.outputs.clientId

@description('Object id of the app\'s identity.')
output identityPrincipalId string = identity.outputs.principalId

@description('Storage account that holds the app\'s package.')
output hostStorageName string = names.hostStorage

@description('Storage account of the lake.')
output lakeName string = names.lake

@description('URL of the jobs\' container.')
output lakeContainerUrl string = lake.outputs.containerUrl

@description('The jobs in the form of jobs.yaml: where there are many, for the folder jobs of the lake.')
output jobsDocument string = jobsDocument.outputs.document

@description('Query URI of the trial cluster; empty without one.')
output trialClusterUri string = trialCluster.?outputs.uri ?? ''

@description('Task hub of this version.')
output taskHub string = taskHub

// All that lies outside the resource group: teardown.sh deletes it by these ids.

@description('Ids of the app\'s roles on databases.')
output outsideDatabaseRoleIds string[] = [for i in range(0, length(access)): databaseRoles[i].outputs.id]

@description('Ids of the scripts that allowed the clusters\' identities their usages.')
output outsideIdentityPolicyIds string[] = [
  for i in range(0, setIdentityPolicies ? length(identityUsages) : 0): identityPolicies[i].outputs.id
]

@description('Ids of the follower configurations: deleting one detaches its database.')
output outsideFollowerIds array = [for i in range(0, length(attachments)): followers[i].outputs.ids]

@description('Ids of the Contributor assignments on clusters for followers.')
output outsideContributorIds string[] = [
  for i in range(0, length(followerClusterIds)): followerContributors[i].outputs.id
]

@description('Ids of the app\'s AllDatabasesAdmin on clusters for overrides of followers.')
output outsideClusterAdminIds string[] = [
  for i in range(0, length(followerOverrideClusterIds)): followerAdmins[i].outputs.id
]

@description('Id of the app\'s role on the key vault; empty without one.')
output outsideKeyVaultRoleId string = keyVaultAccess.?outputs.id ?? ''
