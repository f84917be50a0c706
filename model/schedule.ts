import type { Lane } from "./checkpoint/entries.ts";

/** Where a window stands within a run, between two rounds. */
export type FlightStage =
  | "toExport"
  | "exporting"
  | "toMeasure"
  | "toIngest"
  | "ingesting"
  | "toVerify"
  | "toAdopt";

/** A window in flight: little enough to be carried from one generation of the orchestration to the next. */
export interface Flight {
  readonly window: string;
  readonly table: string;
  readonly iteration: number;
  readonly lane: Lane;
  readonly attempt: number;
  readonly stage: FlightStage;
  readonly operation?: string;
  /** Folder that the export writes to, below the lake folder. */
  readonly folder?: string;
  /** Rows that must arrive in staging. */
  readonly rows?: number;
  readonly extents?: readonly string[];
  /** When the export or the ingestion began, ISO. */
  readonly since?: string;
  /** How often the next step has been refused. */
  readonly tries?: number;
  /** A round may not act on the window before this moment (backoff), ISO. */
  readonly notBefore?: string;
}

export interface SlotCounts {
  readonly export: number;
  readonly ingestion: number;
  readonly query: number;
}

/**
 * The flights that a round acts on: as many as the free slots of each kind allow, the forward lane before the
 * backfill lane, so that new data doesn't wait for history, and older windows first within a lane.
 */
export function pickFlights(flights: readonly Flight[], slots: SlotCounts, now: string): Flight[] {
  const ready = flights
    .filter((flight) => flight.notBefore === undefined || flight.notBefore <= now)
    .toSorted((a, b) => laneRank(a.lane) - laneRank(b.lane));
  const busy = (stage: FlightStage) => flights.filter((flight) => flight.stage === stage).length;
  const take = (stages: readonly FlightStage[], free: number) =>
    ready.filter((flight) => stages.includes(flight.stage)).slice(0, Math.max(0, free));
  return [
    ...take(["toMeasure", "toVerify", "toAdopt"], slots.query),
    ...take(["toIngest"], slots.ingestion - busy("ingesting")),
    ...take(["toExport"], slots.export - busy("exporting")),
  ];
}

/**
 * How many more windows a run takes from the log, so that no slot waits for one and the carried state stays small.
 * For the forward lane, backfill windows that wait don't count: they would hold new data back for a turn of each slot.
 */
export function windowsWanted(flights: readonly Flight[], slots: SlotCounts, lane?: Lane): number {
  const waiting = flights.filter(
    (flight) =>
      (flight.stage === "toExport" || flight.stage === "toIngest") &&
      (lane !== "forward" || flight.lane === "forward"),
  ).length;
  return Math.max(0, slots.export + slots.ingestion - waiting);
}

/** How often one step may be refused before its attempt counts as failed. */
const MAX_TRIES = 30;

/** What follows a failure of a flight. */
export type AfterFailure =
  | { readonly kind: "again"; readonly flight: Flight }
  | { readonly kind: "reset"; readonly flight: Flight; readonly attempt: number }
  | { readonly kind: "park" };

/**
 * How a step of a flight failed. `terminal`: trying again can't help. `refused`: the step could not be done now
 * (throttling, a lost connection), and the attempt is as good as before. `wrong`: the attempt itself failed.
 */
export type FlightFailure = "terminal" | "refused" | "wrong";

/**
 * Decides what follows a failure. A step that was refused is tried again as it is; a failed attempt starts over as
 * the next one; a terminal failure, or the last attempt's, parks the table. Backoff doubles up to a minute, spread
 * by the window's name so that windows that failed together don't come back together.
 */
export function afterFailure(
  flight: Flight,
  failure: FlightFailure,
  maxAttempts: number,
  nowMs: number,
): AfterFailure {
  if (failure === "terminal") return { kind: "park" };
  const { window, table, iteration, lane, attempt, tries = 0 } = flight;
  if (failure === "refused" && tries < MAX_TRIES) {
    return {
      kind: "again",
      flight: { ...flight, tries: tries + 1, notBefore: later(window, tries + 1, nowMs) },
    };
  }
  if (attempt >= maxAttempts) return { kind: "park" };
  const next: Flight = {
    window,
    table,
    iteration,
    lane,
    attempt: attempt + 1,
    stage: "toExport",
    notBefore: later(window, attempt, nowMs),
  };
  return { kind: "reset", flight: next, attempt };
}

function later(window: string, count: number, nowMs: number): string {
  const base = Math.min(60_000, 1000 * 2 ** Math.max(0, count - 1));
  let spread = count;
  for (const character of window) spread = (spread * 31 + (character.codePointAt(0) ?? 0)) % 997;
  return new Date(nowMs + base / 2 + (base / 2) * (spread / 997)).toISOString();
}

function laneRank(lane: Lane): number {
  return lane === "forward" ? 0 : 1;
}
