import type { FinishedIteration } from "./checkpoint/state.ts";
import { formatDuration } from "./durations.ts";
import type { PlanEstimate } from "./reports/plan.ts";
import type { SlotCounts } from "./schedule.ts";

/** What is to be copied. */
export interface Work {
  readonly windows: number;
  readonly rows: number;
  /** Original size; null where it isn't known. */
  readonly bytes: number | null;
}

/** Bytes a second that one slot exports, ingests and verifies, on a large idle cluster and on a small busy one. */
const BYTES_PER_SECOND = { fast: 25_000_000, slow: 1_500_000 };
/** Seconds that a window takes beside its bytes: commands, polls, a sealed batch of queued ingestion. */
const SECONDS_PER_WINDOW = { fast: 5, slow: 45 };
/** Seconds that an iteration takes beside its windows: planning, preparing, promoting, committing. */
const SECONDS_PER_ITERATION = { fast: 10, slow: 60 };
/** A row, where nothing tells how large one is. */
const BYTES_PER_ROW = 500;
/** Iterations of fewer rows tell how long an iteration takes, but not how many rows it copies in a second. */
const ROWS_THAT_TELL = 1_000_000;

/**
 * How long it takes to copy, as a range of seconds: windows in waves of as many as there are slots of the scarcer kind, each
 * with its bytes and what it takes beside them. Where the log holds iterations of this copy that were large enough, their
 * pace counts instead, from half of it to twice.
 */
export function estimate(
  work: Work,
  iterations: number,
  slots: SlotCounts,
  finished: readonly FinishedIteration[],
): PlanEstimate {
  const least = iterations * SECONDS_PER_ITERATION.fast;
  const seen = paceOf(finished);
  if (seen !== undefined && work.rows > 0) {
    const seconds = work.rows / seen;
    return {
      low: Math.round(least + seconds / 2),
      high: Math.round(iterations * SECONDS_PER_ITERATION.slow + seconds * 2),
      slots,
      how: `As this copy's last large iterations went, ${Math.round(seen)} rows a second, from half of that time to twice.`,
    };
  }
  const side = Math.max(1, Math.min(slots.export, slots.ingestion));
  const bytes = work.bytes ?? work.rows * BYTES_PER_ROW;
  const at = (kind: "fast" | "slow") =>
    iterations * SECONDS_PER_ITERATION[kind] +
    Math.ceil(work.windows / side) * SECONDS_PER_WINDOW[kind] +
    bytes / (Math.min(side, Math.max(1, work.windows)) * BYTES_PER_SECOND[kind]);
  const size =
    work.bytes === null ? `${BYTES_PER_ROW} bytes a row, as the size isn't known` : "their original size";
  return {
    low: Math.round(at("fast")),
    high: Math.round(at("slow")),
    slots,
    how: `${work.windows} windows, ${side} at a time (the fewer of the export and the ingestion slots): for each wave ${SECONDS_PER_WINDOW.fast} s to ${SECONDS_PER_WINDOW.slow} s, for each slot ${BYTES_PER_SECOND.fast / 1e6} MB/s to ${BYTES_PER_SECOND.slow / 1e6} MB/s of ${size}, and ${formatDuration(SECONDS_PER_ITERATION.fast * 1000)} to ${formatDuration(SECONDS_PER_ITERATION.slow * 1000)} for each iteration.`,
  };
}

/** Rows a second of the large iterations that the log remembers; undefined where there was none. */
function paceOf(finished: readonly FinishedIteration[]): number | undefined {
  const paces = finished.flatMap(({ tables, readAt, committedAt }) => {
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    const seconds = (Date.parse(committedAt) - Date.parse(readAt)) / 1000;
    return rows >= ROWS_THAT_TELL && seconds > 0 ? [{ rows, seconds }] : [];
  });
  if (paces.length === 0) return undefined;
  const last = paces.slice(-5);
  return last.reduce((sum, each) => sum + each.rows, 0) / last.reduce((sum, each) => sum + each.seconds, 0);
}
