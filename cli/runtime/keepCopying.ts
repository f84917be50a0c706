import { lakeOf } from "../../activities/environment.ts";
import { readControl } from "../../lake/control.ts";
import { storageFailure } from "../../lake/failure.ts";
import { readState } from "../../lake/log.ts";
import type { State } from "../../model/checkpoint/state.ts";
import { waitingResyncs } from "../../model/control.ts";
import type { CopyView, TableView } from "../../model/copyView.ts";
import { isDue } from "../../model/due.ts";
import { describe } from "../../model/errors.ts";
import type { Job } from "../../model/job.ts";
import { copiedAsOf, lagSeconds } from "../../model/lag.ts";
import { addedRetries, noRetries } from "../../model/retries.ts";
import type { CopyEvent } from "../output/events.ts";
import { seconds } from "../output/numbers.ts";
import { runAtWork } from "./atWork.ts";
import { type CopyEnd, copyOnce } from "./copyOnce.ts";
import type { Runtime } from "./runtime.ts";
import { pause } from "./stop.ts";

/** Between two looks whether an iteration is due, milliseconds: the command's own timer. */
const TICK_MS = 5000;
/** What is waited after a failure, doubling from the one to the other, milliseconds. */
const FIRST_WAIT_MS = 2000;
const LONGEST_WAIT_MS = 300_000;

interface Turn {
  readonly wait: number;
  /** Why nothing was done, where it wasn't for the RPO. */
  readonly why: string | null;
}

/**
 * Runs an iteration each RPO until it is asked to stop. What fails is told and tried again, later each time; a copy that
 * is paused, or that another run works on, is looked at again.
 */
export async function keepCopying(
  runtime: Runtime,
  job: Job,
  tell: (event: CopyEvent) => void,
  signal: AbortSignal,
): Promise<CopyEnd> {
  const lake = lakeOf(job.lake);
  const tick = Math.max(200, Math.min(TICK_MS, job.rpoMs / 10));
  const total = new Map<string, TableView>();
  const iterations: number[] = [];
  let last: CopyEnd | null = null;
  let failures = 0;
  let first = true;

  const failed = (reason: string): Turn => {
    failures += 1;
    const wait = Math.min(LONGEST_WAIT_MS, job.rpoMs, FIRST_WAIT_MS * 2 ** (failures - 1));
    const text = `An iteration failed: ${reason} Trying again in ${seconds(wait / 1000)}.`;
    tell({ event: "message", at: new Date().toISOString(), job: job.name, level: "warning", text });
    return { wait, why: null };
  };
  const turn = async (): Promise<Turn> => {
    const [state, control] = await Promise.all([readState(lake), readControl(lake)]);
    const now = Date.now();
    if (control.wanted !== "run") {
      const asked = control.asked === undefined ? "" : ` by ${control.asked.by}, ${control.asked.at}`;
      return {
        wait: tick,
        why: `The copy was asked to ${control.wanted}${asked}: kusto-copy resume lets it go on.`,
      };
    }
    // The first iteration is what the command was called for; one that failed has waited already.
    const due =
      first ||
      failures > 0 ||
      waitingResyncs(control.resyncs, state).length > 0 ||
      isDue(state, job.rpoMs, now, now + tick);
    if (!due) return { wait: tick, why: null };
    const other = await runAtWork(lake, state);
    if (other) return { wait: tick, why: `Another run is at work in the lake folder: ${other.instance}.` };
    first = false;
    last = await copyOnce(runtime, job, tell, signal);
    iterations.push(...last.iterations);
    for (const table of last.view.tables) total.set(table.name, added(total.get(table.name), table));
    if (last.broke) return failed(last.reason ?? "");
    failures = 0;
    return { wait: tick, why: null };
  };

  let said: string | null = null;
  while (!signal.aborted) {
    let done: Turn;
    try {
      done = await turn();
    } catch (error) {
      done = failed(describe(storageFailure(error)));
    }
    if (signal.aborted) break;
    const state = await readState(lake).catch(() => null);
    const idle = idleEvent(job, state, done);
    if (said !== (idle.why ?? idle.nextAt)) tell(idle);
    said = idle.why ?? idle.nextAt;
    await pause(done.wait, signal);
  }
  const view = finalView(last, total);
  return { outcome: "stopped", view, iterations, reason: null, broke: false };
}

function idleEvent(
  job: Job,
  state: State | null,
  { wait, why }: Turn,
): Extract<CopyEvent, { event: "idle" }> {
  const now = new Date();
  const readAt = state === null ? undefined : copiedAsOf(state);
  const due =
    readAt === undefined
      ? now.getTime() + wait
      : Date.parse(readAt) + job.rpoMs - (state?.lastForward?.durationMs ?? 0);
  return {
    event: "idle",
    at: now.toISOString(),
    job: job.name,
    nextAt: new Date(Math.max(now.getTime() + wait, due)).toISOString(),
    lagSeconds: state === null ? null : lagSeconds(state, now),
    why,
  };
}

function added(before: TableView | undefined, table: TableView): TableView {
  if (before === undefined) return table;
  const sum = (key: keyof TableView["windows"]) => before.windows[key] + table.windows[key];
  return {
    ...table,
    windows: {
      total: sum("total"),
      exported: sum("exported"),
      staged: sum("staged"),
      promoted: sum("promoted"),
    },
    rows: before.rows + table.rows,
    bytes: before.bytes + table.bytes,
    retries: addedRetries(before.retries, table.retries),
  };
}

function finalView(last: CopyEnd | null, total: ReadonlyMap<string, TableView>): CopyView {
  const tables = [...total.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  if (last !== null) return { ...last.view, tables };
  return {
    id: "",
    state: "cancelled",
    iteration: null,
    lagSeconds: null,
    tables,
    retries: noRetries,
    error: null,
  };
}
