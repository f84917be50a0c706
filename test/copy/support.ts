import { setTimeout as sleep } from "node:timers/promises";
import { createKustoClient, type KustoClient } from "../../kusto/client.ts";
import { parseKustoConnection } from "../../kusto/connectionString.ts";
import { type Copy, runCopy } from "../../local/demo/api.ts";
import { compareDatabases, type Difference } from "../../local/demo/compare.ts";
import { type Stack, type StackOptions, startStack } from "../../local/stack/stack.ts";

export interface CopyStack {
  readonly stack: Stack;
  readonly source: KustoClient;
  readonly destination: KustoClient;
  /** Runs a copy over HTTP to its end. */
  readonly copy: (body?: object) => Promise<Copy>;
  readonly compare: (database?: string) => Promise<Difference[]>;
  readonly stop: () => Promise<void>;
}

/** A timer that doesn't tick during a test: each iteration is asked for. */
export const NO_TICK = "0 0 0 1 1 *";

/** The whole stack, its databases empty, with the app's pauses short. */
export async function startCopyStack(options: Partial<StackOptions> = {}): Promise<CopyStack> {
  const stack = await startStack({
    host: true,
    ...options,
    settings: {
      KUSTO_COPY_TICK: NO_TICK,
      KUSTO_COPY_POLL: "100ms",
      KUSTO_COPY_QUERY_SLOTS: "4",
      ...options.settings,
    },
  });
  const source = createKustoClient(parseKustoConnection(stack.urls.sourceKusto));
  const destination = createKustoClient(parseKustoConnection(stack.urls.destinationKusto));
  return {
    stack,
    source,
    destination,
    copy: (body = {}) => runCopy(stack.urls.functions, () => undefined, body),
    compare: (database = "Samples") => compareDatabases(source, destination, database),
    stop: async () => {
      source.close();
      destination.close();
      await stack.stop();
    },
  };
}

/** Sets the clock of a local cluster; it runs on from there. */
export async function setClock(cluster: string, iso: string): Promise<void> {
  await post(`${cluster}/local/clock`, { set: iso });
}

/** Drives the clock of a local cluster on. */
export async function advanceClock(cluster: string, seconds: number): Promise<void> {
  await post(`${cluster}/local/clock`, { advanceSeconds: seconds });
}

export async function resetClock(cluster: string): Promise<void> {
  await post(`${cluster}/local/clock`, { reset: true });
}

/** Merges what may be merged, and drops what is due, at once. */
export async function maintain(cluster: string): Promise<void> {
  await post(`${cluster}/local/maintenance`, {});
}

/** Loads rows into a table of a local cluster as one ingestion: `sql` yields the columns in their physical form. */
export async function load(
  cluster: string,
  body: {
    database: string;
    table: string;
    sql: string;
    ingestedAt?: string;
    createdOn?: string;
    tags?: readonly string[];
  },
): Promise<void> {
  await post(`${cluster}/local/load`, body);
}

async function post(url: string, body: object): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
}

/** The tables that differ, for an expectation that prints them. */
export function differing(differences: readonly Difference[]): Difference[] {
  return differences.filter((each) => !each.equal);
}

/** Waits until rows that were just ingested have their cursor (`kusto/query/database-cursor.md`). */
export async function cursorsGiven(): Promise<void> {
  await sleep(500);
}
