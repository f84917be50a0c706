import { readText } from "../../lake/files.ts";
import { entryPath } from "../../lake/log.ts";
import { type Entry, entrySchema } from "../../model/checkpoint/entries.ts";
import { fold } from "../../model/checkpoint/fold.ts";
import { emptyState, type State } from "../../model/checkpoint/state.ts";
import { warningsOf } from "../../model/warnings.ts";
import { lakeOf } from "../copy/leftovers.ts";
import type { Stage } from "./stage.ts";
import { type SmallCopy, TABLES } from "./variants.ts";

/*
 * What a copy promises once faults have stopped, beside equal rows.
 *
 * 1. No committed cursor ever went backwards, through the whole log.
 * 2. Nothing is open, and nothing of it is left over: staging tables, attempts' tags, staged files; nor is anything told of it.
 * 3. The destination has the source's tables and no other.
 */

/** Everything of the promise that a finished copy breaks, in words; nothing where it keeps it. */
export async function broken(stage: Stage, copy: SmallCopy): Promise<string[]> {
  const lake = lakeOf(stage.copies.stack, copy.folder);
  const problems: string[] = [];
  const log = await readLog(async (number) => readText(lake, entryPath(number)));
  let state: State = emptyState;
  for (const entry of log) {
    const next = fold(state, entry);
    problems.push(...cursorsBack(state, next, entry));
    state = next;
  }
  if (state.open.forward ?? state.open.backfill) problems.push("an iteration is open still");
  if (state.toClean.length > 0)
    problems.push(`not cleaned: iterations ${state.toClean.map((each) => each.iteration).join(", ")}`);
  problems.push(...warningsOf(state).map(({ reason }) => `told still: ${reason}`));
  for (const [name, table] of Object.entries(state.tables))
    if (table.error !== undefined) problems.push(`table ${name} has an error still: ${table.error}`);

  const tables = await stage.destination.command(copy.place, ".show tables | project TableName");
  const names = tables.map((row) => String(row.TableName)).toSorted();
  const expected = TABLES.map((table) => `${copy.folder}${table}`).toSorted();
  if (names.join() !== expected.join()) problems.push(`the destination has tables ${names.join(", ")}`);
  const extents = await stage.destination.command(copy.place, `.show database ['${copy.place}'] extents`);
  const tagged = extents.filter((extent) => /(^|\s)kc:/.test(String(extent.Tags)));
  if (tagged.length > 0) problems.push(`${tagged.length} extents carry tags of attempts still`);

  const prefix = lake.blobName("staged/");
  for await (const blob of lake.container.listBlobsFlat({ prefix, includeMetadata: true })) {
    // The last run's own folder stays, empty, until the next run.
    const own = blob.name === lake.blobName(`staged/${state.run?.id}`) && blob.metadata?.hdi_isfolder;
    if (!own) problems.push(`left in the lake: ${blob.name}`);
  }
  return problems;
}

async function readLog(read: (number: number) => Promise<string | undefined>): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (;;) {
    const text = await read(entries.length);
    if (text === undefined) return entries;
    entries.push(entrySchema.parse(JSON.parse(text)));
  }
}

/** The local cluster's cursors are numbers. */
function cursorsBack(before: State, after: State, entry: Entry): string[] {
  return Object.entries(before.tables).flatMap(([name, { cursor }]) => {
    const now = after.tables[name]?.cursor ?? "";
    if (cursor === "" || (now !== "" && BigInt(now) >= BigInt(cursor))) return [];
    return [`entry ${entry.number} (${entry.kind}) sets the cursor of ${name} from ${cursor} back to ${now}`];
  });
}
