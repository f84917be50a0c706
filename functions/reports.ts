import { randomUUID } from "node:crypto";
import type { HttpRequest, HttpResponseInit, InvocationContext } from "@azure/functions";
import * as df from "durable-functions";
import { z } from "zod";
import { COPY_STATES } from "../model/copyView.ts";
import { checkupReportSchema } from "../model/reports/checkup.ts";
import { planReportSchema } from "../model/reports/plan.ts";
import { verificationReportSchema } from "../model/reports/verification.ts";
import { CHECK_JOB, PLAN_COPY, VERIFY_COPY } from "../orchestrators/index.ts";
import { problem } from "./api/problem.ts";
import type { Route } from "./api/route.ts";
import { startedSchema } from "./api/views.ts";
import { parsed, stateOf, statusById } from "./copies/instances.ts";
import { copyRequestBody, requestedJob } from "./copies/requestedJob.ts";

const RETRY_AFTER_SECONDS = "2";

/** What can be asked about a job: an orchestration that answers a report and changes nothing. */
interface Question {
  readonly route: string;
  readonly orchestration: string;
  readonly report: z.ZodType;
  /** What is found out, in words. */
  readonly about: string;
}

const QUESTIONS: readonly Question[] = [
  {
    route: "plans",
    orchestration: PLAN_COPY,
    report: planReportSchema,
    about: "Find out what a copy would do, without beginning it",
  },
  {
    route: "checks",
    orchestration: CHECK_JOB,
    report: checkupReportSchema,
    about: "Check every permission, policy, network path and setting that a job needs",
  },
  {
    route: "verifications",
    orchestration: VERIFY_COPY,
    report: verificationReportSchema,
    about: "Compare source and destination by count and content, table by table",
  },
];

/** Asks: the body is that of `POST /api/copies`. */
async function ask(
  question: Question,
  request: HttpRequest,
  context: InvocationContext,
): Promise<HttpResponseInit> {
  const asked = await requestedJob(request, new Date());
  if (!asked.ok) return asked.refusal;
  const { job } = asked;
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

function routesOf(question: Question): Route[] {
  const { route, orchestration, about } = question;
  const id = `${orchestration}:default:3b241101-e2bb-4255-8caf-4136c566a962`;
  return [
    {
      name: `post${named(route)}`,
      method: "POST",
      path: route,
      summary: about,
      body: copyRequestBody,
      answers: {
        202: {
          description: "It is being made",
          schema: startedSchema,
          headers: {
            Location: "Where the report will be",
            "Retry-After": "When that is worth a look, in seconds",
          },
          example: { id, statusUrl: `https://app.azurewebsites.net/api/${route}/${encodeURIComponent(id)}` },
        },
      },
      problems: { 400: "Every wrong field is named", 409: "The job is refused" },
      handler: (request, context) => ask(question, request, context),
    },
    {
      name: `get${named(route)}`,
      method: "GET",
      path: `${route}/{id}`,
      summary: `The report that POST /api/${route} began`,
      parameters: { id: { in: "path", description: "Id of the report, percent-encoded", example: id } },
      answers: {
        200: {
          description: "The report; null while it is being made, and where that failed",
          schema: z.strictObject({
            id: z.string(),
            state: z.enum(COPY_STATES),
            error: z.string().nullable(),
            report: question.report.nullable(),
          }),
          example: { id, state: "running", error: null, report: null },
        },
      },
      problems: { 404: "There is no such report" },
      handler: (request, context) => look(question, request, context),
    },
  ];
}

export const reportRoutes: readonly Route[] = QUESTIONS.flatMap(routesOf);

function named(route: string): string {
  return `${route.slice(0, 1).toUpperCase()}${route.slice(1)}`;
}
