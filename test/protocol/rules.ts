import type { Job } from "../../model/job.ts";
import { sampleJob } from "../model/checkpoint/sampleLog.ts";
import type { Mutation } from "./mutations.ts";

/** A row of the source: known by its cursor, which is the number of the batch it came with, and placed by its ingestion time. */
export interface Row {
  readonly id: string;
  readonly batch: number;
  readonly at: string;
}

/** What may befall the copy besides a takeover and a stale run that wakes up, which may always. Each costs one of `faults`. */
export type Fault =
  /** A worker dies after an effect and before its answer is kept: the activity is delivered again. */
  | "redelivery"
  /** An activity is delivered twice: the second may run beside the first, or at any moment after it. */
  | "twice"
  /** Queued ingestion delivers a message a second time. */
  | "doubled"
  /** A run gives up waiting for rows that are on their way. */
  | "late"
  /** Extents of the destination's table are merged or rebuilt: their ids change. */
  | "merge"
  /** The cluster refuses a move though nothing is wrong with it. */
  | "refusal"
  /** Somebody else, or retention, drops an extent. */
  | "drop"
  /** People cancel the copy. */
  | "cancel"
  /** A run fails and says so in the log. */
  | "failure";

/** What is explored, and its bounds. */
export interface Rules {
  /** Rows of a table that cursors follow; one window holds those that share an ingestion time. */
  readonly rows: readonly Row[];
  /** Contents of a snapshot table, from the first batch on; absent for a table that cursors follow. */
  readonly versions?: readonly (readonly string[])[];
  readonly visibility: Job["visibility"];
  /** Whether windows of history come before those of new rows: of two lanes side by side either may be done first. */
  readonly historyFirst: boolean;
  readonly kinds: readonly Fault[];
  /** How many faults there may be in one history. */
  readonly faults: number;
  readonly mutations: readonly Mutation[];
}

export const TABLE = "T";

/** Batches that the source has while it is explored; one more comes when faults have stopped. */
export function batchesOf(rules: Rules): number {
  return rules.versions?.length ?? Math.max(...rules.rows.map((row) => row.batch));
}

export function jobOf(rules: Rules): Job {
  return { ...sampleJob, visibility: rules.visibility, maxAttempts: 2 };
}

export function mutated(rules: Rules, mutation: Mutation): boolean {
  return rules.mutations.includes(mutation);
}
