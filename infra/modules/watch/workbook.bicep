@description('Region.')
param location string

@description('Tags of the resource.')
param tags object

@description('Resource id of the Application Insights resource that it asks.')
param insightsId string

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'kusto-copy')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Kusto Copy'
    category: 'workbook'
    sourceId: insightsId
    version: '1.0'
    serializedData: loadTextContent('workbook.json')
  }
}

@description('Resource id.')
output id string = workbook.id
