import { z } from "zod";
import type { State } from "../../model/checkpoint/state.ts";
import type { CopyView, TableView } from "../../model/copyView.ts";
import { customStatusSchema } from "../../model/customStatus.ts";
import { type Progress, TABLES_TOLD } from "../output/events.ts";
import type { Speed } from "./speed.ts";

/** What a run says of itself: its custom status, or why it waits to try a step again. */
export interface RunStatus {
  readonly backingOff: number;
  readonly refused: number;
  /** Attempts at a window that failed; and why something was tried again, the last time. */
  readonly attempts: number;
  readonly reason: string | null;
  readonly waiting: string | null;
}

const waitingSchema = z.object({ waiting: z.string(), tries: z.number().optional() });

export function runStatus(status: unknown): RunStatus {
  const waiting = waitingSchema.safeParse(status);
  const nothing = { backingOff: 0, refused: 0, attempts: 0, reason: null, waiting: null };
  if (waiting.success) return { ...nothing, refused: waiting.data.tries ?? 0, waiting: waiting.data.waiting };
  const known = customStatusSchema.safeParse(status);
  if (!known.success) return nothing;
  const { inFlight, refused, retried, retryReason } = known.data;
  return { ...nothing, backingOff: inFlight.backingOff, refused, attempts: retried, reason: retryReason };
}

export interface Look {
  readonly job: string;
  readonly view: CopyView;
  readonly state: State;
  readonly status: RunStatus;
  readonly now: Date;
}

/** The figures of a look at a run. A window is two steps of work: its export, and its ingestion. */
export function progressOf({ job, view, state, status, now }: Look, speed: Speed): Progress {
  const open = [state.open.forward, state.open.backfill].filter((each) => each !== undefined);
  const total = (pick: (table: TableView) => number) =>
    view.tables.reduce((sum, each) => sum + pick(each), 0);
  // What can't be copied is no work that is left.
  const work = view.tables.filter((table) => table.state !== "failed");
  const steps = work.reduce((sum, { windows }) => sum + windows.exported + windows.staged, 0);
  const all = work.reduce((sum, { windows }) => sum + 2 * windows.total, 0);
  const rows = total((table) => table.rows);
  const bytes = total((table) => table.bytes);
  const rates = speed.at(now.getTime(), rows, bytes, steps);
  const done = view.tables.filter((table) => table.state === "succeeded").length;
  const failed = view.tables.filter((table) => table.state === "failed").length;
  return {
    event: "progress",
    at: now.toISOString(),
    job,
    iterations: open.map(({ iteration, lane }) => ({ iteration, lane })),
    tables: { total: view.tables.length, done, failed },
    windows: {
      total: total(({ windows }) => windows.total),
      exported: total(({ windows }) => windows.exported),
      staged: total(({ windows }) => windows.staged),
      promoted: total(({ windows }) => windows.promoted),
    },
    fraction: all === 0 ? (view.tables.length === 0 ? 0 : 1) : steps / all,
    rows,
    bytes,
    rowsPerSecond: rates.rows,
    bytesPerSecond: rates.bytes,
    secondsLeft:
      all === steps ? (all === 0 ? null : 0) : rates.steps > 0 ? (all - steps) / rates.steps : null,
    lagSeconds: view.lagSeconds,
    refused: {
      windows: status.backingOff,
      tries: status.refused,
      attempts: status.attempts,
      reason: status.reason,
    },
    waiting: status.waiting,
    busiest: busiest(view.tables).slice(0, TABLES_TOLD),
  };
}

/** Tables that are worth a line, the worthiest first: failed ones, then those that move, then those that wait. */
export function busiest(tables: readonly TableView[]): TableView[] {
  const rank = ({ state, windows }: TableView) =>
    state === "failed" ? 0 : state === "succeeded" ? 3 : windows.exported > 0 ? 1 : 2;
  return tables
    .filter((table) => table.state !== "succeeded")
    .toSorted((a, b) => rank(a) - rank(b) || b.windows.total - a.windows.total || (a.name < b.name ? -1 : 1));
}
