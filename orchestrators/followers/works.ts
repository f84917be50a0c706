import type { OrchestrationContext } from "durable-functions";
import type { Answer } from "../../activities/contract.ts";
import {
  type BegunWork,
  FOLLOWER_ACTIVITY,
  type OperationState,
  type Work,
} from "../../activities/followers/contract.ts";
import { chunked } from "../../model/chunked.ts";
import { pause, RunFailed, type Steps, together } from "../calls.ts";

/** Changes that the resource manager is given at a time: it does those of one cluster one after the other anyway. */
const WAVE = 8;
/** How often a change that the resource manager can't take now is begun. */
const MAX_TRIES = 20;
/** After how many looks a change that is still being worked on is left to itself: an hour, at the longest pause. */
const MAX_LOOKS = 250;
const LONGEST_PAUSE_MS = 15_000;

interface Flying {
  readonly index: number;
  readonly work: Work;
  readonly operation?: string;
  readonly tries: number;
}

export interface WorkProgress {
  readonly done: number;
  readonly failed: number;
  readonly of: number;
  readonly waiting?: string;
}

/**
 * Runs changes at the resource manager to their ends, in waves; what became of each, null where it is done. One that fails
 * keeps none of the others from being done. Each task is made for one yield.
 */
export function* runWorks(
  context: OrchestrationContext,
  works: readonly Work[],
  pollMs: number,
  told: (progress: WorkProgress) => void,
): Steps<(string | null)[]> {
  const ends: (string | null | undefined)[] = works.map(() => undefined);
  const tell = (waiting?: string) => {
    const done = ends.filter((end) => end === null).length;
    const failed = ends.filter((end) => typeof end === "string").length;
    told({ done, failed, of: works.length, ...(waiting === undefined ? {} : { waiting }) });
  };
  for (const wave of chunked([...works.entries()], WAVE)) {
    let flying: Flying[] = wave.map(([index, work]) => ({ index, work, tries: 0 }));
    for (let looks = 0; flying.length > 0; looks++) {
      tell();
      const answers = yield* round(context, flying);
      let waiting: string | undefined;
      flying = flying.flatMap((each, i): Flying[] => {
        const answered = answers[i];
        if (answered?.kind === "done" && answered.value.kind === "done") {
          ends[each.index] = null;
          return [];
        }
        if (looks >= MAX_LOOKS) {
          ends[each.index] =
            "It is still being worked on after an hour. Look at it later, or begin it again.";
          return [];
        }
        if (answered?.kind === "done")
          return answered.value.kind === "running" ? [{ ...each, operation: answered.value.operation }] : [];
        const reason = answered?.reason ?? "It was not answered.";
        const again = answered?.kind === "failed" && answered.retryable && each.tries + 1 < MAX_TRIES;
        if (!again) {
          ends[each.index] = reason;
          return [];
        }
        waiting = reason;
        // Begun again: the resource manager takes the same change for the same state.
        return [{ index: each.index, work: each.work, tries: each.tries + 1 }];
      });
      if (waiting !== undefined) tell(waiting.slice(0, 1000));
      if (flying.length > 0)
        yield* pause(context, Math.min(LONGEST_PAUSE_MS, pollMs * 2 ** Math.min(looks, 10)));
    }
  }
  tell();
  return ends.map((end) => (end === undefined ? "It was not begun." : end));
}

/** Begins what isn't begun, an activity each, and looks at the others in one. */
function* round(context: OrchestrationContext, flying: readonly Flying[]): Steps<Answer<OperationState>[]> {
  const begun = flying.flatMap(({ work, operation }): BegunWork[] =>
    operation === undefined ? [] : [{ work, operation }],
  );
  const begins = flying.filter(({ operation }) => operation === undefined);
  const looks = begun.length === 0 ? [] : [{ name: FOLLOWER_ACTIVITY.lookAtWorks, input: begun }];
  const answers = yield* together<OperationState | Answer<OperationState>[]>(context, [
    ...begins.map(({ work }) => ({ name: FOLLOWER_ACTIVITY.beginWork, input: work })),
    ...looks,
  ]);
  const looked = answers.at(-1);
  let next = 0;
  let nextLook = 0;
  return flying.map(({ operation }): Answer<OperationState> => {
    if (operation === undefined) return single(answers[next++]);
    const at = nextLook++;
    if (looked?.kind !== "done") return single(looked);
    const own = Array.isArray(looked.value) ? looked.value[at] : undefined;
    if (own === undefined) throw new RunFailed("A look at operations answered fewer than were asked for.");
    return own;
  });
}

function single(
  answered: Answer<OperationState | Answer<OperationState>[]> | undefined,
): Answer<OperationState> {
  if (answered === undefined) throw new RunFailed("An activity answered nothing.");
  if (answered.kind !== "done") return answered;
  if (Array.isArray(answered.value) || !("kind" in answered.value))
    throw new RunFailed("An activity answered something else than was asked for.");
  return { kind: "done", value: answered.value };
}
