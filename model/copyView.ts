import type { Lane } from "./checkpoint/entries.ts";
import type { State } from "./checkpoint/state.ts";
import { windowsOf } from "./checkpoint/windows.ts";
import type { Wanted } from "./control.ts";
import { lagSeconds } from "./lag.ts";
import { addedRetries, noRetries, type Retries, sumOfRetries } from "./retries.ts";
import { warningsOf } from "./warnings.ts";

/**
 * How a copy stands. `pausing` and `cancelling`: it was asked to, and what is on its way is waited for or given up.
 * `stopped`: the process that ran it was ended, and the next run goes on.
 */
export const COPY_STATES = [
  "running",
  "pausing",
  "cancelling",
  "succeeded",
  "failed",
  "paused",
  "cancelled",
  "stopped",
] as const;

export type CopyState = (typeof COPY_STATES)[number];

export interface TableView {
  readonly name: string;
  readonly state: "running" | "succeeded" | "failed";
  readonly windows: {
    readonly total: number;
    readonly exported: number;
    readonly staged: number;
    readonly promoted: number;
  };
  readonly rows: number;
  readonly bytes: number;
  /** What was tried again of it. */
  readonly retries: Retries;
  readonly error: string | null;
}

/** A copy as the HTTP API answers it. */
export interface CopyView {
  readonly id: string;
  readonly state: CopyState;
  readonly iteration: number | null;
  readonly lagSeconds: number | null;
  readonly tables: readonly TableView[];
  /** What was tried again: of the tables, and steps of the run itself. */
  readonly retries: Retries;
  /** What stops no copy and should be known. */
  readonly warnings?: readonly string[];
  readonly error: string | null;
}

/** What the orchestration's host says of an instance. */
export interface InstanceView {
  readonly id: string;
  readonly state: CopyState;
  readonly committed: readonly number[];
  readonly error: string | null;
  /** How a run ended that was asked to, by its own word. */
  readonly ended?: "paused" | "cancelled" | "stopped" | undefined;
}

/** What of a table an iteration brings. */
type Part = Lane | "days";

/**
 * Joins what the host says of an instance with what the log says of its iterations, and with what is asked of the copies
 * in the lake folder.
 */
export function copyView(instance: InstanceView, state: State, now: Date, wanted: Wanted = "run"): CopyView {
  const current = state.run?.instance === instance.id;
  const open = current ? [state.open.forward, state.open.backfill].filter((each) => each !== undefined) : [];
  const tables = new Map<string, TableView>();
  const errors = new Map<string, Map<Part, string | null>>();
  const add = (part: Part, view: TableView) => {
    // A table that was parked catches up in a later iteration of its lane, and days of it in one of days: the last one counts.
    const ofParts = (errors.get(view.name) ?? new Map<Part, string | null>()).set(part, view.error);
    errors.set(view.name, ofParts);
    const error = [...ofParts.values()].find((each) => each !== null) ?? null;
    tables.set(view.name, joined(tables.get(view.name), view, error));
  };
  // Only a run that ended well says itself what it committed.
  const committed =
    current && instance.state !== "succeeded" ? committedBy(state, state.run?.id) : instance.committed;
  const finished = state.finished.filter((each) => committed.includes(each.iteration));
  for (const done of finished) {
    for (const table of done.tables) {
      const promoted = table.error === undefined ? table.windows : 0;
      add(table.days === true ? "days" : done.lane, {
        name: table.name,
        state: table.error === undefined ? "succeeded" : "failed",
        windows: { total: table.windows, exported: promoted, staged: promoted, promoted },
        rows: table.rows,
        bytes: table.bytes,
        retries: table.retries ?? noRetries,
        error: table.error ?? null,
      });
    }
  }
  for (const iteration of open) {
    iteration.tables.forEach((table, t) => {
      const windows = windowsOf(iteration, t);
      const reached = (...stages: string[]) =>
        windows.filter((window) => stages.includes(window.stage)).length;
      const parked = iteration.parked[table.name];
      add(table.days === undefined ? iteration.lane : "days", {
        name: table.name,
        state: parked === undefined ? "running" : "failed",
        windows: {
          total: windows.length,
          exported: reached("exported", "staged", "promoted"),
          staged: reached("staged", "promoted"),
          promoted: reached("promoted"),
        },
        rows: windows.reduce((sum, window) => sum + (window.rows ?? 0), 0),
        bytes: windows.reduce((sum, window) => sum + (window.bytes ?? 0), 0),
        retries: iteration.retries?.[table.name] ?? noRetries,
        error: parked ?? null,
      });
    });
    for (const { table, reason } of iteration.refused) add(iteration.lane, refusedView(table, reason));
  }
  const views = [...tables.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const failed = views.filter((table) => table.state === "failed");
  const some =
    failed.length > 0
      ? `${failed.length} of ${views.length} tables could not be copied: ${failed.map((table) => table.name).join(", ")}.`
      : null;
  const ended = current ? state.ended : undefined;
  const stands = stateOf(instance, ended?.outcome ?? instance.ended, wanted);
  return {
    id: instance.id,
    state: stands === "succeeded" && failed.length > 0 ? "failed" : stands,
    iteration: open[0]?.iteration ?? committed.at(-1) ?? null,
    lagSeconds: lagSeconds(state, now),
    tables: views,
    retries: sumOfRetries([
      ...views.map((table) => table.retries),
      ...finished.map(({ waits }) => waits),
      ...open.map(({ waits }) => waits),
    ]),
    warnings: warningsOf(state).map((each) => each.reason),
    error: instance.error ?? ended?.reason ?? some,
  };
}

/** A run that the log says has ended is ending until its host says so too: only then can another one start. */
function stateOf(instance: InstanceView, ended: InstanceView["ended"], wanted: Wanted): CopyState {
  if (instance.state === "succeeded") return ended ?? "succeeded";
  if (instance.state !== "running") return instance.state;
  if (ended === "cancelled" || (ended === undefined && wanted === "cancel")) return "cancelling";
  if (ended === "paused" || (ended === undefined && wanted === "pause")) return "pausing";
  return "running";
}

function committedBy(state: State, run: number | undefined): number[] {
  return state.finished.filter((each) => each.run === run).map((each) => each.iteration);
}

function refusedView(name: string, error: string): TableView {
  return {
    name,
    state: "failed",
    windows: { total: 0, exported: 0, staged: 0, promoted: 0 },
    rows: 0,
    bytes: 0,
    retries: noRetries,
    error,
  };
}

function joined(before: TableView | undefined, view: TableView, error: string | null): TableView {
  if (!before) return view;
  const add = (key: keyof TableView["windows"]) => before.windows[key] + view.windows[key];
  const going = [before.state, view.state].includes("running") ? "running" : "succeeded";
  return {
    name: view.name,
    state: error === null ? going : "failed",
    windows: {
      total: add("total"),
      exported: add("exported"),
      staged: add("staged"),
      promoted: add("promoted"),
    },
    rows: before.rows + view.rows,
    bytes: before.bytes + view.bytes,
    retries: addedRetries(before.retries, view.retries),
    error,
  };
}
