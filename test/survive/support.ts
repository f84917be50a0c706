import { expect } from "vitest";
import type { KustoClient, KustoRow } from "../../kusto/client.ts";
import { readText } from "../../lake/files.ts";
import type { Lake } from "../../lake/lake.ts";
import { entryPath } from "../../lake/log.ts";
import { type Entry, entrySchema } from "../../model/checkpoint/entries.ts";
import { fold } from "../../model/checkpoint/fold.ts";
import { emptyState } from "../../model/checkpoint/state.ts";
import { addFault, lookAt, until } from "../copy/drive.ts";
import { lakeOf, nothingLeft } from "../copy/leftovers.ts";
import { type CopyStack, differing } from "../copy/support.ts";

/** Rows of a day, and of a window, in tables that `loadDays` fills. */
export const LOAD = 50;

/** Lets the first exports of a database through quickly, and makes the others slow. */
export async function slowExports(
  cluster: string,
  database: string,
  { quick, slowMs }: { quick: number; slowMs: number },
): Promise<void> {
  const match = { kind: "operation", database, text: "^\\.export" };
  if (quick > 0) await addFault(cluster, { match, action: "delay", afterMs: 1, times: quick });
  await addFault(cluster, { match, action: "delay", afterMs: slowMs, times: 1000 });
}

/** Waits until a copy is in the midst: windows staged, and windows not even exported. */
export async function midst(statusUrl: string, days: number): Promise<void> {
  await until("no window was staged", async () => {
    const windows = (await lookAt(statusUrl)).tables[0]?.windows;
    return windows !== undefined && windows.staged > 0;
  });
  expect((await lookAt(statusUrl)).tables[0]?.windows.exported).toBeLessThan(days);
}

export const hasEnded = async (statusUrl: string): Promise<boolean> =>
  (await lookAt(statusUrl)).state !== "running";

/** Waits for a copy's end, and answers how it ended. */
export async function endOf(statusUrl: string): Promise<Awaited<ReturnType<typeof lookAt>>> {
  await until("the copy didn't end", () => hasEnded(statusUrl));
  return lookAt(statusUrl);
}

/** Waits until no export of a database is on its way, nobody following some of them any more. Asked in another's name. */
export async function exportsEnded(source: KustoClient, database: string, by = database): Promise<void> {
  const busy = async () => {
    const rows = await source.command(by, ".show operations | project OperationId, Database, State");
    const own = rows.filter((row) => row.Database === database);
    const isOver = (row: KustoRow) => !["InProgress", "Scheduled"].includes(String(row.State));
    // Each of an operation's states is a row.
    const over = new Set(own.filter(isOver).map((row) => row.OperationId));
    return own.some((row) => !over.has(row.OperationId));
  };
  await until("exports are still on their way", async () => !(await busy()), 20_000);
}

export async function entriesOf(lake: Lake): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (;;) {
    const text = await readText(lake, entryPath(entries.length));
    if (text === undefined) return entries;
    entries.push(entrySchema.parse(JSON.parse(text)));
  }
}

/**
 * The log from its first entry on: each follows from those before it, no run writes after a newer one has opened, and
 * neither a table's cursor nor what is committed ever goes back.
 */
export async function checkpointNeverBackwards(lake: Lake): Promise<void> {
  let state = emptyState;
  for (const entry of await entriesOf(lake)) {
    expect(entry.run).toBeGreaterThanOrEqual(state.run?.id ?? 0);
    const after = fold(state, entry);
    for (const [name, { cursor }] of Object.entries(state.tables))
      expect(BigInt(after.tables[name]?.cursor || 0)).toBeGreaterThanOrEqual(BigInt(cursor || 0));
    expect(after.finished.slice(0, state.finished.length)).toEqual(state.finished);
    expect(after.lastIteration).toBeGreaterThanOrEqual(state.lastIteration);
    state = after;
  }
  expect(state.open).toEqual({});
  expect(state.toClean).toEqual([]);
}

/** What every copy has to come to: both sides equal as multisets, the checkpoint never backwards, nothing left over. */
export async function endsWell(copies: CopyStack, database: string): Promise<void> {
  expect(differing(await copies.compare(database))).toEqual([]);
  const lake = lakeOf(copies.stack, database);
  await checkpointNeverBackwards(lake);
  await nothingLeft(copies, database);
}
