import type { HttpResponseInit } from "@azure/functions";
import { knownConnections } from "../activities/environment.ts";
import { readJobs } from "../activities/jobs/jobs.ts";
import { describe } from "../model/errors.ts";
import { problem } from "./api/problem.ts";
import type { Route } from "./api/route.ts";
import { healthSchema } from "./api/views.ts";
import { folderProblem } from "./jobs/jobViews.ts";

/** Load balancers ask often: what was found is told again for so long. */
const KEPT_MS = 10_000;

let kept: { readonly at: number; readonly problems: Promise<string[]> } | undefined;

/**
 * Whether the app runs, its settings can be used, and its jobs can be read. Asks nothing of the clusters: it answers load
 * balancers too, and a job that is wrong is no reason to take the app from the others.
 */
async function health(): Promise<HttpResponseInit> {
  try {
    knownConnections();
  } catch (error) {
    return problem(503, "The app's settings can't be used.", describe(error));
  }
  if (!kept || Date.now() - kept.at > KEPT_MS) kept = { at: Date.now(), problems: jobProblems() };
  const problems = await kept.problems;
  return { jsonBody: problems.length === 0 ? { status: "ok" } : { status: "degraded", problems } };
}

async function jobProblems(): Promise<string[]> {
  const { jobs, problems } = await readJobs(new Date());
  const ofJobs = jobs.map(async ({ name, job, problem: why }) => {
    const reason = job ? await folderProblem(job) : why;
    return reason === undefined ? [] : [`Job ${name}: ${reason}`];
  });
  return [...problems, ...(await Promise.all(ofJobs)).flat()];
}

export const healthRoute: Route = {
  name: "health",
  method: "GET",
  path: "health",
  summary: "Whether the app runs, its settings can be used, and its jobs can be read",
  answers: {
    200: {
      description: "It runs; `degraded` where a job can't be run or read",
      schema: healthSchema,
      example: { status: "ok" },
    },
  },
  problems: { 503: "The settings can't be used" },
  handler: health,
};
