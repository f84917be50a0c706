import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from "@azure/functions";
import * as df from "durable-functions";
import { lakeOf } from "../activities/environment.ts";
import { storageFailure } from "../lake/failure.ts";
import { readState } from "../lake/log.ts";
import { emptyState } from "../model/checkpoint/state.ts";
import { type CopyView, copyView } from "../model/copyView.ts";
import { describe } from "../model/errors.ts";
import { allCopies, type CopyInstance, copyById } from "./instances.ts";
import { problem } from "./problem.ts";

async function listCopies(_request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const views: CopyView[] = [];
  for (const copy of await allCopies(df.getClient(context))) views.push(await viewOf(copy));
  return { jsonBody: views };
}

async function getCopy(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const id = request.params.id ?? "";
  const copy = await copyById(df.getClient(context), id);
  if (!copy)
    return problem(404, "There is no such copy.", `No copy has the id ${id}. GET /api/copies lists them.`);
  return { jsonBody: await viewOf(copy) };
}

/** A folder that can't be read now leaves what the host knows of the copy, and hides no other copy. */
async function viewOf(copy: CopyInstance): Promise<CopyView> {
  const now = new Date();
  if (!copy.job) return copyView(copy, emptyState, now);
  try {
    return copyView(copy, await readState(lakeOf(copy.job.lake)), now);
  } catch (error) {
    const view = copyView(copy, emptyState, now);
    return { ...view, error: [view.error, describe(storageFailure(error))].filter(Boolean).join(" ") };
  }
}

app.http("listCopies", {
  methods: ["GET"],
  route: "copies",
  authLevel: "function",
  extraInputs: [df.input.durableClient()],
  handler: listCopies,
});

app.http("getCopy", {
  methods: ["GET"],
  route: "copies/{id}",
  authLevel: "function",
  extraInputs: [df.input.durableClient()],
  handler: getCopy,
});
