import type { HttpRequest, HttpResponseInit, InvocationContext } from "@azure/functions";
import * as df from "durable-functions";
import { z } from "zod";
import { lakeOf } from "../../activities/environment.ts";
import { jobsFolder } from "../../activities/jobs/declaredJobs.ts";
import { jobDefinitionSchema } from "../../activities/jobs/definition.ts";
import { jobOfDefinition, type KnownJob, overlapsWith, readJobs } from "../../activities/jobs/jobs.ts";
import { deleteStoredJob, readStoredJob, type StoredJob, writeStoredJob } from "../../lake/jobsStore.ts";
import type { Lake } from "../../lake/lake.ts";
import { readState } from "../../lake/log.ts";
import { describe } from "../../model/errors.ts";
import { type Job, jobSchema } from "../../model/job.ts";
import { readBody } from "../api/body.ts";
import { problem } from "../api/problem.ts";
import type { Parameter, Route } from "../api/route.ts";
import { jobsViewSchema, jobViewSchema } from "../api/views.ts";
import { unfinishedOn } from "../copies/instances.ts";
import { jobViews } from "./jobViews.ts";

async function listJobs(_: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const { jobs, problems } = await readJobs(new Date());
  return { jsonBody: { jobs: await jobViews(df.getClient(context), jobs), problems } };
}

async function getJob(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const name = request.params.name ?? "";
  return shown(context, name, 200);
}

async function putJob(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const name = request.params.name ?? "";
  if (!jobSchema.shape.name.safeParse(name).success)
    return problem(
      400,
      "The job's name can't be used.",
      "Use up to 63 letters, digits, dots, dashes and underscores, beginning with a letter or digit.",
    );
  const read = await readBody(request, jobDefinitionSchema);
  if (!read.ok) return read.refusal;
  const now = new Date();
  let job: Job;
  try {
    job = jobOfDefinition(name, read.value, now);
  } catch (error) {
    return problem(400, "The job is not fully described.", describe(error));
  }
  const { jobs } = await readJobs(now);
  const refusal = notOfTheApi(jobs.find((each) => each.name === name)) ?? overlapping(job, jobs);
  if (refusal) return refusal;
  const store = await storeOf(request, name);
  if ("refusal" in store) return store.refusal;
  const etag = await writeStoredJob(store.lake, name, read.value, store.stored ?? "nothing");
  return etag === undefined ? outrun(name) : shown(context, name, store.stored ? 200 : 201);
}

async function deleteJob(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const name = request.params.name ?? "";
  const known = (await readJobs(new Date())).jobs.find((each) => each.name === name);
  if (!known) return unknownJob(name);
  const refusal = notOfTheApi(known);
  if (refusal) return refusal;
  const store = await storeOf(request, name);
  if ("refusal" in store) return store.refusal;
  if (!store.stored) return unknownJob(name);
  if (!(await deleteStoredJob(store.lake, name, store.stored.etag))) return outrun(name);
  return { jsonBody: { name, stays: await whatStays(known, context) } };
}

/** What a deleted job leaves behind, in words: nothing is deleted but its definition. */
async function whatStays({ job }: KnownJob, context: InvocationContext): Promise<string[]> {
  if (!job) return ["Whatever it has copied, and its lake folder."];
  const copy = await unfinishedOn(df.getClient(context), job.lake);
  const state = await readState(lakeOf(job.lake)).catch(() => undefined);
  const tables = Object.keys(state?.tables ?? {}).length;
  return [
    `The lake folder ${job.lake} with its checkpoint log: a job that is put over it goes on from there.`,
    `The tables of database ${job.destination.database} at ${job.destination.cluster}${tables > 0 ? `, ${tables} of them copied` : ""}.`,
    ...(copy ? [`Copy ${copy.id}, which runs on until its iteration is in; cancel it to end it.`] : []),
  ];
}

async function shown(context: InvocationContext, name: string, status: number): Promise<HttpResponseInit> {
  const known = (await readJobs(new Date())).jobs.find((each) => each.name === name);
  if (!known) return unknownJob(name);
  const [view] = await jobViews(df.getClient(context), [known]);
  return {
    status,
    ...(known.etag === undefined ? {} : { headers: { etag: known.etag } }),
    jsonBody: view,
  };
}

/** Where jobs put over HTTP are kept, and the one of this name as it is there, if the request's conditions allow. */
async function storeOf(
  request: HttpRequest,
  name: string,
): Promise<{ lake: Lake; stored: StoredJob | undefined } | { refusal: HttpResponseInit }> {
  const lake = jobsFolder();
  if (!lake)
    return {
      refusal: problem(
        409,
        "There is no place to keep jobs in.",
        "Set KUSTO_COPY_LAKE, or KUSTO_COPY_JOBS to a lake folder.",
      ),
    };
  const stored = await readStoredJob(lake, name);
  const match = request.headers.get("if-match");
  const noneMatch = request.headers.get("if-none-match");
  const isSeen = match === null || (match === "*" ? stored !== undefined : match === stored?.etag);
  const isNew = noneMatch === null || (noneMatch === "*" ? stored === undefined : noneMatch !== stored?.etag);
  return isSeen && isNew ? { lake, stored } : { refusal: outrun(name) };
}

