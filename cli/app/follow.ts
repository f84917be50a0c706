import { emptyState } from "../../model/checkpoint/state.ts";
import type { Outcome, Summary, TableProgress } from "../output/events.ts";
import { EXIT, type ExitCode } from "../output/exitCodes.ts";
import type { Io } from "../output/io.ts";
import type { Given } from "../program/given.ts";
import { progressOf } from "../progress/figures.ts";
import { reporterFor } from "../progress/reporter.ts";
import { createSpeed } from "../progress/speed.ts";
import { listenForStop, pause } from "../runtime/stop.ts";
import { type AppCopy, AT_WORK, copySchema } from "./answers.ts";
import { type AppClient, AppRefusal } from "./client.ts";

/** Between two looks, milliseconds. */
const LOOK_MS = 1000;
/** Looks that may fail one after the other before the command gives up looking: the copy goes on in any case. */
const MOST_FAILURES = 10;

const OUTCOMES: Readonly<Record<string, { outcome: Outcome; code: ExitCode }>> = {
  succeeded: { outcome: "done", code: EXIT.done },
  failed: { outcome: "failed", code: EXIT.failed },
  paused: { outcome: "paused", code: EXIT.elsewhere },
  cancelled: { outcome: "cancelled", code: EXIT.elsewhere },
  stopped: { outcome: "stopped", code: EXIT.elsewhere },
};

/** Follows a copy of the app to its end, with the display of a copy that runs here. Ctrl-C ends the looking only. */
export async function follow(app: AppClient, id: string, given: Given, io: Io): Promise<ExitCode> {
  const reporter = reporterFor(io, given, false);
  const stop = listenForStop(() => undefined);
  const speed = createSpeed();
  const began = Date.now();
  const job = jobOfId(id);
  let copy: AppCopy | null = null;
  let failures = 0;
  try {
    while (!stop.signal.aborted) {
      try {
        copy = await app.get(`copies/${encodeURIComponent(id)}`, copySchema);
        failures = 0;
      } catch (error) {
        failures += 1;
        const lasting = error instanceof AppRefusal && error.status < 500 && error.status !== 429;
        if (lasting || failures >= MOST_FAILURES) throw error;
      }
      if (copy !== null && !AT_WORK.includes(copy.state)) break;
      if (copy !== null) {
        const view = { ...copy, state: "running" } as const;
        const { steps, attempts, reason } = copy.retries;
        const status = { backingOff: 0, refused: steps, attempts, reason, waiting: copy.error };
        reporter.tell(progressOf({ job, view, state: emptyState, status, now: new Date() }, speed));
      }
      await pause(LOOK_MS, stop.signal);
    }
  } finally {
    reporter.stop();
    stop.release();
  }
  const interrupted = copy === null || AT_WORK.includes(copy.state);
  const end = interrupted
    ? { outcome: "stopped" as const, code: EXIT.interrupted }
    : (OUTCOMES[copy?.state ?? ""] ?? { outcome: "failed" as const, code: EXIT.failed });
  const next = interrupted
    ? `The copy ${id} goes on in the app. kusto-copy status --app ${app.origin} shows it, kusto-copy cancel gives it up.`
    : nextOf(end.outcome, app);
  reporter.tell(summaryOf(job, copy, { ...end, began, next }));
  return end.code;
}

/** The job's name in `copy:<job>:<iteration>:<folder>-<run>`. */
export function jobOfId(id: string): string {
  return id.split(":")[1] ?? id;
}

function nextOf(outcome: Outcome, app: AppClient): string | null {
  if (outcome === "done") return null;
  if (outcome === "failed") return "Settle what is named, and send the same command again.";
  return `kusto-copy resume --app ${app.origin} lets it go on.`;
}

function summaryOf(
  job: string,
  copy: AppCopy | null,
  end: { outcome: Outcome; code: ExitCode; began: number; next: string | null },
): Summary {
  const tables: TableProgress[] = copy?.tables ?? [];
  const ok = tables.filter((table) => table.state !== "failed");
  return {
    event: "summary",
    at: new Date().toISOString(),
    job,
    outcome: end.outcome,
    exitCode: end.code,
    iterations: copy?.iteration ? [copy.iteration] : [],
    rows: ok.reduce((sum, table) => sum + table.rows, 0),
    bytes: ok.reduce((sum, table) => sum + table.bytes, 0),
    seconds: (Date.now() - end.began) / 1000,
    lagSeconds: copy?.lagSeconds ?? null,
    tables,
    reason: copy?.error ?? null,
    next: end.next,
  };
}
