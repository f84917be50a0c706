import { z } from "zod";

/** A local Kusto as the resource manager knows it. */
export interface LocalCluster {
  readonly name: string;
  readonly url: string;
}

const location = "Local";

export interface Scope {
  readonly subscription: string;
  readonly resourceGroup: string;
}

export function clusterId(scope: Scope, name: string): string {
  return `/subscriptions/${scope.subscription}/resourceGroups/${scope.resourceGroup}/providers/Microsoft.Kusto/clusters/${name}`;
}

/** A cluster resource (`rest/api/azurerekusto/clusters/get`). */
export function clusterResource(scope: Scope, cluster: LocalCluster) {
  return {
    id: clusterId(scope, cluster.name),
    name: cluster.name,
    type: "Microsoft.Kusto/Clusters",
    location,
    tags: {},
    sku: { name: "Dev(No SLA)_Standard_E2a_v4", tier: "Basic", capacity: 1 },
    etag: `"${cluster.name}"`,
    properties: {
      state: "Running",
      provisioningState: "Succeeded",
      uri: cluster.url,
      // Engine and ingestion endpoint of a local cluster are one address.
      dataIngestionUri: cluster.url,
      stateReason: "",
      enableStreamingIngest: false,
      enablePurge: false,
      engineType: "V3",
    },
  };
}

/** A database resource (`rest/api/azurerekusto/databases/list-by-cluster`); its full name has the cluster before it. */
export function databaseResource(scope: Scope, cluster: LocalCluster, database: string) {
  return {
    id: `${clusterId(scope, cluster.name)}/databases/${database}`,
    name: `${cluster.name}/${database}`,
    type: "Microsoft.Kusto/Clusters/Databases",
    location,
    kind: "ReadWrite",
    properties: { provisioningState: "Succeeded", isFollowed: false },
  };
}

const answer = z.object({
  Tables: z.array(
    z.object({ Columns: z.array(z.object({ ColumnName: z.string() })), Rows: z.array(z.array(z.unknown())) }),
  ),
});

/** The databases of a local cluster, asked of it at the moment (`kusto/management/show-databases.md`). */
export async function databasesOf(cluster: LocalCluster): Promise<string[]> {
  const response = await fetch(`${cluster.url}/v1/rest/mgmt`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ db: "NetDefaultDB", csl: ".show databases" }),
  });
  const text = await response.text();
  if (!response.ok)
    throw new Error(`.show databases at ${cluster.url}: HTTP ${response.status} ${text.slice(0, 500)}`);
  const table = answer.parse(JSON.parse(text)).Tables[0];
  const column = table?.Columns.findIndex(({ ColumnName }) => ColumnName === "DatabaseName") ?? -1;
  if (table === undefined || column < 0)
    throw new Error(`.show databases at ${cluster.url} gave no DatabaseName`);
  return table.Rows.map((row) => z.string().parse(row[column]));
}
