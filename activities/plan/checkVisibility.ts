import { readStateOfRun } from "../../lake/log.ts";
import { openIteration } from "../../model/checkpoint/state.ts";
import type { Answer, IterationInput, PrepareOutcome } from "../contract.ts";
import { clientsOf } from "../environment.ts";
import { answer } from "../outcome.ts";
import { hiddenRows } from "./hiddenRows.ts";

/**
 * Asks once more, when all of an iteration is staged, whether rows of its tables are hidden from this identity: a policy
 * that was switched on since the plan hid them from exports and hashes alike.
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
    return { parked: [...hidden].map(([table, reason]) => ({ table, reason })) };
  });
}
