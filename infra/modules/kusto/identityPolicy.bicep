@description('Name of an existing cluster in this module\'s resource group.')
param clusterName string

@description('Name of the database on it.')
param databaseName string

@description('The command to run (kusto/management/alter-merge-managed-identity-policy-command.md). Secure, as a script\'s content is; this one holds no secret.')
@secure()
param command string

resource cluster 'Microsoft.Kusto/clusters@2025-02-14' existing = {
  name: clusterName
}

resource database 'Microsoft.Kusto/clusters/databases@2025-02-14' existing = {
  parent: cluster
  name: databaseName
}

// Needs AllDatabasesAdmin of who deploys, which who created the cluster has. The same script isn't run again by the
// next deployment. Deleting it takes nothing back: docs/deploy.md has the command.
resource script 'Microsoft.Kusto/clusters/databases/scripts@2025-02-14' = {
  parent: database
  name: 'kusto-copy-identity-policy'
  properties: {
    scriptContent: command
    continueOnErrors: false
  }
}

@description('Resource id of the script, which lies outside the app\'s resource group.')
output id string = script.id
