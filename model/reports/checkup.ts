import { z } from "zod";
import { endpointSchema } from "../job.ts";

/** Where a check looked. */
export const checkFamilySchema = z.enum([
  "settings",
  "source",
  "destination",
  "ingestion",
  "lake",
  "events",
  "job",
]);

export const checkStateSchema = z
  .enum(["ok", "warning", "failed", "unknown"])
  .describe(
    "`ok`. `warning`: the job runs, with the consequence that is told. `failed`: the job can't run, or would lose something. `unknown`: it could not be checked, for the reason that was seen.",
  );

export const checkSchema = z.object({
  family: checkFamilySchema,
  name: z.string().describe("The same in every report: `read operations`."),
  state: checkStateSchema,
  seen: z.string().describe("What was asked and what came of it, in a cluster's own words where it refused."),
  why: z.string().describe("Why the job needs it."),
  fix: z
    .string()
    .nullable()
    .describe("What to do, with the command where there is one; null where it is well."),
});

/** Every permission, policy, network path and setting that a job needs, checked without changing anything but a probe. */
export const checkupReportSchema = z.object({
  job: z.string(),
  source: endpointSchema,
  destination: endpointSchema,
  lake: z.string(),
  at: z.iso.datetime({ precision: null }),
  verdict: z
    .enum(["ok", "warnings", "failed"])
    .describe("`failed`: one check or more failed. `warnings`: none, but some warn or could not be made."),
  checks: z.array(checkSchema),
  totals: z.object({
    ok: z.number().int().nonnegative(),
    warning: z.number().int().nonnegative(),
    failed: z.number().int().nonnegative(),
    unknown: z.number().int().nonnegative(),
  }),
});

export type CheckFamily = z.infer<typeof checkFamilySchema>;
export type CheckState = z.infer<typeof checkStateSchema>;
export type Check = z.infer<typeof checkSchema>;
export type CheckupReport = z.infer<typeof checkupReportSchema>;

/** The report of checks that were made, in their order. */
export function checkupReport(
  parts: Pick<CheckupReport, "job" | "source" | "destination" | "lake" | "at">,
  checks: readonly Check[],
): CheckupReport {
  const count = (state: CheckState) => checks.filter((check) => check.state === state).length;
  const totals = {
    ok: count("ok"),
    warning: count("warning"),
    failed: count("failed"),
    unknown: count("unknown"),
  };
  const verdict = totals.failed > 0 ? "failed" : totals.warning + totals.unknown > 0 ? "warnings" : "ok";
  return { ...parts, verdict, checks: [...checks], totals };
}
