import { appendEntry, readStateOfRun } from "../../lake/log.ts";
import { openIteration } from "../../model/checkpoint/state.ts";
import { windowsOf } from "../../model/checkpoint/windows.ts";
import { Terminal } from "../../model/errors.ts";
import type { AbandonInput, Answer } from "../contract.ts";
import { clientsOf } from "../environment.ts";
import { answer } from "../outcome.ts";

/**
 * Gives up what an iteration hasn't promoted: its tables are parked with the reason, so that its commit passes what is
 * shown and nothing else. Delivered twice, it finds its own entry.
 */
export function abandonIteration({
  job,
  run,
  next,
  iteration,
  reason,
}: AbandonInput): Promise<Answer<{ next: number }>> {
  return answer(async () => {
    const { lake } = clientsOf(job);
    const open = openIteration(await readStateOfRun(lake, run, next), iteration);
    if (!open) throw new Terminal(`Iteration ${iteration} is not open.`);
    const left = open.tables.filter(
      (table, t) =>
        !(table.name in open.parked) && windowsOf(open, t).some((window) => window.stage !== "promoted"),
    );
    await appendEntry(
      lake,
      { number: next, run, step: `abandon ${iteration}` },
      {
        kind: "progress",
        iteration,
        exported: [],
        staged: [],
        reset: [],
        parked: left.map((table) => ({ table: table.name, reason })),
      },
    );
    return { next: next + 1 };
  });
}
