import { setTimeout as sleep } from "node:timers/promises";
import { lakeOf } from "../../activities/environment.ts";
import { storageFailure } from "../../lake/failure.ts";
import { readState } from "../../lake/log.ts";
import type { StatusPayload } from "../../local/host/durable/status.ts";
import type { State } from "../../model/checkpoint/state.ts";
import { type CopyView, copyView, type InstanceView } from "../../model/copyView.ts";
import { describe } from "../../model/errors.ts";
import type { Job } from "../../model/job.ts";
import { lagSeconds } from "../../model/lag.ts";
import type { CopyEvent, Outcome } from "../output/events.ts";
import { progressOf, runStatus } from "../progress/figures.ts";
import { createSpeed, type Speed } from "../progress/speed.ts";
import { instanceId } from "./atWork.ts";
import type { Runtime } from "./runtime.ts";

/** How a run ended. */
export interface CopyEnd {
  readonly outcome: Outcome;
  readonly view: CopyView;
  readonly iterations: readonly number[];
  readonly reason: string | null;
  /** Whether the run itself failed, and not tables of it alone. */
  readonly broke: boolean;
}

/** Between two looks at a run, milliseconds. */
const LOOK_MS = 500;
/** How long a run that waits to try a step again may go on after it was asked to stop: it looks at no wish meanwhile. */
const STOP_GRACE_MS = 3000;

/** Runs a job once: an iteration of each lane that is due. Follows it to its end, and tells of it. */
export async function copyOnce(
  runtime: Runtime,
  job: Job,
  tell: (event: CopyEvent) => void,
  signal: AbortSignal,
): Promise<CopyEnd> {
  const lake = lakeOf(job.lake);
  const before = await readState(lake);
  const instance = instanceId(job, before.next);
  runtime.client.startNew(runtime.copyJob, { instanceId: instance, input: { job } });
  const ended = runtime.client.waitForCompletion(instance).then((status) => status);
  const follow = follower(job, instance, tell, before.finished.at(-1)?.iteration ?? 0);
  let askedAt: number | null = null;
  for (;;) {
    const end = await Promise.race([ended, sleep(LOOK_MS, null)]);
    let state: State;
    try {
      state = await readState(lake);
    } catch (error) {
      if (end === null) continue;
      throw storageFailure(error);
    }
    const status = end ?? runtime.client.getStatus(instance);
    if (status === null) throw new Error(`The run ${instance} is gone from this process.`);
    follow(status, state);
    if (end !== null) return endOf(instance, end, state, askedAt !== null);
    if (signal.aborted) askedAt ??= Date.now();
    const waits = runStatus(status.customStatus).waiting !== null;
    if (askedAt !== null && waits && Date.now() - askedAt > STOP_GRACE_MS)
      runtime.client.terminate(instance, "stopped");
  }
}

/** Tells of each commit, and of the progress in between. */
function follower(
  job: Job,
  instance: string,
  tell: (event: CopyEvent) => void,
  lastKnown: number,
): (status: StatusPayload, state: State) => void {
  const speed: Speed = createSpeed();
  const told = new Set<number>();
  return (payload, state) => {
    const now = new Date();
    if (state.run?.instance === instance) {
      const mine = state.finished.filter(
        ({ run, iteration, abandoned }) =>
          run === state.run?.id && abandoned !== true && iteration > lastKnown && !told.has(iteration),
      );
      for (const { iteration, lane, tables } of mine) {
        told.add(iteration);
        const copied = tables.filter((table) => table.error === undefined);
        tell({
          event: "committed",
          at: now.toISOString(),
          job: job.name,
          iteration,
          lane,
          tables: copied.length,
          rows: copied.reduce((sum, table) => sum + table.rows, 0),
          bytes: copied.reduce((sum, table) => sum + table.bytes, 0),
          failed: tables.flatMap(({ name, error }) => (error === undefined ? [] : [{ table: name, error }])),
          lagSeconds: copiedAnything(state) ? lagSeconds(state, now) : null,
        });
      }
    }
    const status = runStatus(payload.customStatus);
    const view = copyView(instanceView(instance, payload, state), state, now);
    tell(progressOf({ job: job.name, view, state, status, now }, speed));
  };
}

function instanceView(instance: string, payload: StatusPayload, state: State): InstanceView {
  const states = { Completed: "succeeded", Failed: "failed", Terminated: "cancelled" } as const;
  const found = Object.entries(states).find(([name]) => name === payload.runtimeStatus)?.[1];
  return {
    id: instance,
    state: found ?? "running",
    committed: committedBy(instance, state),
    error: null,
  };
}

function committedBy(instance: string, state: State): number[] {
  if (state.run?.instance !== instance) return [];
  return state.finished.filter(({ run }) => run === state.run?.id).map(({ iteration }) => iteration);
}

/** Whether the log knows of a table that was copied: where each one failed there is no replica to be behind. */
export function copiedAnything(state: State): boolean {
  return Object.keys(state.tables).length > 0;
}

function endOf(instance: string, payload: StatusPayload, state: State, asked: boolean): CopyEnd {
  const view = copyView(instanceView(instance, payload, state), state, new Date());
  const iterations = committedBy(instance, state);
  const mine = state.run?.instance === instance;
  const end = (outcome: Outcome, reason: string | null, broke = false): CopyEnd => ({
    outcome,
    view,
    iterations,
    reason,
    broke,
  });
  if (asked && payload.runtimeStatus === "Terminated") return end("stopped", null);
  if (mine && state.ended !== undefined) return end(state.ended.outcome, state.ended.reason);
  if (payload.runtimeStatus === "Completed")
    return view.tables.some((table) => table.state === "failed")
      ? end("failed", view.error)
      : end("done", null);
  const reason = reasonOf(payload.output);
  const takenOver = !mine && state.run !== undefined && /another run took over/i.test(reason);
  return end(takenOver ? "elsewhere" : "failed", reason, !takenOver);
}

/** The orchestration's own words, without what the engine wraps around them. */
export function reasonOf(output: unknown): string {
  const text =
    typeof output === "string" ? output : JSON.stringify(output ?? "The run ended without a word.");
  const line = text.split(/\r?\n/)[0] ?? "";
  return describe(
    new Error(
      line
        .replace(/^Orchestrator function '[^']*' failed:\s*/, "")
        .replace(/^(Error|RunFailed|TakenOver):\s*/, ""),
    ),
  );
}
