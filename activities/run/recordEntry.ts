import { appendEntry, readStateOfRun } from "../../lake/log.ts";
import { countedFrom } from "../../model/lag.ts";
import type { Answer, Recorded, RecordInput } from "../contract.ts";
import { clientsOf } from "../environment.ts";
import { answer } from "../outcome.ts";

/**
 * Writes one entry of a run's progress to the log, or finds that it is written. After a commit the log says from when on new data
 * is counted: an iteration of days, or of what was owed, moves that no further.
 */
export function recordEntry({ job, run, next, body }: RecordInput): Promise<Answer<Recorded>> {
  return answer(async () => {
    const { lake } = clientsOf(job);
    await appendEntry(lake, { number: next, run, step: `record ${body.kind}` }, body);
    if (body.kind !== "iterationCommitted") return { next: next + 1 };
    return { next: next + 1, countedFrom: countedFrom(await readStateOfRun(lake, run, next + 1)) };
  });
}
