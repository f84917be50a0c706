import { setTimeout as sleep } from "node:timers/promises";
import type { HttpRequest, HttpResponseInit, InvocationContext } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import * as df from "durable-functions";
import { z } from "zod";
import { lakeOf } from "../../activities/environment.ts";
import { readJobs } from "../../activities/jobs/jobs.ts";
import { askFor, askResync, askStartOver, readControl } from "../../lake/control.ts";
import { readState } from "../../lake/log.ts";
import type { State } from "../../model/checkpoint/state.ts";
import { mayStartOver, waitingStartOver } from "../../model/control.ts";
import { Retryable } from "../../model/errors.ts";
import type { Job } from "../../model/job.ts";
import { readDays, refusedDays } from "../../model/resyncedDays.ts";
import { resyncedTables } from "../../model/resyncedTables.ts";
import { readBody } from "../api/body.ts";
import { problem } from "../api/problem.ts";
import type { Route } from "../api/route.ts";
import { startedSchema } from "../api/views.ts";
import { COPY_ANSWER, COPY_ID, unknownCopy, viewOf } from "./getCopies.ts";
import { type CopyInstance, copyById, unfinishedOn } from "./instances.ts";
import { accepted } from "./postCopies.ts";
import { BY_HTTP, isCopyOf, startRun } from "./startCopy.ts";

/*
 * What is asked of a copy is asked of its lake folder: of the run that works there now, and of those to come.
 *
 * Invariant: a run that is begun for a copy of a configured job has the job as it is configured now. What its instance was
 * given is of the day on which it began, and the timer would run the other; only a copy of no job is known by that alone. A
 * copy whose Durable history is gone is known by the job in its id.
 */

interface Target {
  readonly id: string;
  readonly client: DurableClient;
  readonly job: Job;
  readonly copy: CopyInstance | undefined;
}

async function targetOf(request: HttpRequest, context: InvocationContext): Promise<Target | undefined> {
  const id = request.params.id ?? "";
  const client = df.getClient(context);
  const copy = await copyById(client, id);
  const { jobs } = await readJobs(new Date());
  const configured = jobs.find((each) => each.job !== undefined && isCopyOf(id, each.job))?.job;
  const job = configured ?? copy?.job;
  return job ? { id, client, job, copy } : undefined;
}

