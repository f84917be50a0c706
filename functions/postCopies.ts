import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from "@azure/functions";
import * as df from "durable-functions";
import { configuredJob } from "../activities/environment.ts";
import { storageFailure } from "../lake/failure.ts";
import { describe } from "../model/errors.ts";
import { readCopyRequest } from "./copyRequest.ts";
import { problem } from "./problem.ts";
import { type Started, startCopy } from "./startCopy.ts";

const RETRY_AFTER_SECONDS = "5";

async function postCopies(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const read = readCopyRequest(await request.text());
  if (!read.ok)
    return problem(400, "The request is not valid.", "Correct the fields that are named and send it again.", {
      errors: read.errors,
    });
  let job: ReturnType<typeof configuredJob>;
  try {
    job = configuredJob(new Date(), read.request);
  } catch (error) {
    return problem(400, "The copy is not fully described.", describe(error));
  }
  let started: Started;
  try {
    started = await startCopy(df.getClient(context), job);
  } catch (error) {
    return problem(503, "The copy could not be started.", describe(storageFailure(error)));
  }
  if (started.kind === "running") {
    return problem(
      409,
      "A copy already works on this lake folder.",
      `Copy ${started.by.id} is ${started.by.state} on ${job.lake}.`,
      {
        id: started.by.id,
      },
    );
  }
  const statusUrl = new URL(`/api/copies/${encodeURIComponent(started.id)}`, request.url).toString();
  return {
    status: 202,
    headers: { location: statusUrl, "retry-after": RETRY_AFTER_SECONDS },
    jsonBody: { id: started.id, statusUrl },
  };
}

app.http("postCopies", {
  methods: ["POST"],
  route: "copies",
  authLevel: "function",
  extraInputs: [df.input.durableClient()],
  handler: postCopies,
});
