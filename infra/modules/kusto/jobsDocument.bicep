@description('Jobs: name and definition of each, as main.bicep has them.')
param jobs { name: string, definition: object }[]

// It makes nothing: it puts what the deployment knows of the jobs, the clusters' addresses too, into the form of jobs.yaml.
@description('The document, JSON and so YAML: for the lake (docs/deploy.md).')
output document string = string({ jobs: toObject(jobs, job => job.name, job => job.definition) })
