import { appendEntry, readState } from "../../lake/log.ts";
import type { Answer, FailureInput } from "../contract.ts";
import { clientsOf } from "../environment.ts";
import { answer } from "../outcome.ts";

/**
 * Notes why a run ended, wherever the log stands: a step that failed half-way may have written its entry. Writes nothing
 * where the log belongs to another instance, or where this one never opened a run.
 */
export function recordFailure({ job, instance, reason }: FailureInput): Promise<Answer<object>> {
  return answer(async () => {
    const { lake } = clientsOf(job);
    const state = await readState(lake);
    if (state.run?.instance !== instance || state.failed !== undefined) return {};
    await appendEntry(
      lake,
      { number: state.next, run: state.run.id, step: "record failure" },
      { kind: "failed", reason },
    );
    return {};
  });
}
