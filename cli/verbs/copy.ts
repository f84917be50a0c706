import { lakeOf } from "../../activities/environment.ts";
import { allowInteractive } from "../../kusto/credentials.ts";
import { askFor, readControl } from "../../lake/control.ts";
import { storageFailure } from "../../lake/failure.ts";
import type { Lake } from "../../lake/lake.ts";
import { readState } from "../../lake/log.ts";
import type { State } from "../../model/checkpoint/state.ts";
import { type Control, waitingStartOver } from "../../model/control.ts";
import { describe } from "../../model/errors.ts";
import type { Job } from "../../model/job.ts";
import { noRetries } from "../../model/retries.ts";
import type { Outcome, Reporter, Summary, TableProgress } from "../output/events.ts";
import { EXIT, type ExitCode, worst } from "../output/exitCodes.ts";
import type { Io } from "../output/io.ts";
import type { Given } from "../program/given.ts";
import { reporterFor } from "../progress/reporter.ts";
import { callWords } from "../progress/verbose.ts";
import { runAtWork, whoAsks } from "../runtime/atWork.ts";
import { type CopyEnd, copiedAnything, copyOnce } from "../runtime/copyOnce.ts";
import { keepCopying } from "../runtime/keepCopying.ts";
import { type Runtime, startRuntime } from "../runtime/runtime.ts";
import { listenForStop } from "../runtime/stop.ts";

const CODES: Readonly<Record<Outcome, ExitCode>> = {
  done: EXIT.done,
  failed: EXIT.failed,
  stopped: EXIT.interrupted,
  paused: EXIT.elsewhere,
  cancelled: EXIT.elsewhere,
  elsewhere: EXIT.elsewhere,
};

/** What jobs are run for: to copy, to do what another verb asked for, or to give up what an earlier run left open. */
export type Purpose = "copy" | "asked" | "cancel";

/** Runs jobs, side by side, in this process. */
export async function copyJobs(
  jobs: readonly Job[],
  given: Given,
  io: Io,
  purpose: Purpose = "copy",
): Promise<ExitCode> {
  const reporter = reporterFor(io, given, jobs.length > 1);
  const { tell } = reporter;
  const message = (job: string, level: "verbose" | "info" | "warning", text: string): void =>
    tell({ event: "message", at: new Date().toISOString(), job, level, text });
  if (io.person && !given.json) allowInteractive({ show: (text) => message("", "info", text) });
  const stop = listenForStop((times) => {
    if (times === 1)
      message(
        "",
        "warning",
        "Stopping: what is under way is cancelled or finished. Ctrl-C again ends at once.",
      );
    else {
      reporter.stop();
      io.err.write(
        "Ended at once. Run the same command again to go on: what was done is in the lake's log.\n",
      );
    }
  });
  const runtime = await startRuntime(
    given.verbose
      ? {
          onCall: (call) => {
            const { job, text } = callWords(call);
            message(job, "verbose", text);
          },
          onLog: (level, text) => message("", level === "error" ? "warning" : "verbose", text),
        }
      : {},
  );
  try {
    const codes = await Promise.all(
      jobs.map((job) => copyJob({ runtime, job, given, reporter, signal: stop.signal, purpose })),
    );
    return worst(codes);
  } finally {
    reporter.stop();
    runtime.stop();
    stop.release();
  }
}

interface Copying {
  readonly runtime: Runtime;
  readonly job: Job;
  readonly given: Given;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly purpose: Purpose;
}

async function copyJob({ runtime, job, given, reporter, signal, purpose }: Copying): Promise<ExitCode> {
  const began = Date.now();
  const { tell } = reporter;
  tell({
    event: "started",
    at: new Date().toISOString(),
    job: job.name,
    source: `${job.source.cluster}/${job.source.database}`,
    destination: `${job.destination.cluster}/${job.destination.database}`,
    lake: job.lake,
    continuous: given.continuous,
  });
  let end: CopyEnd;
  try {
    if (purpose === "copy" && !given.continuous) await liftCancellation(job, tell);
    let held: CopyEnd | undefined;
    if (purpose !== "cancel") {
      const folder = await lookAt(job);
      if (purpose === "copy") tellStartOver(job, folder, tell);
      if (!given.continuous) held = await heldBack(folder, given.takeOver);
    }
    end = given.continuous
      ? await keepCopying(runtime, job, tell, signal)
      : (held ?? (await copyOnce(runtime, job, tell, signal)));
  } catch (error) {
    end = ending("failed", describe(storageFailure(error)));
  }
  // To be cancelled is what a run was for that gives up what was left open.
  const exitCode = purpose === "cancel" && end.outcome === "cancelled" ? EXIT.done : CODES[end.outcome];
  const state = await readState(lakeOf(job.lake)).catch(() => null);
  tell({ ...summaryOf(job, end, exitCode, began, state), next: nextStep(end, state, purpose) });
  return exitCode;
}

