@description('Region.')
param location string

@description('Tags of the resources.')
param tags object

@description('Resource id of the Application Insights resource that the rules ask.')
param insightsId string

@description('Where alerts are sent; nobody where empty, and the rules still fire in the portal.')
param emails string[]

var rules = [
  {
    name: 'lag-over-rpo'
    title: 'Kusto Copy: a job is further behind than its RPO'
    description: 'The lag of a job was over its RPO at every tick of a quarter of an hour. GET /api/copies and KC_Status say what it waits for.'
    severity: 2
    query: loadTextContent('lagOverRpo.kql')
  }
  {
    name: 'copy-failed'
    title: 'Kusto Copy: a run failed'
    description: 'A run ended in an error; the next one goes on where it stopped. GET /api/copies names the reason and what to do.'
    severity: 1
    query: loadTextContent('copyFailed.kql')
  }
  {
    name: 'timer-silent'
    title: 'Kusto Copy: the timer is silent'
    description: 'No tick of the timer came through in a quarter of an hour: the app doesn\'t run, or its settings can\'t be used.'
    severity: 1
    query: loadTextContent('timerSilent.kql')
  }
]

resource group 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(emails)) {
  name: 'kusto-copy'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'KustoCopy'
    enabled: true
    emailReceivers: [
      for (email, i) in emails: {
        name: 'receiver-${i}'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource alerts 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for rule in rules: {
    name: 'kusto-copy-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.title
      description: rule.description
      severity: rule.severity
      enabled: true
      autoMitigate: true
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      scopes: [insightsId]
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: { actionGroups: empty(emails) ? [] : [group.id] }
    }
  }
]