/** Pauses or cancels. What was open when nothing ran is given up by a run that does nothing else. */
function ask(wanted: "pause" | "cancel") {
  return async (request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> => {
    const target = await targetOf(request, context);
    if (!target) return unknownCopy(request.params.id ?? "");
    const { client, job } = target;
    await askFor(lakeOf(job.lake), wanted, BY_HTTP);
    let running = await unfinishedOn(client, job.lake);
    if (wanted === "cancel" && !running) {
      const state = await readState(lakeOf(job.lake));
      if (state.open.forward || state.open.backfill) {
        await startRun(client, state.job ?? job, state);
        running = await unfinishedOn(client, job.lake);
      }
    }
    const shown = running ?? target.copy;
    if (shown) return { status: 202, jsonBody: await viewOf(shown) };
    const instance = { id: target.id, state: "succeeded" as const, committed: [], error: null, job };
    return { status: 202, jsonBody: await viewOf(instance) };
  };
}

async function resume(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const target = await targetOf(request, context);
  if (!target) return unknownCopy(request.params.id ?? "");
  const read = await readBody(request, resumeSchema);
  if (!read.ok) return read.refusal;
  const lake = lakeOf(target.job.lake);
  const state = await readState(lake);
  let startsOver: boolean;
  if (read.value.startOver) {
    if (!mayStartOver(await readControl(lake), state))
      return problem(409, "The copy is neither paused nor cancelled.", START_OVER_INSTEAD, {
        lake: target.job.lake,
      });
    const { tables } = resyncedTables(state, ["*"]);
    await askStartOver(lake, tables, BY_HTTP, state.resyncs);
    startsOver = tables.length > 0;
  } else {
    const startOver = await askFor(lake, "run", BY_HTTP);
    startsOver = waitingStartOver({ startOver }, state) !== undefined;
  }
  const answer = accepted(request, await runningOn(target));
  return { ...answer, jsonBody: { ...startedSchema.parse(answer.jsonBody), startsOver } };
}

const START_OVER_INSTEAD =
  'It goes on where it stands. To copy all its tables whole once more: POST /api/copies/{id}/resync with {"tables": ["*"]}.';

export const resumeSchema = z
  .strictObject({
    startOver: z
      .boolean()
      .default(false)
      .describe(
        "Of a copy that is paused or cancelled: copy all tables that it knows whole once more, in place of what the destination holds",
      ),
  })
  .meta({ id: "ResumeRequest" });

export const resumedSchema = startedSchema
  .extend({
    startsOver: z
      .boolean()
      .describe(
        "Whether all its tables are copied whole once more: asked for now, or by an earlier request that still waits",
      ),
  })
  .meta({ id: "Resumed" });

export const resyncSchema = z
  .strictObject({
    tables: z
      .array(z.string().min(1))
      .min(1)
      .describe(
        "Tables that the copy knows, to copy once more in place of what the destination holds; `*` stands for any characters",
      ),
    days: z
      .array(z.string())
      .min(1)
      .optional()
      .describe(
        "Only these UTC days of the source's ingestion time (`2026-11-20`, `2026-11-20..2026-11-23`); the tables whole without it",
      ),
  })
  .meta({ id: "ResyncRequest" });

/** What is wrong with the days of a request, where something is. */
function daysProblem(
  state: State,
  tables: readonly string[],
  written: ReturnType<typeof readDays>,
): HttpResponseInit | undefined {
  const errors = [
    ...written.problems.map(({ at, detail }) => ({ pointer: `/days/${at}`, detail })),
    ...refusedDays(state, tables, written.days, new Date()).map(({ about, detail }) => ({
      pointer: `/${about}`,
      detail,
    })),
  ];
  if (errors.length === 0) return undefined;
  return problem(400, "The request is not valid.", errors.map(({ detail }) => detail).join(" "), { errors });
}

export const resyncAnswerSchema = z
  .strictObject({
    request: z.string().describe("Id of the request, as the checkpoint log takes it in"),
    tables: z.array(z.string()),
    days: z.array(z.string()).nullable().describe("Each day, or null for the tables whole"),
    applied: z.enum(["now", "whenResumed"]).describe("`whenResumed`: the copy is paused or cancelled"),
    id: z.string().nullable().describe("The copy that applies it; null until it is resumed"),
    statusUrl: z.url().nullable(),
  })
  .meta({ id: "Resync" });

async function resync(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const target = await targetOf(request, context);
  if (!target) return unknownCopy(request.params.id ?? "");
  const read = await readBody(request, resyncSchema);
  if (!read.ok) return read.refusal;
  const lake = lakeOf(target.job.lake);
  const state = await readState(lake);
  const { tables, unknown } = resyncedTables(state, read.value.tables);
  // A request that names what there isn't would be taken in, and would change nothing.
  if (unknown.length > 0) {
    const detail = `The checkpoint log knows no table ${unknown.join(", ")}. Names are told apart by case; \`*\` stands for any characters.`;
    return problem(400, "The request is not valid.", detail, {
      errors: unknown.map((name) => ({
        pointer: `/tables/${read.value.tables.indexOf(name)}`,
        detail: "The checkpoint log knows no such table.",
      })),
    });
  }
  const written = read.value.days && readDays(read.value.days);
  const refusal = written && daysProblem(state, tables, written);
  if (refusal !== undefined) return refusal;
  const days = written?.days;
  const asked = { request: await askResync(lake, tables, BY_HTTP, days), tables, days: days ?? null };
  const { wanted } = await readControl(lake);
  if (wanted !== "run")
    return { status: 202, jsonBody: { ...asked, applied: "whenResumed", id: null, statusUrl: null } };
  const answer = accepted(request, await runningOn(target));
  return { ...answer, jsonBody: { ...asked, applied: "now", ...startedSchema.parse(answer.jsonBody) } };
}

/** How long a run that was paused may take to end, once the log says that it has. */
const ENDING_MS = 15_000;

/** The id of the run that works on a target's folder, started if there is none; one that is about to end is waited for. */
async function runningOn({ client, job }: Target): Promise<string> {
  const end = Date.now() + ENDING_MS;
  for (;;) {
    const running = await unfinishedOn(client, job.lake);
    if (!running) break;
    const { run, ended } = await readState(lakeOf(job.lake));
    if (ended === undefined || run?.instance !== running.id) return running.id;
    if (Date.now() > end)
      throw new Retryable(`Copy ${running.id} is still ending.`, {}, { advice: "Try again in a moment." });
    await sleep(250);
  }
  const started = await startRun(client, job);
  return started.kind === "started" ? started.id : started.by.id;
}

const UNKNOWN = { 404: "There is no such copy", 503: "The lake can't be reached now" };
const STARTED = {
  id: "copy:default:2:5f70bf18-7",
  statusUrl: "https://app.azurewebsites.net/api/copies/copy%3Adefault%3A2%3A5f70bf18-7",
};

export const controlRoutes: readonly Route[] = [
  {
    name: "pauseCopy",
    method: "POST",
    path: "copies/{id}/pause",
    summary:
      "Pause a copy: what is on its way is waited for, and nothing starts on its lake folder until it is resumed",
    parameters: { id: COPY_ID },
    answers: { 202: COPY_ANSWER },
    problems: UNKNOWN,
    handler: ask("pause"),
  },
  {
    name: "resumeCopy",
    method: "POST",
    path: "copies/{id}/resume",
    summary: "Let a paused or cancelled copy run again, or start over: a run is started unless one runs",
    parameters: { id: COPY_ID },
    body: { schema: resumeSchema, required: false, examples: { startOver: { startOver: true } } },
    answers: {
      202: { description: "The run", schema: resumedSchema, example: { ...STARTED, startsOver: false } },
    },
    problems: {
      400: "Every wrong field is named",
      409: "The copy is neither paused nor cancelled, and can't start over",
      ...UNKNOWN,
    },
    handler: resume,
  },
  {
    name: "cancelCopy",
    method: "POST",
    path: "copies/{id}/cancel",
    summary:
      "Cancel a copy: what isn't shown yet is given up, a start over that waits withdrawn, and the timer starts it no more; a start begins anew",
    parameters: { id: COPY_ID },
    answers: { 202: COPY_ANSWER },
    problems: UNKNOWN,
    handler: ask("cancel"),
  },
  {
    name: "resyncCopy",
    method: "POST",
    path: "copies/{id}/resync",
    summary: "Copy tables once more, whole or days of them, in place of what the destination holds",
    parameters: { id: COPY_ID },
    body: {
      schema: resyncSchema,
      required: true,
      examples: {
        one: { tables: ["StormEvents"] },
        days: { tables: ["StormEvents"], days: ["2026-11-20", "2026-11-22..2026-11-23"] },
      },
    },
    answers: {
      202: {
        description: "It was asked for",
        schema: resyncAnswerSchema,
        example: {
          request: "0123456789abcdef",
          tables: ["StormEvents"],
          days: null,
          applied: "now",
          ...STARTED,
        },
      },
    },
    problems: { 400: "Every wrong field is named", ...UNKNOWN },
    handler: resync,
  },
];
