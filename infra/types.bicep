@export()
@description('One side of a copy. An Azure Data Explorer cluster is named by its resource id, wherever it lies; a Fabric Eventhouse, or a cluster whose roles are given by hand, by its query URI; with neither it is the trial cluster.')
type endpoint = {
  @description('Resource id of an existing cluster, in any resource group and subscription of the tenant. Roles are given on it.')
  clusterId: string?

  @description('Query URI, in place of the clusterId: https://name.region.kusto.windows.net or a Fabric query URI. No role is given.')
  uri: string?

  @description('Database on that cluster.')
  database: string
}

@export()
@description('A copy that the app keeps up to date.')
type copyJob = {
  @description('Name in instance ids, status and events: letters, digits, dots, dashes and underscores.')
  @minLength(1)
  @maxLength(63)
  name: string

  @description('Where rows are read.')
  source: endpoint

  @description('Where rows are written.')
  destination: endpoint

  @description('Tables to copy, * wildcards; all where left out.')
  include: string[]?

  @description('Tables not to copy; wins over include.')
  exclude: string[]?

  @description('Tables copied whole when they changed.')
  snapshot: string[]?

  @description('Target time between two iterations: 5m, 00:05:00 or PT5M.')
  rpo: string?

  @description('How far back history is copied: a date, or a time span such as 30d. All of it where left out.')
  backfillHorizon: string?

  @description('What is copied: history, what comes from now on, or both.')
  mode: ('backfill' | 'backfill-and-new' | 'new')?

  @description('Gives the app UnrestrictedViewer on both databases: only then does it see tables with a RestrictedViewAccess policy.')
  restrictedTables: bool?

  @description('Gives the app Database Admin at the destination, for tables that somebody else created. Without it, User and Ingestor: it may change the tables that it creates, and no other.')
  destinationAdmin: bool?
}

@export()
@description('Databases of a leader cluster, attached read-only to a follower. The fields are those of POST /api/followers.')
type attachment = {
  @description('Resource id of the follower cluster.')
  follower: string

  @description('Resource id of the leader cluster, in the same region.')
  leader: string

  @description('Databases of the leader, or * alone for all.')
  databases: string[]

  @description('How principals of the follower and of the leader go together.')
  principals: ('None' | 'Replace' | 'Union')?

  @description('Another name on the follower, of one database.')
  nameOverride: string?

  @description('A prefix to the names on the follower.')
  namePrefix: string?

  @description('What is shared of the databases, and what is not, at most 100 entries together and not with *.')
  sharing: tableSharing?
}

@export()
@description('Names of what is shared; * stands for any characters at the end of a name.')
type tableSharing = {
  tablesToInclude: string[]?
  tablesToExclude: string[]?
  externalTablesToInclude: string[]?
  externalTablesToExclude: string[]?
  materializedViewsToInclude: string[]?
  materializedViewsToExclude: string[]?
  functionsToInclude: string[]?
  functionsToExclude: string[]?
}
