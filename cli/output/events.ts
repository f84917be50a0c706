import { z } from "zod";
import { retriesSchema } from "../../model/retries.ts";

/*
 * What a copy tells while it runs. `--json` prints each as a line; the terminal's display and a pipe's plain lines are
 * made of the same.
 */

const count = z.number().int().nonnegative();
const base = {
  at: z.iso.datetime().describe("When it was told."),
  job: z.string().describe("Name of the job."),
};

const tableStateSchema = z.enum(["running", "succeeded", "failed"]);

const windowsSchema = z.object({
  total: count,
  exported: count,
  staged: count.describe("Ingested and verified."),
  promoted: count.describe("Shown in the destination's table."),
});

export const tableProgressSchema = z.object({
  name: z.string(),
  state: tableStateSchema,
  windows: windowsSchema,
  rows: count.describe("Verified rows."),
  bytes: count.describe("Of the staged files."),
  retries: retriesSchema.describe(
    "What was tried again: refused steps, failed attempts, and why, the last time.",
  ),
  error: z.string().nullable(),
});

/** Tables that one `progress` event lists: the busiest; the others are counted. */
export const TABLES_TOLD = 100;

export const startedSchema = z.object({
  event: z.literal("started"),
  ...base,
  source: z.string().describe("Cluster and database."),
  destination: z.string(),
  lake: z.string(),
  continuous: z.boolean(),
});

export const progressSchema = z.object({
  event: z.literal("progress"),
  ...base,
  iterations: z.array(z.object({ iteration: count, lane: z.enum(["forward", "backfill"]) })),
  tables: z.object({ total: count, done: count, failed: count }),
  windows: windowsSchema,
  fraction: z.number().min(0).max(1),
  rows: count,
  bytes: count,
  rowsPerSecond: z.number().nonnegative(),
  bytesPerSecond: z.number().nonnegative(),
  secondsLeft: z.number().nonnegative().nullable().describe("Null while it can't be told."),
  lagSeconds: z.number().nonnegative().nullable().describe("Null before anything is committed."),
  refused: z
    .object({
      windows: count.describe("Windows that wait before their last step is tried again."),
      tries: count.describe("Steps that were refused so far: throttling, a lost connection."),
      attempts: count.describe("Attempts at a window that failed so far."),
      reason: z.string().nullable().describe("Why, the last time."),
    })
    .describe("What clusters and storage refused."),
  waiting: z
    .string()
    .nullable()
    .describe("Why the whole run waits, where a step of it is being tried again."),
  busiest: z.array(tableProgressSchema).describe(`Tables under way and failed ones, at most ${TABLES_TOLD}.`),
});

export const committedSchema = z.object({
  event: z.literal("committed"),
  ...base,
  iteration: count,
  lane: z.enum(["forward", "backfill"]),
  tables: count,
  rows: count,
  bytes: count,
  failed: z.array(z.object({ table: z.string(), error: z.string() })),
  lagSeconds: z.number().nonnegative().nullable(),
});

export const idleSchema = z.object({
  event: z.literal("idle"),
  ...base,
  nextAt: z.iso.datetime().describe("About when the next iteration begins."),
  lagSeconds: z.number().nonnegative().nullable(),
  why: z.string().nullable().describe("Why it waits, where it isn't for the RPO alone."),
});

export const messageSchema = z.object({
  event: z.literal("message"),
  ...base,
  level: z.enum(["verbose", "info", "warning"]),
  text: z.string(),
});

export const outcomeSchema = z
  .enum(["done", "failed", "stopped", "paused", "cancelled", "elsewhere"])
  .describe(
    "`done`. `failed`: the run, or a table of it. `stopped`: by Ctrl-C or a signal. `paused`, `cancelled`: as asked. `elsewhere`: another run is at work in the lake folder, or took it over.",
  );

export const askedSchema = z.object({
  event: z.literal("asked"),
  ...base,
  verb: z.enum(["pause", "resume", "cancel", "resync", "left"]).describe("`left`: to a run that is at work."),
  lake: z.string(),
  text: z.string(),
});

export const summarySchema = z.object({
  event: z.literal("summary"),
  ...base,
  outcome: outcomeSchema,
  exitCode: z.number().int(),
  iterations: z.array(count).describe("Committed by this command."),
  rows: count,
  bytes: count,
  seconds: z.number().nonnegative(),
  lagSeconds: z.number().nonnegative().nullable(),
  tables: z.array(tableProgressSchema),
  reason: z.string().nullable(),
  next: z.string().nullable().describe("What to do next; null where there is nothing to do."),
});

export const eventSchema = z.discriminatedUnion("event", [
  startedSchema,
  progressSchema,
  committedSchema,
  idleSchema,
  messageSchema,
  askedSchema,
  summarySchema,
]);

export type CopyEvent = z.infer<typeof eventSchema>;
export type TableProgress = z.infer<typeof tableProgressSchema>;
export type Progress = z.infer<typeof progressSchema>;
export type Committed = z.infer<typeof committedSchema>;
export type Idle = z.infer<typeof idleSchema>;
export type Summary = z.infer<typeof summarySchema>;
export type Outcome = z.infer<typeof outcomeSchema>;

/** Where events go. */
export interface Reporter {
  readonly tell: (event: CopyEvent) => void;
  /** Ends a live display; what is told afterwards is written as it is. */
  readonly stop: () => void;
}
