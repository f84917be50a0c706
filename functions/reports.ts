import { randomUUID } from "node:crypto";
import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from "@azure/functions";
import * as df from "durable-functions";
import type { z } from "zod";
import { configuredJob } from "../activities/environment.ts";
import { describe } from "../model/errors.ts";
import { checkupReportSchema } from "../model/reports/checkup.ts";
import { planReportSchema } from "../model/reports/plan.ts";
import { verificationReportSchema } from "../model/reports/verification.ts";
import { CHECK_JOB, PLAN_COPY, VERIFY_COPY } from "../orchestrators/index.ts";
import { readCopyRequest } from "./copyRequest.ts";
import { parsed, stateOf, statusById } from "./instances.ts";
import { problem } from "./problem.ts";

const RETRY_AFTER_SECONDS = "2";

/** What can be asked about a job: an orchestration that answers a report and changes nothing. */
interface Question {
  readonly route: string;
  readonly orchestration: string;
  readonly report: z.ZodType;
}

const QUESTIONS: readonly Question[] = [
  { route: "plans", orchestration: PLAN_COPY, report: planReportSchema },
  { route: "checks", orchestration: CHECK_JOB, report: checkupReportSchema },
  { route: "verifications", orchestration: VERIFY_COPY, report: verificationReportSchema },
];

/** Asks: the body is that of `POST /api/copies`. */
async function ask(
  question: Question,
  request: HttpRequest,
  context: InvocationContext,
): Promise<HttpResponseInit> {
  const read = readCopyRequest(await request.text());
  if (!read.ok)
    return problem(400, "The request is not valid.", "Correct the fields that are named and send it again.", {
      errors: read.errors,
    });
  let job: ReturnType<typeof configuredJob>;
  try {
    job = configuredJob(new Date(), read.request);
  } catch (error) {
    return problem(400, "The job is not fully described.", describe(error));
  }
  const id = `${question.orchestration}:${job.name}:${randomUUID()}`;
  await df.getClient(context).startNew(question.orchestration, { instanceId: id, input: { job } });
  const statusUrl = new URL(`/api/${question.route}/${encodeURIComponent(id)}`, request.url).toString();
  return {
    status: 202,
    headers: { location: statusUrl, "retry-after": RETRY_AFTER_SECONDS },
    jsonBody: { id, statusUrl },
  };
}

/** The report, or how its making stands: `report` is null until then. */
async function look(
  question: Question,
  request: HttpRequest,
  context: InvocationContext,
): Promise<HttpResponseInit> {
  const id = request.params.id ?? "";
  const status = await statusById(df.getClient(context), id);
  if (status?.name !== question.orchestration)
    return problem(
      404,
      "There is no such report.",
      `No report has the id ${id}. POST /api/${question.route} makes one.`,
    );
  const state = stateOf(status);
  const report = state.state === "succeeded" ? question.report.parse(parsed(status.output)) : null;
  const waiting = state.state === "running" ? { headers: { "retry-after": RETRY_AFTER_SECONDS } } : {};
  return { ...waiting, jsonBody: { id, ...state, report } };
}

for (const question of QUESTIONS) {
  const { route } = question;
  app.http(`post${named(route)}`, {
    methods: ["POST"],
    route,
    authLevel: "function",
    extraInputs: [df.input.durableClient()],
    handler: (request, context) => ask(question, request, context),
  });
  app.http(`get${named(route)}`, {
    methods: ["GET"],
    route: `${route}/{id}`,
    authLevel: "function",
    extraInputs: [df.input.durableClient()],
    handler: (request, context) => look(question, request, context),
  });
}

function named(route: string): string {
  return `${route.slice(0, 1).toUpperCase()}${route.slice(1)}`;
}
