import { readTables } from "../../kusto/reads.ts";
import type { PlannedTable } from "../../model/checkpoint/entries.ts";
import { isRetryable, Terminal } from "../../model/errors.ts";
import type { Job } from "../../model/job.ts";
import { clientsOf } from "../environment.ts";
import { WrongAttempt } from "../outcome.ts";

/**
 * Does a step that reads a table with the columns which its iteration froze. Where it fails for good, or what it finds
 * differs, the source is asked whether it still has those columns: a table that was dropped or changed meanwhile is told as
 * that, by a Terminal, and not by what came of it.
 */
export async function tellingSourceChanges<T>(
  job: Job,
  table: PlannedTable,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (isRetryable(error) && !(error instanceof WrongAttempt)) throw error;
    const change = await sourceChange(job, table);
    if (change === undefined) throw error;
    throw new Terminal(change, { table: table.name }, { cause: error });
  }
}

/** How the source's table differs from what the iteration froze of it; undefined where it doesn't. */
export async function sourceChange(job: Job, table: PlannedTable): Promise<string | undefined> {
  const { source } = clientsOf(job);
  const now = (await readTables(source, job.source.database)).find((each) => each.name === table.name);
  if (!now) return `Table ${table.name} was dropped or renamed at the source while it was copied.`;
  const types = new Map(now.columns.map(({ name, type }) => [name, type]));
  const changes = table.columns.flatMap(({ name, type, computed }) => {
    const other = types.get(name);
    if (computed === true || other === type) return [];
    return [
      other === undefined ? `column ${name} is gone` : `column ${name} was ${type} and is ${other} now`,
    ];
  });
  // A query may give a column another type, or drop one that it names: its own failure says more.
  if (changes.length === 0 || (table.query !== undefined && changes.every((each) => !each.endsWith("gone"))))
    return undefined;
  return `Table ${table.name} changed at the source while it was copied: ${changes.join(", ")}. Nothing of it is lost: the table's cursor stays where it is, and the next iteration copies from there with the columns as they are then.`;
}
