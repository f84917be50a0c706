// A job, and databases of a leader that are attached to a follower in its region; the app may attach and detach there.
using '../main.bicep'

param environmentName = 'share'
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
  }
]

param followerClusterIds = [
  '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-source/providers/Microsoft.Kusto/clusters/mysource'
  '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-team/providers/Microsoft.Kusto/clusters/myfollower'
]

param attachments = [
  {
    follower: '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-team/providers/Microsoft.Kusto/clusters/myfollower'
    leader: '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-source/providers/Microsoft.Kusto/clusters/mysource'
    databases: ['Telemetry', 'Orders']
    principals: 'Union'
    namePrefix: 'prod_'
  }
  {
    follower: '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-team/providers/Microsoft.Kusto/clusters/myfollower'
    leader: '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-other/providers/Microsoft.Kusto/clusters/otherleader'
    databases: ['Telemetry']
    nameOverride: 'OtherTelemetry'
    sharing: { tablesToInclude: ['Logs', 'Metrics*'] }
  }
]
