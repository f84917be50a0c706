import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import { configuredJob } from "../../activities/environment.ts";
import { jobDefinitionSchema } from "../../activities/jobs/definition.ts";
import { jobOfDefinition, readJobs } from "../../activities/jobs/jobs.ts";
import { describe } from "../../model/errors.ts";
import { type Job, jobSchema } from "../../model/job.ts";
import { mergeDefinitions } from "../../model/jobDefinition.ts";
import { readBody } from "../api/body.ts";
import { problem } from "../api/problem.ts";
import type { RouteBody } from "../api/route.ts";

/** What is copied: a job of the app by its name, or one that is described; what a request says comes before the job's. */
export const copyRequestSchema = jobDefinitionSchema
  .extend({
    job: jobSchema.shape.name
      .optional()
      .describe("Name of a job of the app; without one, the app's settings fill what is left out"),
  })
  .meta({ id: "CopyRequest", title: "Copy", description: "Which copy to run. It takes no credentials" });

export const copyRequestBody: RouteBody = {
  schema: copyRequestSchema,
  required: false,
  examples: {
    configured: {},
    job: { job: "storms" },
    described: {
      source: { cluster: "https://help.kusto.windows.net", database: "Samples" },
      destination: { cluster: "https://mycluster.eastus.kusto.windows.net", database: "Samples" },
      lake: "https://account.blob.core.windows.net/copy/folder",
      tables: { include: ["StormEvents", "US_*"] },
      backfillHorizon: "30d",
    },
  },
};

export type RequestedJob =
  | { readonly ok: true; readonly job: Job }
  | { readonly ok: false; readonly refusal: HttpResponseInit };

/** The job that a request asks for, or the problem to answer. */
export async function requestedJob(request: HttpRequest, now: Date): Promise<RequestedJob> {
  const read = await readBody(request, copyRequestSchema);
  if (!read.ok) return read;
  const { job: named, ...given } = read.value;
  const { jobs } = await readJobs(now);
  // A request that says nothing asks for the job of the settings, and is refused where that is.
  const name =
    named ??
    (Object.keys(given).length === 0 ? jobs.find(({ origin }) => origin === "settings")?.name : undefined);
  if (name !== undefined) {
    const known = jobs.find((each) => each.name === name);
    if (!known) {
      const detail = `There is no job ${name}. GET /api/jobs lists them.`;
      return refused(
        problem(400, "The request is not valid.", detail, { errors: [{ pointer: "/job", detail }] }),
      );
    }
    if (known.job === undefined) {
      const detail = known.problem ?? "";
      return refused(problem(409, "The job can't be run as it is defined.", detail, { job: name }));
    }
    if (known.origin !== "settings" || Object.keys(given).length > 0)
      return described(() => jobOfDefinition(name, mergeDefinitions(given, known.definition), now));
    return { ok: true, job: known.job };
  }
  return described(() => configuredJob(now, given));
}

function described(make: () => Job): RequestedJob {
  try {
    return { ok: true, job: make() };
  } catch (error) {
    return refused(problem(400, "The copy is not fully described.", describe(error)));
  }
}

function refused(refusal: HttpResponseInit): RequestedJob {
  return { ok: false, refusal };
}
