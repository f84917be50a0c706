// To try it: a small cluster of its own, whose database Source is copied to its database Copy. Nothing else is needed.
using '../main.bicep'

param environmentName = 'trial'
param location = 'westeurope'

param trialDatabases = ['Source', 'Copy']

param jobs = [
  {
    name: 'trial'
    source: { database: 'Source' }
    destination: { database: 'Copy' }
    rpo: '1m'
  }
]

param sourceRole = 'User'
