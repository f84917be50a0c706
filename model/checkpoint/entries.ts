import { z } from "zod";
import { jobSchema } from "../job.ts";
import { withoutFormat } from "./format.ts";

/** Seven-digit ISO text of an ingestion time: exact to the tick and readable in the lake. */
const tick = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/);

/** A UTC day of the source's ingestion time, as `drop-by:kc-<day>` tags carry it. */
export const daySchema = z.string().regex(/^\d{4}-\d\d-\d\d$/);

export const laneSchema = z.enum(["forward", "backfill"]);

/** A window's rows and their multiset hash. */
export const contentSchema = z.object({ rows: z.number().int().nonnegative(), hash: z.string() });

/** The scalar types that a column may have. */
export const columnTypeSchema = z.enum([
  "bool",
  "int",
  "long",
  "real",
  "decimal",
  "datetime",
  "timespan",
  "guid",
  "string",
  "dynamic",
]);

export const columnSchema = z.object({
  name: z.string(),
  type: columnTypeSchema,
  docstring: z.string().optional(),
  /** Present on a column that the table's query makes, and the source's table doesn't have. */
  computed: z.boolean().optional(),
});

/**
 * The part of a table that one window holds.
 * `time`: ingestion times from `from` (inclusive) to `to` (exclusive), either end open.
 * `untimed`: the rows without an ingestion time. `whole`: a snapshot table's content.
 */
export const windowRangeSchema = z.object({
  kind: z.enum(["time", "untimed", "whole"]),
  from: tick.optional(),
  to: tick.optional(),
  /** Rows counted at planning: an estimate for progress, never a proof. */
  rows: z.number().int().nonnegative(),
});

/** Signature of a table that is replaced as a whole and that cursors follow: no digest of its extents says what was copied. */
export const FOLLOWED = "followed";

export const plannedTableSchema = z.object({
  name: z.string(),
  folder: z.string(),
  docstring: z.string(),
  columns: z.array(columnSchema),
  /** The pipes that the table is read through, as they follow its name; absent where all of it is copied. */
  query: z.string().optional(),
  format: z.enum(["csv", "parquet"]),
  /** Rows after this cursor; absent when the table is copied from its beginning. */
  after: z.string().optional(),
  /** Rows before or at this cursor: B of the iteration, or what an unfinished backfill goes up to. */
  upTo: z.string(),
  /** Present on a table that is replaced as a whole: tells whether a snapshot table changed since. */
  signature: z.string().optional(),
  /** Present on a table that is copied whole once more because it was asked for. */
  resync: z.boolean().optional(),
  /**
   * Present on a table of which only these days are copied once more, up to its committed cursor, and take the place of what
   * the destination holds of them.
   */
  days: z.array(daySchema).min(1).optional(),
  /** With `days`: rows that the destination held outside of any day when this was planned, as they have no ingestion time. */
  undated: z.number().int().nonnegative().optional(),
  windows: z.array(windowRangeSchema),
});

const exportedSchema = z.object({
  window: z.string(),
  attempt: z.number().int(),
  /** URL of the lake folder that the files are in; absent where it is the job's own. */
  lake: z.string().optional(),
  /** Folder of the attempt, below that lake folder, and the names of its files in it. */
  folder: z.string(),
  files: z.array(z.string()),
  bytes: z.number().int().nonnegative(),
  content: contentSchema,
  /** Creation time that the copied extents get, ISO; absent where the source has none. */
  created: z.string().optional(),
  /** UTC day of the rows' ingestion times; absent for rows without one. */
  day: z.string().optional(),
});

const stagedSchema = z.object({
  window: z.string(),
  attempt: z.number().int(),
  staging: z.string(),
  tag: z.string(),
  rows: z.number().int().nonnegative(),
  extents: z.array(z.string()),
});

const retrySchema = z.object({
  table: z.string().optional(),
  steps: z.number().int().positive(),
  /** Why, the last time. */
  reason: z.string(),
});

