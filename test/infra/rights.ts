/**
 * What each command that the app can send needs, as its page of the Kusto documentation says (MicrosoftDocs/dataexplorer-docs,
 * data-explorer/kusto/…), and what each call to Azure needs. infra/ is held against it.
 */

export type KustoRole =
  | "Database Admin"
  | "Viewer"
  | "User"
  | "Ingestor"
  | "Admin of its own tables"
  | "who started it"
  | "none is named"
  /** The check says that it can't tell, and how a person can. */
  | "none that is given"
  /** It is told to a person, who runs it with rights of their own. */
  | "a person's"
  /** The checks ask, and tell a refusal: a copy does without. */
  | "more than is given";

export interface CommandRight {
  /** How the command begins, names and values as …. */
  readonly command: RegExp;
  readonly needs: KustoRole;
  readonly at: readonly ("source" | "destination" | "follower")[];
  readonly page: string;
}

const BOTH = ["source", "destination"] as const;
const DESTINATION = ["destination"] as const;

export const COMMAND_RIGHTS: readonly CommandRight[] = [
  {
    command: /^\.export (async|to csv)/,
    needs: "Viewer",
    at: ["source"],
    page: "management/data-export/export-data-to-storage.md",
  },
  {
    command: /^\.show database … schema/,
    needs: "Viewer",
    at: BOTH,
    page: "management/show-schema-database.md",
  },
  {
    command: /^\.show database identity/,
    needs: "Viewer",
    at: DESTINATION,
    page: "management/show-database.md",
  },
  {
    command: /^\.show database … policy retention/,
    needs: "Viewer",
    at: DESTINATION,
    page: "management/show-database-retention-policy-command.md",
  },
  {
    command: /^\.show (table|tables|column) .*policy/,
    needs: "Viewer",
    at: BOTH,
    page: "management/show-table-ingestion-time-policy-command.md",
  },
  { command: /^\.show tables? .*extents/, needs: "Viewer", at: BOTH, page: "management/show-extents.md" },
  {
    command: /^\.show tables .*details/,
    needs: "Viewer",
    at: BOTH,
    page: "management/show-table-details-command.md",
  },
  {
    command: /^\.show tables \| (where|project)/,
    needs: "Viewer",
    at: BOTH,
    page: "management/show-tables-command.md",
  },
  {
    command: /^\.show (database|table) … principal roles/,
    needs: "none is named",
    at: BOTH,
    page: "management/security-roles.md",
  },
  {
    command: /^\.show … policy managed_identity/,
    needs: "Viewer",
    at: BOTH,
    page: "management/show-managed-identity-policy-command.md",
  },
  {
    command: /^\.show workload_groups/,
    needs: "none that is given",
    at: [],
    page: "management/show-workload-group-command.md",
  },
  {
    command: /^\.get (ingestion resources|kusto identity token)/,
    needs: "Ingestor",
    at: DESTINATION,
    page: "api/netfx/kusto-ingest-client-rest.md",
  },
  { command: /^\.show capacity/, needs: "User", at: BOTH, page: "management/show-capacity-command.md" },
  {
    command: /^\.show operations? /,
    needs: "who started it",
    at: BOTH,
    page: "management/show-operations.md",
  },
  {
    command: /^\.cancel operation/,
    needs: "none is named",
    at: BOTH,
    page: "management/cancel-operation-command.md",
  },
  {
    command: /^\.show ingestion failures/,
    needs: "none is named",
    at: DESTINATION,
    page: "management/ingestion-failures.md",
  },
  {
    command: /^\.create-merge tables?/,
    needs: "User",
    at: DESTINATION,
    page: "management/create-merge-table-command.md",
  },
  {
    command: /^\.create-or-alter function/,
    needs: "User",
    at: DESTINATION,
    page: "management/create-alter-function.md",
  },
  {
    command: /^\.alter-merge table … column-docstrings/,
    needs: "Admin of its own tables",
    at: DESTINATION,
    page: "management/alter-column-docstrings.md",
  },
  {
    command: /^\.alter(-merge)? (table|tables|column) … ?.*policy/,
    needs: "Admin of its own tables",
    at: DESTINATION,
    page: "management/alter-table-retention-policy-command.md",
  },
  {
    command: /^\.alter-merge table … \(/,
    needs: "Admin of its own tables",
    at: DESTINATION,
    page: "management/alter-merge-table-command.md",
  },
  {
    command: /^\.alter table … (folder|docstring)/,
    needs: "Admin of its own tables",
    at: DESTINATION,
    page: "management/alter-table-folder-command.md",
  },
  {
    command: /^\.(drop column|rename column|alter column ….… type)/,
    needs: "a person's",
    at: [],
    page: "management/alter-column.md",
  },
  {
    command: /^\.show functions/,
    needs: "Viewer",
    at: BOTH,
    page: "management/show-function.md",
  },
  {
    command: /^\.show table … ingestion mappings/,
    needs: "none is named",
    at: BOTH,
    page: "management/show-ingestion-mapping-command.md",
  },
  {
    command: /^\.create-or-alter table … ingestion … mapping/,
    needs: "Ingestor",
    at: DESTINATION,
    page: "management/create-or-alter-ingestion-mapping-command.md",
  },
  {
    command: /^\.ingest async into table/,
    needs: "Ingestor",
    at: DESTINATION,
    page: "management/data-ingestion/ingest-into-command.md",
  },
  {
    command: /^\.move extents/,
    needs: "Admin of its own tables",
    at: DESTINATION,
    page: "management/move-extents.md",
  },
  {
    command: /^\.replace extents/,
    needs: "Admin of its own tables",
    at: DESTINATION,
    page: "management/replace-extents.md",
  },
  {
    command: /^\.drop extents … from/,
    needs: "Admin of its own tables",
    at: DESTINATION,
    page: "management/drop-extents.md",
  },
  {
    command: /^\.drop table … extent tags/,
    needs: "Admin of its own tables",
    at: DESTINATION,
    page: "management/drop-extent-tags.md",
  },
  {
    command: /^\.drop tables/,
    needs: "Admin of its own tables",
    at: DESTINATION,
    page: "management/drop-table-command.md",
  },
  {
    command: /^\.rename tables/,
    needs: "Admin of its own tables",
    at: DESTINATION,
    page: "management/rename-table-command.md",
  },
  {
    command: /^\.get (ingestion resources|kusto identity token)/,
    needs: "Ingestor",
    at: DESTINATION,
    page: "api/netfx/about-kusto-ingest.md",
  },
  {
    command: /^\.export to csv .*probe/,
    needs: "Viewer",
    at: ["source"],
    page: "management/data-export/export-data-to-storage.md",
  },
  {
    command: /^\.show database … principal roles/,
    needs: "more than is given",
    at: BOTH,
    page: "management/manage-database-security-roles.md",
  },
  {
    command: /^\.show … policy managed_identity/,
    needs: "more than is given",
    at: BOTH,
    page: "management/show-managed-identity-policy-command.md",
  },
  {
    command: /^\.show workload_groups/,
    needs: "more than is given",
    at: BOTH,
    page: "management/show-workload-group-command.md",
  },
  {
    command: /^\.show databases$/,
    needs: "Viewer",
    at: ["follower"],
    page: "management/show-databases.md",
  },
  {
    command: /^\.(show|alter|delete|add|drop) follower databases? /,
    needs: "Database Admin",
    at: ["follower"],
    page: "management/cluster-follower.md",
  },
];

/** A role that Bicep assigns, by the name of its variable, and what in the code needs it. */
export interface AzureRight {
  readonly role: string;
  readonly id: string;
  /** Module of infra/modules that assigns it. */
  readonly module: string;
  /** What the deployed code holds that calls for it; null where the platform or a cluster needs it. */
  readonly calledBy: RegExp | null;
}

export const AZURE_RIGHTS: readonly AzureRight[] = [
  {
    role: "storageBlobDataOwner",
    id: "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    module: "hostStorage.bicep",
    calledBy: /durable-functions/,
  },
  {
    role: "storageQueueDataContributor",
    id: "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    module: "hostStorage.bicep",
    calledBy: /durable-functions/,
  },
  {
    role: "storageTableDataContributor",
    id: "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    module: "hostStorage.bicep",
    calledBy: /durable-functions/,
  },
  {
    role: "durableTaskDataContributor",
    id: "0ad04412-c4d5-4796-b79c-f76d14c8d402",
    module: "durableScheduler.bicep",
    calledBy: /durable-functions/,
  },
  {
    role: "storageBlobDataContributor",
    id: "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    module: "lake.bicep",
    calledBy: /\.upload\(/,
  },
  {
    role: "storageBlobDelegator",
    id: "db58b8e5-c6ad-4a2a-8342-4190687cbf4a",
    module: "lake.bicep",
    calledBy: /getUserDelegationKey/,
  },
  {
    role: "storageBlobDataReader",
    id: "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    module: "lake.bicep",
    calledBy: /impersonate/,
  },
  {
    role: "storageBlobDataContributor",
    id: "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    module: "kusto/lakeAccess.bicep",
    calledBy: /;managed_identity=/,
  },
  {
    role: "storageBlobDataReader",
    id: "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    module: "kusto/lakeAccess.bicep",
    calledBy: /;managed_identity=/,
  },
  {
    role: "eventGridDataSender",
    id: "d5a91429-5739-47e2-a06b-3470a27159e7",
    module: "events.bicep",
    calledBy: /EventGridPublisherClient/,
  },
  {
    role: "monitoringMetricsPublisher",
    id: "3913510d-42f4-4e42-8a64-420c390055eb",
    module: "monitoring.bicep",
    calledBy: null,
  },
  {
    role: "keyVaultSecretsUser",
    id: "4633458b-17de-408a-b874-0445c86b69e6",
    module: "keyVaultAccess.bicep",
    calledBy: null,
  },
  {
    role: "contributor",
    id: "b24988ac-6180-42a0-ab88-20f7382dd24c",
    module: "kusto/contributor.bicep",
    calledBy: null,
  },
];
