import { appendEntry, readStateOfRun } from "../../lake/log.ts";
import { movesOf, stagedMovesOf } from "../../model/checkpoint/moves.ts";
import { openIteration } from "../../model/checkpoint/state.ts";
import { Terminal } from "../../model/errors.ts";
import type { Answer, IntendedPromotion, PromotionInput } from "../contract.ts";
import { clientsOf } from "../environment.ts";
import { answer } from "../outcome.ts";

/**
 * Logs what an iteration is about to promote: for each table that isn't parked, the staging table and the very extents
 * that were verified. A stale run can't write it, so it can't promote. With `staged`, only of the windows that this run has
 * staged by now, and of no table that is replaced, as that happens at once.
 */
export function intendPromotion({
  job,
  run,
  next,
  iteration,
  staged = false,
}: PromotionInput): Promise<Answer<IntendedPromotion>> {
  return answer(async () => {
    const { lake } = clientsOf(job);
    const before = openIteration(await readStateOfRun(lake, run, next), iteration);
    if (!before) throw new Terminal(`Iteration ${iteration} is not open.`);
    const moves = staged ? stagedMovesOf(before, run) : movesOf(before);
    if (before.intended.length === 0 && moves.length === 0) return { next, tables: [] };
    await appendEntry(
      lake,
      { number: next, run, step: `intend ${iteration}` },
      { kind: "promotionIntended", iteration, moves },
    );
    const open = openIteration(await readStateOfRun(lake, run, next + 1), iteration);
    return { next: next + 1, tables: (open?.intended ?? []).map((move) => move.table) };
  });
}
