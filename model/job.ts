import { z } from "zod";
import { recordFrom, recordOf } from "./record.ts";

/** Which end of a copy: a cluster's query URI (never with credentials) and a database of it. */
export const endpointSchema = z.object({
  cluster: z.string().min(1),
  database: z.string().min(1),
});

export const modeSchema = z.enum(["backfill", "backfill-and-new", "new"]);
export const formatSchema = z.enum(["auto", "csv", "parquet"]);
export const existingRowsSchema = z.enum(["refuse", "keep"]);
export const ingestionSchema = z.enum(["queued", "direct"]);
/** When copied rows are shown: those of an iteration together, or each window's as soon as it is verified. */
export const visibilitySchema = z.enum(["iteration", "window"]);
/** How far the destination's schema follows: tables and columns; functions, mappings and policies too; or not at all. */
export const schemaModeSchema = z.enum(["tables", "all", "none"]);
/** What becomes of a destination's update policies that would run on copied rows. */
export const updatePoliciesSchema = z.enum(["refuse", "disable"]);

/** A number of concurrent operations, or a share of what the cluster's capacity allows. */
export const slotsSchema = z.union([
  z.object({ count: z.number().int().positive() }),
  z.object({ percent: z.number().positive().max(100) }),
]);

/**
 * What a copy does. It travels through Durable history and into the checkpoint log, so it never holds a secret:
 * credentials are looked up by cluster and lake from the app's settings where they are used.
 */
export const jobSchema = z.object({
  /** Names the job in instance ids, status rows and events. */
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/),
  source: endpointSchema,
  destination: endpointSchema,
  /** URL of the lake folder that holds the checkpoint log, without credentials. */
  lake: z.string().min(1),
  /** Further lake folders that staged files are spread over, as storage throttles by account. */
  stagingLakes: z.array(z.string().min(1)).default([]),
  /** How the clusters reach a lake, by its URL, where it isn't by the app's standard: never a secret. */
  lakeAccess: recordOf(z.string()).default(() => recordFrom<string>([])),
  tables: z.object({
    include: z.array(z.string().min(1)),
    exclude: z.array(z.string().min(1)),
    /** Tables copied whole when they changed, whatever their ingestion-time policy. */
    snapshot: z.array(z.string().min(1)),
    /** Pipes appended to a table's rows, by table name, in place of the job's own `query`; an empty text for none. */
    queries: recordOf(z.string()).default(() => recordFrom<string>([])),
  }),
  /** Pipes appended to the rows of every table that has none of its own: `| where … | project …`. */
  query: z.string().nullable().default(null),
  /** Target time between two iterations, milliseconds. */
  rpoMs: z.number().int().positive(),
  /** Rows ingested before this moment (ISO) are left out; null copies all history. */
  backfillHorizon: z.iso.datetime({ precision: null }).nullable(),
  mode: modeSchema,
  format: formatSchema,
  /** What to do where a destination table holds rows before its first copy. */
  existingRows: existingRowsSchema,
  ingestion: ingestionSchema,
  visibility: visibilitySchema.default("iteration"),
  schema: schemaModeSchema.default("tables"),
  updatePolicies: updatePoliciesSchema.default("refuse"),
  slots: z.object({ export: slotsSchema, ingestion: slotsSchema, query: slotsSchema }),
  /** Upper bound of rows planned into one window. */
  windowRows: z.number().int().positive(),
  /** Attempts at one window before its table is parked. */
  maxAttempts: z.number().int().positive(),
  /** Pause between two rounds of a run, milliseconds. */
  pollMs: z.number().int().positive(),
  /** After how long an ingestion that hasn't arrived is tried again, milliseconds. */
  ingestionTimeoutMs: z.number().int().positive(),
});

export type Job = z.infer<typeof jobSchema>;
export type Slots = z.infer<typeof slotsSchema>;

/** The text of the pipes that a table is read through: its own, or the job's. */
export function queryOf(job: Job, table: string): string {
  return job.tables.queries[table] ?? job.query ?? "";
}

/** The slots to use of a capacity; at least one, so that a busy cluster still makes progress. */
export function slotsOf(slots: Slots, capacity: number): number {
  if ("count" in slots) return slots.count;
  return Math.max(1, Math.floor((capacity * slots.percent) / 100));
}
