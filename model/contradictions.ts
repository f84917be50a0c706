import { formatDuration } from "./durations.ts";
import type { Job } from "./job.ts";

/** Something in a job that can't work, or does nothing, or does what one may not expect. */
export interface Contradiction {
  readonly name: string;
  readonly state: "warning" | "failed";
  readonly seen: string;
  readonly why: string;
  readonly fix: string;
}

/** The shortest time that an iteration by queued ingestion takes: a batch is sealed after ten seconds at the earliest. */
const QUEUED_LEAST_MS = 60_000;
/** Rows beyond which a window's content can't be hashed in one piece by far (2^35), with room for bins that can't be cut. */
const LARGE_WINDOW = 100_000_000;

/** Settings of a job that make no sense together. */
export function contradictions(job: Job): Contradiction[] {
  const found: Contradiction[] = [];
  const add = (
    wrong: boolean,
    name: string,
    state: Contradiction["state"],
    seen: string,
    why: string,
    fix: string,
  ) => {
    if (wrong) found.push({ name, state, seen, why, fix });
  };
  const { source, destination } = job;
  add(
    sameHost(source.cluster, destination.cluster) &&
      source.database.toLowerCase() === destination.database.toLowerCase(),
    "source and destination",
    "failed",
    `Both are database ${source.database} of ${source.cluster}.`,
    "A table can't be copied into itself.",
    "Name another destination database or cluster.",
  );
  const lakes = [job.lake, ...job.stagingLakes];
  const twice = lakes.find((lake, i) => lakes.indexOf(lake) !== i);
  add(
    twice !== undefined,
    "lakes",
    "warning",
    `The folder ${twice} is named twice.`,
    "Further lakes spread the load over accounts.",
    "Name each folder once.",
  );
  add(
    job.mode === "new" && job.backfillHorizon !== null,
    "horizon",
    "warning",
    "Mode new copies no history, and a horizon is set.",
    "The horizon has no effect.",
    "Leave the horizon out, or choose another mode.",
  );
  add(
    job.backfillHorizon !== null && Date.parse(job.backfillHorizon) > Date.now(),
    "horizon",
    "failed",
    `The horizon ${job.backfillHorizon} lies in the future.`,
    "Nothing of the history would be copied.",
    "Give a date in the past, or a time span that counts back from now.",
  );
  add(
    job.ingestion === "queued" && job.mode !== "backfill" && job.rpoMs < QUEUED_LEAST_MS,
    "RPO",
    "warning",
    `The RPO is ${formatDuration(job.rpoMs)} with queued ingestion.`,
    `Queued ingestion waits for batches: an iteration takes about ${formatDuration(QUEUED_LEAST_MS)} at least, and lag will pass the RPO.`,
    "Choose a longer RPO, or ingest directly.",
  );
  add(
    job.pollMs >= job.rpoMs,
    "poll",
    "warning",
    `The pause between two looks (${formatDuration(job.pollMs)}) is no shorter than the RPO (${formatDuration(job.rpoMs)}).`,
    "An iteration looks several times at what runs, and would pass the RPO by its pauses alone.",
    "Shorten KUSTO_COPY_POLL.",
  );
  add(
    job.ingestion === "queued" && job.ingestionTimeoutMs < 10 * 60_000,
    "ingestion timeout",
    "warning",
    `Rows that haven't arrived after ${formatDuration(job.ingestionTimeoutMs)} are copied again.`,
    "Queued ingestion may take longer on a busy cluster: windows would be copied again and again.",
    "Lengthen KUSTO_COPY_INGESTION_TIMEOUT.",
  );
  add(
    job.windowRows > LARGE_WINDOW,
    "window rows",
    "warning",
    `A window may hold ${job.windowRows} rows.`,
    "A window is what is exported, verified and tried again as a whole.",
    "Lower KUSTO_COPY_WINDOW_ROWS; a million is the standard.",
  );
  add(
    job.format === "parquet",
    "format",
    "warning",
    "Every table travels as Parquet.",
    "Parquet doesn't carry every datetime, timespan, guid, decimal and dynamic exactly: what it changes is found by the content hash, and such tables never get through.",
    "Set the format to auto, which chooses by a table's types.",
  );
  add(
    job.existingRows === "keep",
    "existing rows",
    "warning",
    "Rows that are at the destination already stay beside the copied ones.",
    "They might be there twice afterwards, and a verification finds them.",
    "Set existingRows to refuse, unless they are known to be others.",
  );
  add(
    job.tables.include.length > 0 && job.tables.include.every((name) => job.tables.exclude.includes(name)),
    "tables",
    "failed",
    "Every name that is included is excluded too.",
    "Exclusion wins: nothing would be copied.",
    "Take the names out of one of the lists.",
  );
  return found;
}

function sameHost(a: string, b: string): boolean {
  try {
    return new URL(a).host.toLowerCase() === new URL(b).host.toLowerCase();
  } catch {
    return a === b;
  }
}
