import { z } from "zod";
import { configuredJob } from "../activities/environment.ts";
import { parseKustoConnection } from "../kusto/connectionString.ts";
import { parseLake } from "../lake/location.ts";
import { describe } from "../model/errors.ts";
import { type Job, modeSchema } from "../model/job.ts";
import { parseHorizon } from "../model/settings.ts";
import type { FieldProblem } from "./problem.ts";

const clusterSchema = z.string().check((context) => {
  tell(context, () => {
    if (context.value.includes(";")) {
      throw new Error(
        "Give the cluster's URI alone: credentials belong into the app's settings, not into a request.",
      );
    }
    parseKustoConnection(context.value);
  });
});

const lakeSchema = z.string().check((context) => {
  tell(context, () => {
    if (parseLake(context.value).secret.kind !== "none") {
      throw new Error(
        "Give the folder's URL alone: credentials belong into the app's settings, not into a request.",
      );
    }
  });
});

const endpointSchema = z.strictObject({
  cluster: clusterSchema.optional(),
  database: z.string().min(1).optional(),
});
const namesSchema = z.array(z.string().min(1));

/** Body of `POST /api/copies`: all of it may be left out, and comes from the app's settings then. */
export const copyRequestSchema = z.strictObject({
  source: endpointSchema.optional(),
  destination: endpointSchema.optional(),
  lake: lakeSchema.optional(),
  tables: z.strictObject({ include: namesSchema.optional(), exclude: namesSchema.optional() }).optional(),
  backfillHorizon: z
    .string()
    .check((context) => tell(context, () => void parseHorizon(context.value, new Date())))
    .nullish(),
  mode: modeSchema.optional(),
});

export type CopyRequest = z.infer<typeof copyRequestSchema>;

/** The body read and held against the schema: every wrong field is named. */
export function readCopyRequest(
  text: string,
): { ok: true; request: CopyRequest } | { ok: false; errors: FieldProblem[] } {
  let body: unknown;
  try {
    body = text.trim() === "" ? {} : JSON.parse(text);
  } catch (error) {
    return { ok: false, errors: [{ pointer: "", detail: `The body is no JSON: ${describe(error)}` }] };
  }
  const parsed = copyRequestSchema.safeParse(body);
  if (parsed.success) return { ok: true, request: parsed.data };
  return { ok: false, errors: parsed.error.issues.flatMap(fieldProblems) };
}

/** The job of a request, the app's settings filling what it leaves out. Throws Terminal where both leave something out. */
export function jobOfRequest(request: CopyRequest, now: Date): Job {
  const job = configuredJob(now, {
    source: request.source?.cluster,
    destination: request.destination?.cluster,
    sourceDatabase: request.source?.database,
    destinationDatabase: request.destination?.database,
    lake: request.lake,
  });
  return {
    ...job,
    tables: {
      ...job.tables,
      include: request.tables?.include ?? job.tables.include,
      exclude: request.tables?.exclude ?? job.tables.exclude,
    },
    backfillHorizon:
      request.backfillHorizon === undefined
        ? job.backfillHorizon
        : request.backfillHorizon === null
          ? null
          : parseHorizon(request.backfillHorizon, now),
    mode: request.mode ?? job.mode,
  };
}

function fieldProblems(issue: z.core.$ZodIssue): FieldProblem[] {
  const pointer = issue.path
    .map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ pointer: `${pointer}/${key}`, detail: "There is no such field." }));
  }
  return [{ pointer, detail: issue.message }];
}

function tell(context: { value: string; issues: z.core.$ZodRawIssue[] }, check: () => void): void {
  try {
    check();
  } catch (error) {
    context.issues.push({ code: "custom", message: describe(error), input: context.value });
  }
}
