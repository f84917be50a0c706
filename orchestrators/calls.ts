import type { OrchestrationContext, Task } from "durable-functions";
import { z } from "zod";
import type { Answer, FlightInput, FlightOutcome } from "../activities/contract.ts";
import { backoffMs } from "../model/backoff.ts";

export type Steps<T> = Generator<Task, T, unknown>;

/** Another run took over: this one ends, and destroys nothing. */
export class TakenOver extends Error {}

/** The run can't go on; what it did is in the log. */
export class RunFailed extends Error {}

/** What `step` has tried again in this execution of an orchestrator, as far as nobody has asked for it; replay makes it anew. */
const WAITS = new WeakMap<OrchestrationContext, { steps: number; reason: string }>();

/** What steps of the whole run had to be tried again since this was asked last. */
export function takeWaits(context: OrchestrationContext): { steps: number; reason: string }[] {
  const waits = WAITS.get(context);
  WAITS.delete(context);
  return waits === undefined ? [] : [waits];
}

/** How often a step of the whole run is tried before the run fails. */
const MAX_TRIES = 8;

/** What the input of a job's step tells of how fast its run looks; steps about followers have no job. */
const pacedSchema = z.object({ job: z.object({ pollMs: z.number() }) });

/**
 * Calls an activity and waits for it; a retryable failure is tried again after a pause that doubles from two seconds to two
 * minutes, or less where the job looks often (model/backoff.ts). Throws TakenOver, or RunFailed with the reason. Each try is a
 * fresh task.
 */
export function* step<T>(context: OrchestrationContext, name: string, input: unknown): Steps<T> {
  for (let tries = 1; ; tries++) {
    const answered = settled<T>(yield* attempt(context, name, input));
    if (answered.kind === "done") return answered.value;
    if (answered.kind === "stale") throw new TakenOver(answered.reason);
    if (!answered.retryable || tries >= MAX_TRIES) throw new RunFailed(answered.reason);
    WAITS.set(context, { steps: (WAITS.get(context)?.steps ?? 0) + 1, reason: answered.reason });
    // What a run waits for is worth showing: a cluster that doesn't answer may take minutes to be given up.
    context.df.setCustomStatus({ waiting: answered.reason.slice(0, 1000), tries });
    yield* backOff(context, name, tries, pacedSchema.safeParse(input).data?.job.pollMs);
  }
}

/** As `step`, but tried once, and a failure is an answer: for what a run can do without. */
export function* tried<T>(
  context: OrchestrationContext,
  name: string,
  input: unknown,
): Steps<Exclude<Answer<T>, { kind: "stale" }>> {
  const answered = settled<T>(yield* attempt(context, name, input));
  if (answered.kind === "stale") throw new TakenOver(answered.reason);
  return answered;
}

/** As `tried`, where it doesn't matter why it failed. */
export function* optional<T>(
  context: OrchestrationContext,
  name: string,
  input: unknown,
): Steps<T | undefined> {
  const answered = yield* tried<T>(context, name, input);
  return answered.kind === "done" ? answered.value : undefined;
}

/** Waits before a step is tried again: the name of the instance and of the step spread what waits elsewhere. */
export function* backOff(
  context: OrchestrationContext,
  name: string,
  tries: number,
  pollMs = Number.POSITIVE_INFINITY,
): Steps<void> {
  yield* pause(context, backoffMs("step", `${context.df.instanceId} ${name}`, tries, pollMs));
}

export function* pause(context: OrchestrationContext, ms: number): Steps<void> {
  yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + ms));
}

/** Runs activities side by side: the tasks are fresh and handed to this one Task.all only. */
export function* together<T>(
  context: OrchestrationContext,
  calls: readonly { name: string; input: unknown }[],
): Steps<Answer<T>[]> {
  if (calls.length === 0) return [];
  const results = yield context.df.Task.all(
    calls.map((call) => context.df.callActivity(call.name, call.input)),
  );
  if (!Array.isArray(results)) throw new RunFailed("Durable Functions answered no list to Task.all.");
  return results.map((result) => settled<T>(result));
}

/** One round's calls for flights, answered as outcomes. What others answer is nobody's. */
export function* flightRound(
  context: OrchestrationContext,
  calls: readonly { name: string; input: FlightInput }[],
  others: readonly { name: string; input: unknown }[],
): Steps<FlightOutcome[]> {
  const answers = yield* together<FlightOutcome>(context, [...calls, ...others]);
  return calls.flatMap(({ input: { flight } }, i): FlightOutcome[] => {
    const answered = answers[i];
    if (answered === undefined) return [];
    if (answered.kind === "stale") throw new TakenOver(answered.reason);
    if (answered.kind === "done") return [answered.value];
    // What a flight's own failure is, is its outcome: this one concerns the run, as a refused login does.
    if (!answered.retryable) throw new RunFailed(answered.reason);
    return [{ kind: "failed", flight, failure: "refused", reason: answered.reason }];
  });
}

function* attempt(context: OrchestrationContext, name: string, input: unknown): Steps<unknown> {
  return yield context.df.callActivity(name, input);
}

/**
 * The one place where an activity's answer gets its type: activities and orchestrators are built together from
 * activities/contract.ts, and a run started by another version is replayed under its own task hub.
 */
function settled<T>(answered: unknown): Answer<T> {
  if (typeof answered !== "object" || answered === null || !("kind" in answered)) {
    throw new RunFailed("An activity answered nothing: the app and its task hub are of different versions.");
  }
  return answered as Answer<T>;
}
