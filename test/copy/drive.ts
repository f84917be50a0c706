import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { KustoClient } from "../../kusto/client.ts";
import { readExtents } from "../../kusto/reads.ts";
import type { faultSchema } from "../../local/kusto/engine/faults.ts";
import type { Stack } from "../../local/stack/stack.ts";
import { load } from "./support.ts";

/** A fault of a local cluster, as `POST /local/faults` takes it (local/kusto/engine/faults.ts). */
export interface FaultRequest {
  readonly match?: { readonly kind?: string; readonly text?: string; readonly database?: string };
  readonly action: z.input<typeof faultSchema>["action"];
  readonly [property: string]: unknown;
}

export async function addFault(cluster: string, fault: FaultRequest): Promise<void> {
  const answer = await fetch(`${cluster}/local/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(fault),
  });
  if (!answer.ok)
    throw new Error(`${cluster}/local/faults answered ${answer.status}: ${await answer.text()}`);
}

export async function clearFaults(cluster: string): Promise<void> {
  await fetch(`${cluster}/local/faults`, { method: "DELETE" });
}

/** How often the faults of a cluster have struck, in the order in which they were asked for. */
export async function strikes(cluster: string): Promise<number[]> {
  const answer: unknown = await (await fetch(`${cluster}/local/faults`)).json();
  return z
    .array(z.object({ fired: z.number() }))
    .parse(answer)
    .map((fault) => fault.fired);
}

/** The body of a copy between databases of the stack's clusters, with a lake folder of its own. */
export function bodyOf(stack: Stack, source: string, destination: string, more: object = {}): object {
  return {
    source: { database: source },
    destination: { database: destination },
    lake: `${stack.urls.lake}/copy/${destination}`,
    ...more,
  };
}

/** Rows `(Id: long, Text: string)` with these ids, for `load`. */
export function rowsOfIds(from: number, to: number): string {
  return `SELECT i::BIGINT, 'row ' || i FROM range(${from}, ${to}) AS ids(i)`;
}

/** Loads rows of ids into a table of two columns, as one ingestion. */
export async function loadIds(
  cluster: string,
  database: string,
  table: string,
  [from, to]: readonly [number, number],
  times: { readonly ingestedAt?: string; readonly createdOn?: string } = {},
): Promise<void> {
  await load(cluster, { database, table, sql: rowsOfIds(from, to), ...times });
}

export async function createIdTable(client: KustoClient, database: string, table: string): Promise<void> {
  await client.command(database, `.create table ${table} (Id: long, Text: string)`);
}

/** How many rows a table holds, how many different ids, and their sum: nothing doubled, nothing left out. */
export async function idsOf(
  client: KustoClient,
  database: string,
  table: string,
): Promise<{ rows: number; ids: number; sum: number }> {
  const [row] = await client.query(
    database,
    `${table} | summarize Rows = count(), Ids = count_distinct(Id), Sum = sum(Id)`,
  );
  return { rows: Number(row?.Rows), ids: Number(row?.Ids), sum: Number(row?.Sum ?? 0) };
}

/** What `idsOf` answers for a table that holds each id of these ranges once. */
export function wholeRanges(...ranges: readonly (readonly [number, number])[]): {
  rows: number;
  ids: number;
  sum: number;
} {
  const all = ranges.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i));
  return { rows: all.length, ids: new Set(all).size, sum: all.reduce((sum, id) => sum + id, 0) };
}

export async function tableNames(client: KustoClient, database: string): Promise<string[]> {
  const rows = await client.command(database, ".show tables | project TableName");
  return rows.map((row) => String(row.TableName)).toSorted();
}

export async function extentIds(client: KustoClient, database: string, table: string): Promise<string[]> {
  return (await readExtents(client, database, [table], {})).map((extent) => extent.ExtentId).toSorted();
}

/** Waits until something is so. Fails where it isn't in time, saying what was waited for. */
export async function until(what: string, isSo: () => Promise<boolean>, ms = 90_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`After ${ms / 1000} s: ${what}`);
    await sleep(100);
  }
}

/** The commands of a database, oldest first: what a copy did, as the cluster's own journal has it. */
export async function commandsOf(client: KustoClient, database: string): Promise<string[]> {
  const rows = await client.command(database, ".show commands | project Database, Text");
  return rows.filter((row) => row.Database === database).map((row) => String(row.Text));
}

/** How many commands of a database began like this. */
export async function commandsLike(client: KustoClient, database: string, start: string): Promise<number> {
  return (await commandsOf(client, database)).filter((text) => text.startsWith(start)).length;
}

/** Starts a copy and doesn't wait for it. Answers its status URL. */
export async function beginCopy(app: string, body: object): Promise<string> {
  const answer = await fetch(`${app}/api/copies`, { method: "POST", body: JSON.stringify(body) });
  const text = await answer.text();
  if (answer.status !== 202) throw new Error(`POST /api/copies answered ${answer.status}: ${text}`);
  return z.object({ statusUrl: z.string() }).parse(JSON.parse(text)).statusUrl;
}

const copySchema = z.object({
  state: z.string(),
  error: z.string().nullable(),
  tables: z.array(
    z.object({
      name: z.string(),
      windows: z.object({ total: z.number(), exported: z.number(), staged: z.number() }),
    }),
  ),
});

/** A copy as it stands, by its status URL. */
export async function lookAt(statusUrl: string): Promise<z.infer<typeof copySchema>> {
  const answer = await fetch(statusUrl);
  if (!answer.ok) throw new Error(`GET ${statusUrl} answered ${answer.status}: ${await answer.text()}`);
  return copySchema.parse(await answer.json());
}
