import { readStateOfRun } from "../../lake/log.ts";
import { openIteration } from "../../model/checkpoint/state.ts";
import type { Answer, IterationInput, PrepareOutcome } from "../contract.ts";
import { clientsOf } from "../environment.ts";
import { answer } from "../outcome.ts";
import { hiddenRows } from "./hiddenRows.ts";
import { regainedRows } from "./regainedRows.ts";

/**
 * Asks once more, when all of an iteration is staged, whether rows of its tables are hidden from this identity: a policy
 * that was switched on since the plan hid them from exports and hashes alike, though it may be off again.
 */
export function checkVisibility({
  job,
  run,
  next,
  iteration,
}: IterationInput): Promise<Answer<PrepareOutcome>> {
  return answer(async () => {
    const { lake, source } = clientsOf(job);
    const open = openIteration(await readStateOfRun(lake, run, next), iteration);
    const tables = (open?.tables ?? [])
      .map((table) => table.name)
      .filter((name) => !(name in (open?.parked ?? {})));
    if (tables.length === 0) return { parked: [] };
    const hidden = await hiddenRows(source, job.source.database, tables);
    // What is hidden no more by now was so for a while, perhaps.
    const regained = open === undefined ? [] : await regainedRows(source, job.source.database, open);
    return {
      parked: [
        ...[...hidden].map(([table, reason]) => ({ table, reason })),
        ...regained.filter(({ table }) => !hidden.has(table)),
      ],
    };
  });
}
