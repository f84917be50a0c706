import { z } from "zod";
import { jobSchema } from "../job.ts";
import { recordFrom, recordOf } from "../record.ts";
import { retriesSchema } from "../retries.ts";
import {
  columnSchema,
  contentSchema,
  daySchema,
  disabledPolicySchema,
  type Lane,
  laneSchema,
  leftSchema,
  plannedTableSchema,
  promotionMoveSchema,
  windowRangeSchema,
} from "./entries.ts";

/** Where one window stands, by the log. */
export const windowStateSchema = z.object({
  stage: z.enum(["planned", "exported", "staged", "promoted"]),
  attempt: z.number().int().nonnegative(),
  lake: z.string().optional(),
  folder: z.string().optional(),
  files: z.array(z.string()).optional(),
  bytes: z.number().optional(),
  content: contentSchema.optional(),
  created: z.string().optional(),
  day: z.string().optional(),
  staging: z.string().optional(),
  tag: z.string().optional(),
  rows: z.number().optional(),
  extents: z.array(z.string()).optional(),
  error: z.string().optional(),
});

export const openIterationSchema = z.object({
  iteration: z.number().int(),
  lane: laneSchema,
  upTo: z.string(),
  readAt: z.string(),
  plannedAt: z.string(),
  tables: z.array(plannedTableSchema),
  quiet: z.array(z.string()),
  refused: z.array(z.object({ table: z.string(), reason: z.string() })),
  /** By window id. */
  windows: z.record(z.string(), windowStateSchema),
  /** Reason by table name. */
  parked: recordOf(z.string()),
  /** Reason by table name, where a promotion could not be shown to be whole. */
  stopped: recordOf(z.string()),
  /** What was tried again of it, by table name; absent in logs from before it was counted. */
  retries: recordOf(retriesSchema).optional(),
  /** Steps of the run itself that were tried again while it was open. */
  waits: retriesSchema.optional(),
  /** Windows under an intent whose outcome isn't logged yet. */
  intended: z.array(promotionMoveSchema),
  committedAt: z.string().optional(),
});

/** Windows that an iteration planned and didn't promote, though others of the table are shown: planned again as they are. */
export const owedSchema = z.object({
  lane: laneSchema,
  after: z.string().optional(),
  upTo: z.string(),
  windows: z.array(windowRangeSchema),
});

/** A snapshot from before each lane had its own holds one alone. */
function listed(owed: unknown): unknown {
  return Array.isArray(owed) ? owed : [owed];
}

/** What the log knows of a table of the job. */
export const tableStateSchema = z.object({
  /** Committed forward cursor: everything up to it is copied, but for an unfinished backfill. */
  cursor: z.string(),
  backfill: z.enum(["pending", "done", "none"]),
  /** The backfill goes up to this cursor. */
  backfillUpTo: z.string(),
  signature: z.string().optional(),
  /** The pipes that what the destination holds was read through, null for none; absent before the first commit. */
  query: z.string().nullable().optional(),
  error: z.string().optional(),
  /** Set where a promotion could not be shown to be whole: nothing is copied until the table is resynchronised. */
  stopped: z.string().optional(),
  /** Asked for: the table is copied whole once more, and takes the place of what the destination holds. */
  resync: z.boolean().optional(),
  /**
   * Asked for: these days are copied once more, and take the place of what the destination holds of them. `waits`: they were
   * tried in vain, and an iteration of what is new goes first. `reason`: why, for as long as they are not tried again.
   */
  days: z.object({ asked: z.array(daySchema), waits: z.boolean(), reason: z.string().optional() }).optional(),
  /** Columns of the source that were copied, as they were then; absent in logs from before they were kept. */
  columns: z.array(columnSchema).optional(),
  /** Folder and docstring of the source's table at the last commit. */
  folder: z.string().optional(),
  docstring: z.string().optional(),
  /** What is left of iterations of which a part was shown, at most one a lane: these windows and no others come next in it. */
  owed: z.preprocess(listed, z.array(owedSchema).min(1)).optional(),
});

