import { appendEntry } from "../../lake/log.ts";
import type { Answer, RecordInput } from "../contract.ts";
import { clientsOf } from "../environment.ts";
import { answer } from "../outcome.ts";

/** Writes one entry of a run's progress to the log, or finds that it is written. */
export function recordEntry({ job, run, next, body }: RecordInput): Promise<Answer<{ next: number }>> {
  return answer(async () => {
    await appendEntry(clientsOf(job).lake, { number: next, run, step: `record ${body.kind}` }, body);
    return { next: next + 1 };
  });
}
