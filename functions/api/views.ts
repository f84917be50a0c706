import { z } from "zod";
import { jobDefinitionSchema } from "../../activities/jobs/definition.ts";
import { COPY_STATES, type CopyView } from "../../model/copyView.ts";
import { jobSchema } from "../../model/job.ts";

/* What the API answers, for its document and for programs that read it. */

const count = z.number().int().nonnegative();

const retriesViewSchema = z.strictObject({
  steps: count.describe("Steps that a cluster or the storage refused for now, and that were tried again"),
  attempts: count.describe("Attempts at a window that failed"),
  reason: z.string().nullable().describe("Why, the last time"),
});

/** A copy, as `GET /api/copies/{id}` answers it (model/copyView.ts). */
export const copyViewSchema: z.ZodType<CopyView> = z
  .strictObject({
    id: z.string().describe("Names the run: the job, its lake folder, and the number of its first log entry"),
    state: z
      .enum(COPY_STATES)
      .describe("`pausing` and `cancelling` until what is on its way has arrived or is given up"),
    iteration: count.nullable().describe("The iteration that is open, or was committed last"),
    lagSeconds: z
      .number()
      .nonnegative()
      .nullable()
      .describe("Since the source was read last for a committed iteration; null before the first"),
    tables: z.array(
      z.strictObject({
        name: z.string(),
        state: z.enum(["running", "succeeded", "failed"]),
        windows: z.strictObject({ total: count, exported: count, staged: count, promoted: count }),
        rows: count,
        bytes: count,
        retries: retriesViewSchema.describe("What was tried again of it"),
        error: z.string().nullable(),
      }),
    ),
    retries: retriesViewSchema.describe("What was tried again: of the tables, and steps of the run itself"),
    warnings: z
      .array(z.string())
      .readonly()
      .describe("What is worth knowing though it keeps nothing from being copied"),
    error: z.string().nullable().describe("Why it failed, ended or waits"),
  })
  .meta({ id: "Copy", description: "A copy: one run of a job" });

export const startedSchema = z
  .strictObject({ id: z.string(), statusUrl: z.url().describe("Where the copy is looked at") })
  .meta({ id: "Started" });

/** How a job stands; `refused`: its definition, or what it would share with another job; `unreadable`: its lake folder. */
export const jobStateSchema = z.enum([
  "idle",
  "running",
  "pausing",
  "cancelling",
  "paused",
  "cancelled",
  "failed",
  "refused",
  "unreadable",
]);

export type JobState = z.infer<typeof jobStateSchema>;

export const jobViewSchema = z
  .strictObject({
    name: jobSchema.shape.name,
    origin: z
      .enum(["file", "api", "settings"])
      .describe("`file`: declared in jobs.yaml; `api`: put over HTTP; `settings`: the app settings' own"),
    enabled: z.boolean().describe("Whether the timer runs it"),
    definition: jobDefinitionSchema.describe("As it is written; the app's settings fill the rest"),
    job: jobSchema.nullable().describe("What comes of it, settings filled in; null where it is refused"),
    state: jobStateSchema.describe(
      "`refused`: it can't be run as it is defined; `unreadable`: its lake folder can't be read now",
    ),
    lagSeconds: z.number().nonnegative().nullable().describe("As of the last committed iteration"),
    copy: z.string().nullable().describe("Id of the copy that works on it now"),
    error: z.string().nullable().describe("Why it is refused, unreadable, failed, paused or cancelled"),
  })
  .meta({ id: "Job", description: "A job and how it stands" });

export type JobView = z.infer<typeof jobViewSchema>;

export const jobsViewSchema = z
  .strictObject({
    jobs: z.array(jobViewSchema),
    problems: z.array(z.string()).describe("What is wrong beside the jobs: a file that can't be read"),
  })
  .meta({ id: "Jobs" });

export const healthSchema = z
  .strictObject({
    status: z.enum(["ok", "degraded"]),
    problems: z
      .array(z.string())
      .optional()
      .describe("Jobs that can't be run or read, and jobs' files, each with the reason"),
  })
  .meta({ id: "Health" });

/** A problem body (RFC 9457). */
export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().describe("What to do about it"),
    errors: z
      .array(
        z.strictObject({ pointer: z.string().describe("JSON pointer of the field"), detail: z.string() }),
      )
      .optional()
      .describe("Every wrong field of the body"),
  })
  .meta({ id: "Problem" });
