import { z } from "zod";
import { endpointSchema } from "../job.ts";
import { bounded, listBounds } from "./bounded.ts";

export const verifiedStateSchema = z
  .enum(["equal", "different", "changed", "notCopied", "stopped", "gone", "unknown"])
  .describe(
    "`equal`: the destination holds what the source holds of it, by count and content. `different`: it doesn't. `changed`: it doesn't, and the source itself holds fewer or other rows than were copied, so the copy may well be right. `notCopied`: nothing of it is committed yet. `stopped`: the copy of it has stopped. `gone`: the source has no such table any more. `unknown`: it could not be compared.",
  );

const sideSchema = z.object({
  rows: z.number().int().nonnegative(),
  hash: z.string().describe("Of the rows in any order; equal for equal rows."),
});

export const differingDaySchema = z.object({
  day: z
    .string()
    .nullable()
    .describe("UTC day of the source's ingestion time, yyyy-mm-dd; null for rows without one."),
  source: z.number().int().nonnegative().describe("Rows of that day at the source."),
  destination: z.number().int().nonnegative().describe("Rows of that day at the destination."),
});

export const verifiedTableSchema = z.object({
  name: z.string(),
  state: verifiedStateSchema,
  source: sideSchema
    .nullable()
    .describe("What the destination should hold: rows up to the table's committed cursor."),
  destination: sideSchema.nullable().describe("All rows of the destination's table."),
  days: z
    .array(differingDaySchema)
    .describe(
      "Days on which the two sides differ, oldest first, at most a hundred; empty where they can't be told.",
    ),
  moreDays: z.number().int().nonnegative().describe("Differing days that are not listed."),
  reason: z.string().nullable(),
  advice: z.string().nullable().describe("What to do about it."),
});

/** Source against destination, by count and content, for the tables that the log of a job knows. */
export const verificationReportSchema = z.object({
  job: z.string(),
  source: endpointSchema,
  destination: endpointSchema,
  lake: z.string(),
  at: z.iso.datetime({ precision: null }),
  verdict: z
    .enum(["equal", "different", "incomplete"])
    .describe(
      "`equal`: every table is. `different`: one differs, has stopped, or is gone. `incomplete`: none differs, but some are not copied yet or could not be compared.",
    ),
  tables: z.array(verifiedTableSchema).describe("Those that aren't equal first."),
  ...listBounds,
  totals: z.object({
    equal: z.number().int().nonnegative(),
    different: z.number().int().nonnegative(),
    changed: z.number().int().nonnegative(),
    notCopied: z.number().int().nonnegative(),
    stopped: z.number().int().nonnegative(),
    gone: z.number().int().nonnegative(),
    unknown: z.number().int().nonnegative(),
    rows: z
      .number()
      .int()
      .nonnegative()
      .describe("Rows at the destination, of the tables that were compared."),
  }),
});

export type VerifiedTable = z.infer<typeof verifiedTableSchema>;
export type VerifiedState = z.infer<typeof verifiedStateSchema>;
export type DifferingDay = z.infer<typeof differingDaySchema>;
export type VerificationReport = z.infer<typeof verificationReportSchema>;
export type VerificationTotals = VerificationReport["totals"];

export const noTotals: VerificationTotals = {
  equal: 0,
  different: 0,
  changed: 0,
  notCopied: 0,
  stopped: 0,
  gone: 0,
  unknown: 0,
  rows: 0,
};

/** Differing days that a table lists. */
export const DAYS_IN_FULL = 100;

/** What a verification has found so far: small enough to be carried from one generation of it to the next. */
export interface Found {
  readonly tables: readonly VerifiedTable[];
  readonly more: number;
  readonly totals: VerificationTotals;
}

export const nothingFound: Found = { tables: [], more: 0, totals: noTotals };

/** Takes in more tables: those that aren't equal stay first, and what a message can't carry is counted. */
export function withFound(found: Found, tables: readonly VerifiedTable[]): Found {
  const totals = { ...found.totals };
  for (const { state, destination } of tables) {
    totals[state] += 1;
    totals.rows += destination?.rows ?? 0;
  }
  const sorted = [...found.tables, ...tables].toSorted(
    (a, b) => Number(a.state === "equal") - Number(b.state === "equal") || (a.name < b.name ? -1 : 1),
  );
  const { items, more } = bounded(sorted);
  return { tables: items, more: found.more + more, totals };
}

export function verdictOf(totals: VerificationTotals): VerificationReport["verdict"] {
  if (totals.different + totals.changed + totals.stopped + totals.gone > 0) return "different";
  return totals.notCopied + totals.unknown > 0 ? "incomplete" : "equal";
}

/** The report of what was found in the end. */
export function verificationReport(
  parts: Pick<VerificationReport, "job" | "source" | "destination" | "lake" | "at">,
  { tables, more, totals }: Found,
): VerificationReport {
  return { ...parts, verdict: verdictOf(totals), tables: [...tables], more, totals };
}
