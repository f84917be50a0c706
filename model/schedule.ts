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
  readonly lane: Lane;
  readonly attempt: number;
  readonly stage: FlightStage;
  readonly operation?: string;
  /** Rows that must arrive in staging. */
  readonly rows?: number;
  readonly extents?: readonly string[];
  /** When the ingestion was queued, ISO. */
  readonly since?: string;
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

/** How many more windows a run takes from the log, so that no slot waits for one and the carried state stays small. */
export function windowsWanted(flights: readonly Flight[], slots: SlotCounts): number {
  const waiting = flights.filter((flight) => flight.stage === "toExport" || flight.stage === "toIngest").length;
  return Math.max(0, slots.export + slots.ingestion - waiting);
}

/** Backoff before an attempt is tried again, milliseconds: doubles from one second to a minute. */
export function backoffMs(attempt: number): number {
  return Math.min(60_000, 1000 * 2 ** Math.max(0, attempt - 1));
}

function laneRank(lane: Lane): number {
  return lane === "forward" ? 0 : 1;
}