/** What a clean-up could not remove, and why. */
export const leftSchema = z.object({
  part: z.enum(["tags", "staging", "files"]),
  /** The tables whose extents carry tags still; the first few staging tables. Absent where it is of a lake, or nobody could look. */
  tables: z.array(z.string()).optional(),
  /** URL of the lake folder whose staged files stay. */
  lake: z.string().optional(),
  reason: z.string(),
});

/** An update policy that copies switch off: the target table, its policy before, and as it is set meanwhile (JSON). */
export const disabledPolicySchema = z.object({
  table: z.string(),
  policy: z.string(),
  disabled: z.string(),
});

const base = {
  number: z.number().int().nonnegative(),
  /** Number of the entry that opened the run. */
  run: z.number().int().nonnegative(),
  /** The run's own name for this write: with `run`, tells a repeated delivery from another writer. */
  step: z.string(),
  at: z.iso.datetime({ precision: null }),
};

/** One table's move. A snapshot of the log keeps it as it is in its entry: what it lost would be replaced for more than was meant. */
export const promotionMoveSchema = z.object({
  table: z.string(),
  staging: z.string(),
  windows: z.array(
    z.object({
      window: z.string(),
      tag: z.string(),
      rows: z.number().int(),
      extents: z.array(z.string()),
    }),
  ),
  /** What the table holds now is replaced: all of it, or what it holds of `days`. */
  replace: z.boolean(),
  days: z.array(daySchema).min(1).optional(),
});

const unmarkedSchema = z.discriminatedUnion("kind", [
  z.object({
    ...base,
    kind: z.literal("runOpened"),
    /** Marks what this log's copies create in the destination; drawn once, when the log begins. */
    copyId: z.string().regex(/^[0-9a-f]{8}$/),
    job: jobSchema,
    instance: z.string(),
  }),
  z.object({
    ...base,
    kind: z.literal("iterationPlanned"),
    iteration: z.number().int().positive(),
    lane: laneSchema,
    upTo: z.string(),
    /** When the cursor was read: what lag is counted from. */
    readAt: z.iso.datetime({ precision: null }),
    tables: z.array(plannedTableSchema),
    /** Tables of the job in which nothing came since their cursor: the commit moves their cursor too. */
    quiet: z.array(z.string()),
    /** Tables that this iteration can't copy, with the reason. */
    refused: z.array(
      z.object({
        table: z.string(),
        reason: z.string(),
        /** From which cursor it is copied once it can be, where the log doesn't know the table yet. */
        from: z.string().optional(),
      }),
    ),
    /** Requests to resynchronise days that can't be carried out and are given up, with the reason. */
    refusedDays: z.array(z.object({ table: z.string(), reason: z.string() })).optional(),
  }),
  z.object({
    ...base,
    kind: z.literal("progress"),
    iteration: z.number().int().positive(),
    exported: z.array(exportedSchema),
    staged: z.array(stagedSchema),
    /** Attempts given up: the window starts over with its export. */
    reset: z.array(z.object({ window: z.string(), attempt: z.number().int(), reason: z.string() })),
    parked: z.array(
      z.object({
        table: z.string(),
        reason: z.string(),
        /** The window whose last attempt failed, where one did. */
        window: z.string().optional(),
      }),
    ),
    /**
     * Steps that were tried again since the entry before that tells of any; without a table, steps of the run itself. Absent where
     * none was, and in logs from before they were counted.
     */
    retries: z.array(retrySchema).optional(),
  }),
  z.object({
    ...base,
    kind: z.literal("promotionIntended"),
    iteration: z.number().int().positive(),
    /** What will be moved: the staging table and the ids of the very extents that were verified. */
    moves: z.array(promotionMoveSchema),
  }),
  z.object({
    ...base,
    kind: z.literal("promoted"),
    iteration: z.number().int().positive(),
    windows: z.array(z.string()),
    /** Tables whose move could not be shown to be whole. */
    stopped: z.array(z.object({ table: z.string(), reason: z.string() })),
    /** Tables whose move the cluster refused with everything still in staging: the intent is taken back. */
    withdrawn: z.array(z.object({ table: z.string(), reason: z.string() })).default([]),
  }),
  z.object({
    ...base,
    kind: z.literal("iterationCommitted"),
    iteration: z.number().int().positive(),
    /** Given up at a cancellation: what was promoted counts, and the replica is no newer for it. */
    abandoned: z.boolean().optional(),
  }),
  z.object({
    ...base,
    kind: z.literal("cleaned"),
    iteration: z.number().int().positive(),
    /** All that could not be removed, of iterations before too; absent where nothing is left, and in logs from before it was told. */
    left: z.array(leftSchema).min(1).optional(),
    /** Why its event could not be published, nor those that wait; absent where none waits. */
    unpublished: z.string().optional(),
  }),
  z.object({ ...base, kind: z.literal("failed"), reason: z.string() }),
  z.object({
    ...base,
    kind: z.literal("resyncAccepted"),
    /** The request's own id: one that is met again, as its file could not be removed, changes nothing more. */
    request: z.string(),
    tables: z.array(z.string()),
    /** Present where only these days of the tables were asked for. */
    days: z.array(daySchema).min(1).optional(),
  }),
  z.object({
    ...base,
    kind: z.literal("runEnded"),
    outcome: z.enum(["paused", "cancelled", "stopped"]),
    reason: z.string(),
  }),
  z.object({
    ...base,
    kind: z.literal("mirrored"),
    /** What was created or altered at the destination besides tables and columns. */
    changes: z.array(z.string()),
    /** What could not be mirrored: all of it, in the place of what an earlier entry said. */
    warnings: z.array(z.object({ table: z.string(), reason: z.string() })),
  }),
  z.object({
    ...base,
    kind: z.literal("updatePoliciesDisabled"),
    policies: z.array(disabledPolicySchema),
  }),
  z.object({
    ...base,
    kind: z.literal("updatePoliciesRestored"),
    /** Tables whose policies are as they were, or are left as somebody has set them meanwhile. */
    tables: z.array(z.string()),
    /** What could not be restored, with the reason. */
    left: z.array(z.object({ table: z.string(), reason: z.string() })).default([]),
  }),
]);

