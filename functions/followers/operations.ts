import { randomUUID } from "node:crypto";
import type { HttpRequest, HttpResponseInit, InvocationContext } from "@azure/functions";
import * as df from "durable-functions";
import { z } from "zod";
import { appSettings } from "../../activities/settings.ts";
import { COPY_STATES } from "../../model/copyView.ts";
import { type FollowerReport, followerReportSchema } from "../../model/followers/reports.ts";
import { FOLLOWER_ORCHESTRATION } from "../../orchestrators/followers/index.ts";
import { readBody } from "../api/body.ts";
import { problem } from "../api/problem.ts";
import type { Route, RouteAnswer } from "../api/route.ts";
import { startedSchema } from "../api/views.ts";
import { parsed, stateOf, statusById } from "../copies/instances.ts";

const RETRY_AFTER_SECONDS = "2";
const EXAMPLE_ID = "attachDatabases:3b241101-e2bb-4255-8caf-4136c566a962";

const progressSchema = z.looseObject({
  step: z.string().optional(),
  done: z.number().optional(),
  failed: z.number().optional(),
  of: z.number().optional(),
});

const operationSchema = z
  .strictObject({
    id: z.string(),
    state: z.enum(COPY_STATES),
    error: z.string().nullable().describe("Why it failed, or what it waits for"),
    progress: progressSchema.nullable(),
    report: followerReportSchema
      .nullable()
      .describe("What came of it; its `outcome` says whether all is done"),
  })
  .meta({ id: "FollowerOperation" });

/** Begins what a request asks for, and says where it is looked at. */
export async function begin(
  kind: keyof typeof FOLLOWER_ORCHESTRATION,
  schema: z.ZodType,
  request: HttpRequest,
  context: InvocationContext,
): Promise<HttpResponseInit> {
  const read = await readBody(request, schema);
  if (!read.ok) return read.refusal;
  const orchestration = FOLLOWER_ORCHESTRATION[kind];
  const id = `${orchestration}:${randomUUID()}`;
  const input = { request: read.value, pollMs: appSettings().KUSTO_COPY_POLL };
  await df.getClient(context).startNew(orchestration, { instanceId: id, input });
  const statusUrl = new URL(`/api/followers/operations/${encodeURIComponent(id)}`, request.url).toString();
  return {
    status: 202,
    headers: { location: statusUrl, "retry-after": RETRY_AFTER_SECONDS },
    jsonBody: { id, statusUrl },
  };
}

/** What every request that begins something answers. */
export const BEGUN: Readonly<Record<number, RouteAnswer>> = {
  202: {
    description: "It was begun",
    schema: startedSchema,
    headers: {
      Location: "Where it is looked at",
      "Retry-After": "When that is worth it, in seconds",
    },
    example: {
      id: EXAMPLE_ID,
      statusUrl: `https://app.azurewebsites.net/api/followers/operations/${encodeURIComponent(EXAMPLE_ID)}`,
    },
  },
};

async function getFollowerOperation(
  request: HttpRequest,
  context: InvocationContext,
): Promise<HttpResponseInit> {
  const id = request.params.id ?? "";
  const status = await statusById(df.getClient(context), id);
  const known: readonly string[] = Object.values(FOLLOWER_ORCHESTRATION);
  if (status === undefined || !known.includes(status.name))
    return problem(
      404,
      "There is no such operation.",
      `No operation on followers has the id ${id}. List what is attached: GET /api/followers.`,
    );
  const state = stateOf(status);
  const report: FollowerReport | null =
    state.state === "succeeded" ? followerReportSchema.parse(parsed(status.output)) : null;
  const progress = progressSchema.safeParse(parsed(status.customStatus));
  const waiting = state.state === "running" ? { headers: { "retry-after": RETRY_AFTER_SECONDS } } : {};
  return {
    ...waiting,
    jsonBody: { id, ...state, progress: progress.success ? progress.data : null, report },
  };
}

export const operationRoute: Route = {
  name: "getFollowerOperation",
  method: "GET",
  path: "followers/operations/{id}",
  summary: "How attaching, detaching, overriding or verifying stands",
  parameters: {
    id: { in: "path", description: "Id of the operation, percent-encoded", example: EXAMPLE_ID },
  },
  answers: {
    200: {
      description: "The operation; its report is null until it has ended",
      schema: operationSchema,
      example: {
        id: EXAMPLE_ID,
        state: "running",
        error: null,
        progress: { step: "attaching", done: 1, failed: 0, of: 3 },
        report: null,
      },
    },
  },
  problems: { 404: "There is no such operation" },
  handler: getFollowerOperation,
};