function notOfTheApi(known: KnownJob | undefined): HttpResponseInit | undefined {
  if (known === undefined || known.origin === "api") return undefined;
  const where = known.origin === "file" ? "declared in the jobs' file" : "the one of the app's settings";
  return problem(
    409,
    "The job isn't kept by this API.",
    `Job ${known.name} is ${where}: change it there, or use another name.`,
    { origin: known.origin },
  );
}

function overlapping(job: Job, jobs: readonly KnownJob[]): HttpResponseInit | undefined {
  const overlaps = overlapsWith(job, jobs);
  if (overlaps.length === 0) return undefined;
  const detail = overlaps
    .map(({ jobs: [a, b], what }) => `Jobs ${a} and ${b} would share ${what}.`)
    .join(" ");
  return problem(
    409,
    "The job would write over another one.",
    `${detail} Give it a lake folder and tables of its own (tables.include, tables.exclude).`,
    { jobs: overlaps.map((each) => each.jobs[1]) },
  );
}

function outrun(name: string): HttpResponseInit {
  return problem(
    412,
    "The job is not what it was.",
    `Somebody else has changed or deleted job ${name}, or put it first. GET /api/jobs/${name} shows it as it is, with its ETag.`,
  );
}

function unknownJob(name: string): HttpResponseInit {
  return problem(404, "There is no such job.", `No job is called ${name}. GET /api/jobs lists them.`);
}

const JOB_NAME: Parameter = { in: "path", description: "Name of the job", example: "storms" };
const IF_MATCH: Parameter = {
  in: "header",
  description: "ETag of the job as it was seen: it isn't touched if it has changed since",
};
const VIEW: z.infer<typeof jobViewSchema> = {
  name: "storms",
  origin: "api",
  enabled: true,
  definition: { source: { database: "Samples" }, tables: { include: ["Storm*"] }, rpo: "15m" },
  job: null,
  state: "refused",
  lagSeconds: null,
  copy: null,
  error: "The copy is not fully described: lake (KUSTO_COPY_LAKE) is not set.",
};
const deletedSchema = z
  .strictObject({ name: z.string(), stays: z.array(z.string()).describe("What isn't deleted") })
  .meta({ id: "DeletedJob" });

export const jobRoutes: readonly Route[] = [
  {
    name: "listJobs",
    method: "GET",
    path: "jobs",
    summary: "All jobs of the app, wherever they are declared, and how each stands",
    answers: {
      200: { description: "The jobs", schema: jobsViewSchema, example: { jobs: [VIEW], problems: [] } },
    },
    problems: {},
    handler: listJobs,
  },
  {
    name: "getJob",
    method: "GET",
    path: "jobs/{name}",
    summary: "A job and how it stands",
    parameters: { name: JOB_NAME },
    answers: {
      200: {
        description: "The job",
        schema: jobViewSchema,
        headers: { ETag: "Version of a job that was put over HTTP" },
        example: VIEW,
      },
    },
    problems: { 404: "There is no such job" },
    handler: getJob,
  },
  {
    name: "putJob",
    method: "PUT",
    path: "jobs/{name}",
    summary: "Add a job, or replace one that was put over HTTP",
    parameters: {
      name: JOB_NAME,
      "If-Match": IF_MATCH,
      "If-None-Match": { in: "header", description: "`*`: only where there is no job of this name" },
    },
    body: {
      schema: jobDefinitionSchema,
      required: true,
      examples: { storms: { source: { database: "Samples" }, tables: { include: ["Storm*"] }, rpo: "15m" } },
    },
    answers: {
      200: {
        description: "It was replaced",
        schema: jobViewSchema,
        headers: { ETag: "Its version" },
        example: VIEW,
      },
      201: {
        description: "It was added",
        schema: jobViewSchema,
        headers: { ETag: "Its version" },
        example: VIEW,
      },
    },
    problems: {
      400: "Every wrong field is named",
      409: "The name is a declared job's, or the job would share a lake folder or a table with another",
      412: "Somebody else was first",
    },
    handler: putJob,
  },
  {
    name: "deleteJob",
    method: "DELETE",
    path: "jobs/{name}",
    summary: "Forget a job that was put over HTTP; its data stays",
    parameters: { name: JOB_NAME, "If-Match": IF_MATCH },
    answers: {
      200: {
        description: "It is forgotten",
        schema: deletedSchema,
        example: {
          name: "storms",
          stays: ["The tables of database Samples at https://mycluster.kusto.windows.net."],
        },
      },
    },
    problems: {
      404: "There is no such job",
      409: "It is declared elsewhere",
      412: "Somebody else was first",
    },
    handler: deleteJob,
  },
];
