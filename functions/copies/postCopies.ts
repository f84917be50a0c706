import type { HttpRequest, HttpResponseInit, InvocationContext } from "@azure/functions";
import * as df from "durable-functions";
import { storageFailure } from "../../lake/failure.ts";
import { describe } from "../../model/errors.ts";
import { problem } from "../api/problem.ts";
import type { Route } from "../api/route.ts";
import { startedSchema } from "../api/views.ts";
import { copyRequestBody, requestedJob } from "./requestedJob.ts";
import { type Started, startCopy } from "./startCopy.ts";

const RETRY_AFTER_SECONDS = "5";

async function postCopies(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const asked = await requestedJob(request, new Date());
  if (!asked.ok) return asked.refusal;
  const { job } = asked;
  let started: Started;
  try {
    started = await startCopy(df.getClient(context), job);
  } catch (error) {
    return problem(503, "The copy could not be started.", describe(storageFailure(error)));
  }
  switch (started.kind) {
    case "started":
      return accepted(request, started.id);
    case "running":
      return problem(
        409,
        "A copy already works on this lake folder.",
        `Copy ${started.by.id} is ${started.by.state} on ${job.lake}.`,
        { id: started.by.id },
      );
    case "paused":
      return problem(
        409,
        "The copy is paused.",
        `Whoever asked for it was ${started.asked?.by ?? "unknown"}, at ${started.asked?.at ?? "an unknown time"}. Resume it: POST /api/copies/{id}/resume, or kusto-copy resume.`,
        { lake: job.lake },
      );
  }
}

/** A copy was started: where it is looked at, and when. */
export function accepted(request: HttpRequest, id: string): HttpResponseInit {
  const statusUrl = new URL(`/api/copies/${encodeURIComponent(id)}`, request.url).toString();
  return {
    status: 202,
    headers: { location: statusUrl, "retry-after": RETRY_AFTER_SECONDS },
    jsonBody: { id, statusUrl },
  };
}

export const postCopiesRoute: Route = {
  name: "postCopies",
  method: "POST",
  path: "copies",
  summary: "Copy a job now: one of the app's, or one that the request describes",
  body: copyRequestBody,
  answers: {
    202: {
      description: "It was started",
      schema: startedSchema,
      headers: {
        Location: "Where the copy is looked at",
        "Retry-After": "When that is worth it, in seconds",
      },
      example: {
        id: "copy:default:1:5f70bf18-0",
        statusUrl: "https://app.azurewebsites.net/api/copies/copy%3Adefault%3A1%3A5f70bf18-0",
      },
    },
  },
  problems: {
    400: "Every wrong field is named",
    409: "A copy works on the lake folder, and is named; or the copy is paused; or the job is refused",
    503: "The lake can't be reached now",
  },
  handler: postCopies,
};
