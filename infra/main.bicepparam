// What azd up deploys: environment and region are azd's, and the jobs are KUSTO_COPY_JOBS, a JSON array (docs/deploy.md).
using 'main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'kusto-copy')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param jobs = json(readEnvironmentVariable('KUSTO_COPY_JOBS', '[]'))