/** An entry, as it is or as its file holds it. */
export const entrySchema = z.preprocess(withoutFormat, unmarkedSchema);

export type Entry = z.infer<typeof entrySchema>;
export type DisabledPolicy = z.infer<typeof disabledPolicySchema>;
export type EntryKind = Entry["kind"];
export type EntryOf<K extends EntryKind> = Extract<Entry, { kind: K }>;
export type Lane = z.infer<typeof laneSchema>;
export type Content = z.infer<typeof contentSchema>;
export type PlannedTable = z.infer<typeof plannedTableSchema>;
export type WindowRange = z.infer<typeof windowRangeSchema>;
export type PlannedColumn = z.infer<typeof columnSchema>;
export type ExportedWindow = z.infer<typeof exportedSchema>;
export type StagedWindow = z.infer<typeof stagedSchema>;
export type WindowReset = EntryOf<"progress">["reset"][number];
export type Parked = EntryOf<"progress">["parked"][number];
export type Left = z.infer<typeof leftSchema>;
export type Retry = z.infer<typeof retrySchema>;
export type PromotionMove = EntryOf<"promotionIntended">["moves"][number];

/** What a writer supplies of an entry: the log adds number, run, step and time. */
export type EntryBody = Entry extends infer E
  ? E extends Entry
    ? Omit<E, "number" | "run" | "step" | "at">
    : never
  : never;

/** Name of a window in its log: iteration, table's place in the plan, window's place in the table. */
export function windowId(iteration: number, table: number, window: number): string {
  return `${iteration}.${table}.${window}`;
}

/** Places of a window's table and of the window in it. Throws on what is no window id. */
export function windowPlace(id: string): { iteration: number; table: number; window: number } {
  const match = /^(\d+)\.(\d+)\.(\d+)$/.exec(id);
  if (!match) throw new Error(`"${id}" is no window id.`);
  return { iteration: Number(match[1]), table: Number(match[2]), window: Number(match[3]) };
}