/** A start that a person asks for lifts a cancellation, as a start over HTTP does; a pause stays until it is lifted. */
async function liftCancellation(job: Job, tell: Reporter["tell"]): Promise<void> {
  const lake = lakeOf(job.lake);
  const { wanted, asked } = await readControl(lake);
  if (wanted !== "cancel") return;
  await askFor(lake, "run", whoAsks());
  const by = asked === undefined ? "" : ` (${asked.by}, ${asked.at})`;
  const text = `The copy was cancelled${by}: this start lifts that.`;
  tell({ event: "message", at: new Date().toISOString(), job: job.name, level: "info", text });
}

/** What a lake folder says before a run begins in it. */
interface Folder {
  readonly lake: Lake;
  readonly state: State;
  readonly control: Control;
}

async function lookAt(job: Job): Promise<Folder> {
  const lake = lakeOf(job.lake);
  const [state, control] = await Promise.all([readState(lake), readControl(lake)]);
  return { lake, state, control };
}

/** A start over that was asked for before comes first: whoever starts the copy is told. */
function tellStartOver(job: Job, { control, state }: Folder, tell: Reporter["tell"]): void {
  const waiting = waitingStartOver(control, state);
  if (waiting === undefined) return;
  const text = `The copy starts over, as was asked for (${waiting.by}, ${waiting.at}): ${waiting.tables.length} of its tables are copied whole once more. kusto-copy cancel withdraws that while it waits.`;
  tell({ event: "message", at: new Date().toISOString(), job: job.name, level: "info", text });
}

/** Why a single run doesn't begin: the copy is to be paused or cancelled, or another run is at work. */
async function heldBack({ lake, state, control }: Folder, takeOver: boolean): Promise<CopyEnd | undefined> {
  if (control.wanted !== "run") {
    const by = control.asked === undefined ? "" : ` (${control.asked.by}, ${control.asked.at})`;
    const outcome = control.wanted === "pause" ? "paused" : "cancelled";
    return ending(outcome, `The copy is ${outcome}${by}.`);
  }
  if (takeOver) return undefined;
  const other = await runAtWork(lake, state);
  if (!other) return undefined;
  const ago = other.secondsAgo < 1 ? "now" : `${Math.round(other.secondsAgo)} s ago`;
  return ending(
    "elsewhere",
    `Another run is at work in the lake folder: ${other.instance}, last seen ${ago}.`,
  );
}

function ending(outcome: Outcome, reason: string): CopyEnd {
  const view = {
    id: "",
    state: "failed",
    iteration: null,
    lagSeconds: null,
    tables: [],
    retries: noRetries,
    error: null,
  } as const;
  return { outcome, view, iterations: [], reason, broke: outcome === "failed" };
}

function summaryOf(
  job: Job,
  end: CopyEnd,
  exitCode: ExitCode,
  began: number,
  state: State | null,
): Omit<Summary, "next"> {
  const tables: TableProgress[] = end.view.tables.map((table) => ({ ...table }));
  const ok = tables.filter((table) => table.state !== "failed");
  return {
    event: "summary",
    at: new Date().toISOString(),
    job: job.name,
    outcome: end.outcome,
    exitCode,
    iterations: [...end.iterations],
    rows: ok.reduce((sum, table) => sum + table.rows, 0),
    bytes: ok.reduce((sum, table) => sum + table.bytes, 0),
    seconds: (Date.now() - began) / 1000,
    lagSeconds: state !== null && !copiedAnything(state) ? null : end.view.lagSeconds,
    tables,
    reason: end.outcome === "done" ? null : end.reason,
  };
}

function nextStep({ outcome, view }: CopyEnd, state: State | null, purpose: Purpose): string | null {
  switch (outcome) {
    case "done":
      return null;
    case "stopped":
      return "Run the same command again to go on: what was done is in the lake's log.";
    case "paused":
    case "cancelled":
      return "kusto-copy resume, with the same options, lets it go on.";
    case "elsewhere":
      return purpose === "copy"
        ? "kusto-copy status shows it. --take-over lets this command go on and stops the other run."
        : "kusto-copy status shows it. The other run does what was asked.";
    case "failed": {
      const stopped = view.tables.filter(({ name }) => state?.tables[name]?.stopped !== undefined);
      if (stopped.length === 0)
        return "Settle what is named, and run the same command again: what was done isn't done again.";
      return `kusto-copy resync --tables ${stopped.map(({ name }) => name).join(" ")}, with the same options, copies what was stopped whole once more.`;
    }
  }
}
