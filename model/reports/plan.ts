import { z } from "zod";
import { laneSchema } from "../checkpoint/entries.ts";
import { endpointSchema } from "../job.ts";
import { bounded, listBounds } from "./bounded.ts";

/** What would become of a table. */
export const planTableStateSchema = z
  .enum(["copied", "prepared", "refused"])
  .describe(
    "`copied`: rows would be copied. `prepared`: nothing lies in it, and only its schema would be made at the destination. `refused`: it would not be copied, for the reason given; the other tables go on.",
  );

export const schemaChangeSchema = z.object({
  kind: z.enum(["createTable", "addColumns", "describe", "updatePolicy"]),
  text: z.string().describe("The change in words, names of columns and types included."),
});

export const planTableSchema = z.object({
  name: z.string(),
  iteration: z.number().int().positive().nullable().describe("Null for a table that no iteration takes."),
  lane: laneSchema.nullable().describe("Null for a table that no iteration takes."),
  state: planTableStateSchema,
  whole: z
    .boolean()
    .describe(
      "Whether it is copied whole and takes the place of what the destination holds (snapshot, resync).",
    ),
  days: z
    .array(z.string())
    .default([])
    .describe(
      "Days of ingestion that are copied once more in place of what the destination holds of them; empty where none was asked for.",
    ),
  windows: z
    .number()
    .int()
    .nonnegative()
    .describe("Units of export and ingestion that are still to be copied."),
  rows: z.number().int().nonnegative().describe("Rows to copy, as counted now and before the table's query."),
  bytes: z
    .number()
    .int()
    .nonnegative()
    .nullable()
    .describe(
      "Original size of the rows to copy: their share of what the table's extents held before compression, at most a quarter of an hour old. Null where the cluster doesn't tell.",
    ),
  format: z.enum(["csv", "parquet"]).nullable().describe("How its rows travel."),
  changes: z.array(schemaChangeSchema).describe("What the copy would change in the destination's schema."),
  reason: z.string().nullable().describe("Why it would be refused or parked, and what to do about it."),
  dropped: z
    .object({
      rows: z.number().int().nonnegative().describe("At least as many rows."),
      before: z.iso
        .datetime({ precision: null })
        .describe("Rows ingested before this moment are older than the retention."),
      softDeletePeriod: z
        .string()
        .describe("Of the destination's table, or of its database: `365.00:00:00`."),
    })
    .nullable()
    .describe("What the destination's retention would drop as soon as it is copied; null where nothing."),
});

export const planIterationSchema = z.object({
  iteration: z.number().int().positive(),
  lane: laneSchema,
  resumed: z
    .boolean()
    .describe("Whether it is in the log already, with work left to do; else it would be planned anew."),
  tables: z.number().int().nonnegative(),
  windows: z.number().int().nonnegative().describe("That are left to copy."),
  rows: z.number().int().nonnegative(),
  bytes: z.number().int().nonnegative().nullable(),
  quiet: z
    .number()
    .int()
    .nonnegative()
    .describe("Tables in which nothing new lies: only their cursor moves."),
});

export const estimateSchema = z
  .object({
    low: z.number().nonnegative().describe("Seconds, if all goes well."),
    high: z.number().nonnegative().describe("Seconds, on small or busy clusters."),
    slots: z.object({
      export: z.number().int().positive(),
      ingestion: z.number().int().positive(),
      query: z.number().int().positive(),
    }),
    how: z.string().describe("How the two numbers come about."),
  })
  .describe("How long the iterations of this plan take together.");

export const followerSchema = z
  .object({
    possible: z.enum(["yes", "no", "unknown"]),
    reason: z.string(),
  })
  .describe("Whether a follower database would share the data without copying it.");

/**
 * What the next run of a job would do, as the clusters and the log stand now. Nothing was changed anywhere to find out.
 */
export const planReportSchema = z.object({
  job: z.string(),
  source: endpointSchema,
  destination: endpointSchema,
  lake: z.string(),
  at: z.iso.datetime({ precision: null }),
  log: z
    .enum(["none", "known"])
    .describe(
      "Whether the lake folder holds a checkpoint log: without one, this is the plan of a first copy.",
    ),
  iterations: z.array(planIterationSchema).describe("In the order in which a run would begin them."),
  tables: z.array(planTableSchema).describe("Those that are refused first, then the largest."),
  ...listBounds,
  totals: z.object({
    copied: z.number().int().nonnegative(),
    prepared: z.number().int().nonnegative(),
    refused: z.number().int().nonnegative(),
    windows: z.number().int().nonnegative(),
    rows: z.number().int().nonnegative(),
    bytes: z.number().int().nonnegative().nullable(),
  }),
  estimate: estimateSchema
    .nullable()
    .describe("Null where there is nothing to copy, or the capacity can't be asked for."),
  follower: followerSchema,
  warnings: z
    .array(z.string())
    .describe(
      "What concerns the whole job: a destination that can't be written to, names that exist nowhere.",
    ),
});

export type PlanTable = z.infer<typeof planTableSchema>;
export type PlanIteration = z.infer<typeof planIterationSchema>;
export type PlanEstimate = z.infer<typeof estimateSchema>;
export type SchemaChange = z.infer<typeof schemaChangeSchema>;
export type PlanReport = z.infer<typeof planReportSchema>;

/** The report with its tables cut to what fits a message: refused ones first, then by rows. */
export function planReport(
  parts: Omit<PlanReport, "tables" | "more">,
  tables: readonly PlanTable[],
): PlanReport {
  const sorted = tables.toSorted(
    (a, b) => rank(a) - rank(b) || b.rows - a.rows || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
  const { items, more } = bounded(sorted);
  return { ...parts, tables: items, more };
}

function rank({ state }: PlanTable): number {
  return state === "refused" ? 0 : state === "copied" ? 1 : 2;
}
