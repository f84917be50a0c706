import { z } from "zod";
import type { Attachment } from "../kusto/following/attachment.ts";
import { ArmError } from "./armError.ts";
import type { Cluster } from "./state.ts";

const answer = z.object({
  Tables: z.array(
    z.object({ Columns: z.array(z.object({ ColumnName: z.string() })), Rows: z.array(z.array(z.unknown())) }),
  ),
});
const refusal = z.object({ error: z.object({ "@message": z.string() }) });

/** Runs a management command at a local cluster; what it refuses is the resource manager's bad request. */
export async function command(
  cluster: Cluster,
  database: string,
  text: string,
): Promise<Record<string, unknown>[]> {
  const response = await fetch(`${cluster.url}/v1/rest/mgmt`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ db: database, csl: text }),
  });
  const body = await response.text();
  if (response.status === 400) {
    const { error } = refusal.parse(JSON.parse(body));
    throw new ArmError(400, "BadRequest", `[BadRequest] ${error["@message"]}`);
  }
  if (!response.ok)
    throw new Error(`${text} at ${cluster.url}: HTTP ${response.status} ${body.slice(0, 500)}`);
  const table = answer.parse(JSON.parse(body)).Tables[0];
  if (table === undefined) throw new Error(`${text} at ${cluster.url} answered no table`);
  const names = table.Columns.map(({ ColumnName }) => ColumnName);
  return table.Rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index]])));
}

const databaseRow = z.object({
  DatabaseName: z.string(),
  DatabaseAccessMode: z.string(),
  RetentionPolicy: z.string(),
  CachingPolicy: z.string(),
  TotalSize: z.number(),
});
export type KustoDatabase = z.output<typeof databaseRow>;

/** The databases of a local cluster, asked of it at the moment (`kusto/management/show-databases.md`). */
export async function databasesOf(cluster: Cluster): Promise<KustoDatabase[]> {
  return z.array(databaseRow).parse(await command(cluster, "NetDefaultDB", ".show databases details"));
}

const described = z.object({
  databases: z.array(
    z.object({
      name: z.string(),
      configuration: z.string(),
      leaderDatabase: z.string(),
      principalsKind: z.string(),
    }),
  ),
  troubles: z.array(z.object({ configuration: z.string(), message: z.string() })),
});
export type Followed = z.output<typeof described>;

async function ask(cluster: Cluster, init?: RequestInit): Promise<Followed> {
  const response = await fetch(`${cluster.url}/local/following`, init);
  const body = await response.text();
  if (!response.ok)
    throw new Error(`/local/following at ${cluster.url}: HTTP ${response.status} ${body.slice(0, 500)}`);
  return described.parse(JSON.parse(body));
}

/** What a local cluster follows now. */
export function followedBy(cluster: Cluster): Promise<Followed> {
  return ask(cluster);
}

/** Tells a local cluster all that it follows from now on, and answers what came of it. */
export function follow(cluster: Cluster, attachments: readonly Attachment[]): Promise<Followed> {
  return ask(cluster, { method: "PUT", body: JSON.stringify({ attachments }) });
}
