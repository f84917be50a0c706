import { backoffMs } from "./backoff.ts";
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
 * How many more windows a run takes from the log: so many that no slot waits for one, be it that all are to be exported or
 * that an earlier run had staged them all.
 *
 * Invariant: whichever slots the others wait for, no more wait than a round could begin and end: what one generation
 * hands to the next stays small. Only what runs doesn't count, which its slots bound.
 *
 * For the forward lane, backfill windows that wait don't count: they would hold new data back for a turn of each slot.
 */
export function windowsWanted(flights: readonly Flight[], slots: SlotCounts, lane?: Lane): number {
  const waiting = flights.filter(
    (flight) =>
      flight.stage !== "exporting" &&
      flight.stage !== "ingesting" &&
      (lane !== "forward" || flight.lane === "forward"),
  ).length;
  return Math.max(0, Math.max(slots.export + slots.ingestion, slots.query) - waiting);
}

/** How often one step may be refused before its attempt counts as failed, and a look before the run does. */
export const MAX_TRIES = 30;

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
 * the next one; a terminal failure, or the last attempt's, parks the table. What is tried again waits first (backoff.ts),
 * by `pollMs`, the job's pause between two looks.
 */
export function afterFailure(
  flight: Flight,
  failure: FlightFailure,
  { maxAttempts, pollMs }: { readonly maxAttempts: number; readonly pollMs: number },
  nowMs: number,
): AfterFailure {
  if (failure === "terminal") return { kind: "park" };
  const { window, table, iteration, lane, attempt, tries = 0 } = flight;
  const later = (count: number) => new Date(nowMs + backoffMs("window", window, count, pollMs)).toISOString();
  if (failure === "refused" && tries < MAX_TRIES) {
    return {
      kind: "again",
      flight: { ...flight, tries: tries + 1, notBefore: later(tries + 1) },
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
    notBefore: later(attempt),
  };
  return { kind: "reset", flight: next, attempt };
}

function laneRank(lane: Lane): number {
  return lane === "forward" ? 0 : 1;
}
