// Several jobs, each with its own RPO, between clusters of several subscriptions; the clusters' own identities reach the
// lake; everything is private; one instance is always ready.
using '../main.bicep'

param environmentName = 'fleet'
param location = 'westeurope'

param jobs = [
  {
    name: 'orders'
    source: {
      clusterId: '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-source/providers/Microsoft.Kusto/clusters/mysource'
      database: 'Orders'
    }
    destination: {
      clusterId: '/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/rg-destination/providers/Microsoft.Kusto/clusters/mydestination'
      database: 'Orders'
    }
    rpo: '2m'
    restrictedTables: true
  }
  {
    name: 'devices'
    source: {
      clusterId: '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-source/providers/Microsoft.Kusto/clusters/mysource'
      database: 'Devices'
    }
    destination: {
      clusterId: '/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/rg-destination/providers/Microsoft.Kusto/clusters/mydestination'
      database: 'Devices'
    }
    include: ['Readings*', 'Devices']
    snapshot: ['Devices']
    rpo: '1h'
    backfillHorizon: '90d'
    destinationAdmin: true
  }
]

param sourceRole = 'User'
param clusterAccess = 'managedIdentity'
param statusAccess = 'managedIdentity'
param setIdentityPolicies = true
param privateNetworking = true
param alwaysReadyDurable = 1
