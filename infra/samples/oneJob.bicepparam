// One database, kept up to date on another cluster. Replace the two cluster ids, the databases and the region.
using '../main.bicep'

param environmentName = 'telemetry'
param location = 'westeurope'

param jobs = [
  {
    name: 'telemetry'
    source: {
      clusterId: '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-source/providers/Microsoft.Kusto/clusters/mysource'
      database: 'Telemetry'
    }
    destination: {
      clusterId: '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-destination/providers/Microsoft.Kusto/clusters/mydestination'
      database: 'Telemetry'
    }
    rpo: '5m'
  }
]

param alertEmails = ['oncall@example.com']