export const finishedIterationSchema = z.object({
  iteration: z.number().int(),
  /** The run that committed it. */
  run: z.number().int(),
  lane: laneSchema,
  upTo: z.string(),
  readAt: z.string(),
  committedAt: z.string(),
  /** Given up at a cancellation: it is not a point in time that the destination stands at. */
  abandoned: z.boolean().optional(),
  tables: z.array(
    z.object({
      name: z.string(),
      windows: z.number(),
      rows: z.number(),
      bytes: z.number(),
      /** Where it was to replace days of the table, and brought nothing newer. */
      days: z.boolean().optional(),
      error: z.string().optional(),
      retries: retriesSchema.optional(),
    }),
  ),
  /** Steps of the run itself that were tried again while it was open. */
  waits: retriesSchema.optional(),
});

export const stateSchema = z.object({
  /** Number of the next entry. */
  next: z.number().int().nonnegative(),
  copyId: z.string().optional(),
  job: jobSchema.optional(),
  run: z
    .object({ id: z.number().int(), step: z.string(), instance: z.string(), openedAt: z.string() })
    .optional(),
  failed: z.string().optional(),
  /** How the last run ended where it was asked to. */
  ended: z
    .object({ outcome: z.enum(["paused", "cancelled", "stopped"]), reason: z.string(), at: z.string() })
    .optional(),
  /** The earliest horizon of the log's jobs; null where one had none: what a resynchronisation reaches back to. */
  horizon: z.string().nullable().optional(),
  /** Requests to resynchronise that were taken in, newest last. */
  resyncs: z.array(z.string()).default([]),
  /** Update policies of the destination that are switched off for the copy, and have to be restored. */
  disabledPolicies: z.array(disabledPolicySchema).default([]),
  /** What people should know of the destination, and what stops no copy. */
  warnings: z
    .array(
      z.object({ about: z.enum(["updatePolicy", "mirror", "days"]), table: z.string(), reason: z.string() }),
    )
    .default([]),
  tables: recordOf(tableStateSchema),
  lastIteration: z.number().int(),
  open: z.object({ forward: openIterationSchema.optional(), backfill: openIterationSchema.optional() }),
  /** Committed iterations that nobody has cleaned up after as yet, and whose event may not have been published. */
  toClean: z.array(openIterationSchema),
  /** What the last clean-up could not remove. The next one finds it again: staging tables and files by listing, tags on these tables. */
  left: z.array(leftSchema).optional(),
  /** Committed iterations whose events were refused, and why the last time. */
  unpublished: z.object({ iterations: z.array(z.number().int()).min(1), reason: z.string() }).optional(),
  finished: z.array(finishedIterationSchema),
  lastForward: z.object({ upTo: z.string(), readAt: z.string(), durationMs: z.number() }).optional(),
  /** When the cursor of the first backfill was read: until a forward iteration commits, what is copied is as of then. */
  historyReadAt: z.string().optional(),
});

export type WindowState = z.infer<typeof windowStateSchema>;
export type OpenIteration = z.infer<typeof openIterationSchema>;
export type Owed = z.infer<typeof owedSchema>;
export type TableState = z.infer<typeof tableStateSchema>;
export type FinishedIteration = z.infer<typeof finishedIterationSchema>;
export type State = z.infer<typeof stateSchema>;

export const emptyState: State = {
  next: 0,
  resyncs: [],
  disabledPolicies: [],
  warnings: [],
  tables: recordFrom<TableState>([]),
  lastIteration: 0,
  open: {},
  toClean: [],
  finished: [],
};

/** Iterations kept in the state for status; older ones stay in the log's entries. */
export const FINISHED_KEPT = 50;

/**
 * Requests to resynchronise that are remembered: one whose file could not be removed must never count as asked for again, and
 * each that is taken in tries once more to remove it.
 */
export const RESYNCS_KEPT = 10_000;

/** The open iteration of that number, in whichever lane it is. */
export function openIteration(state: State, iteration: number): OpenIteration | undefined {
  if (state.open.forward?.iteration === iteration) return state.open.forward;
  if (state.open.backfill?.iteration === iteration) return state.open.backfill;
  return undefined;
}

/** What is owed of a table in a lane. */
export function owedIn(lane: Lane, known: Pick<TableState, "owed"> | undefined): Owed | undefined {
  return known?.owed?.find((each) => each.lane === lane);
}

/** The same without what was owed in a lane, with what is owed in it now. */
export function owedAfter(lane: Lane, known: TableState | undefined, now?: Owed): Pick<TableState, "owed"> {
  const rest = (known?.owed ?? []).filter((each) => each.lane !== lane);
  const owed = now === undefined ? rest : [...rest, now];
  return owed.length === 0 ? {} : { owed };
}
