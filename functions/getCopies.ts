import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from "@azure/functions";
import * as df from "durable-functions";
import { lakeOf } from "../activities/environment.ts";
import { readState } from "../lake/log.ts";
import { emptyState } from "../model/checkpoint/state.ts";
import { type CopyView, copyView } from "../model/copyView.ts";
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

async function viewOf(copy: CopyInstance): Promise<CopyView> {
  const state = copy.job ? await readState(lakeOf(copy.job.lake)) : emptyState;
  return copyView(copy, state, new Date());
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
