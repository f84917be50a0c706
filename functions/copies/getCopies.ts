import type { HttpRequest, HttpResponseInit, InvocationContext } from "@azure/functions";
import * as df from "durable-functions";
import { z } from "zod";
import { emptyState } from "../../model/checkpoint/state.ts";
import { type CopyView, copyView } from "../../model/copyView.ts";
import { problem } from "../api/problem.ts";
import type { Parameter, Route, RouteAnswer } from "../api/route.ts";
import { copyViewSchema } from "../api/views.ts";
import { type Folder, readFolder } from "./folder.ts";
import { allCopies, type CopyInstance, copyById } from "./instances.ts";

async function listCopies(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const job = request.query.get("job");
  const copies = await allCopies(df.getClient(context));
  const folders = new Map<string, Promise<Folder>>();
  const folderOf = (lake: string) => {
    const read = folders.get(lake) ?? readFolder(lake);
    folders.set(lake, read);
    return read;
  };
  const views = copies
    .filter((copy) => job === null || copy.job?.name === job)
    .map(async (copy) => viewIn(copy, copy.job ? await folderOf(copy.job.lake) : undefined));
  return { jsonBody: await Promise.all(views) };
}

async function getCopy(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const id = request.params.id ?? "";
  const copy = await copyById(df.getClient(context), id);
  return copy ? { jsonBody: await viewOf(copy) } : unknownCopy(id);
}

export function unknownCopy(id: string): HttpResponseInit {
  return problem(404, "There is no such copy.", `No copy has the id ${id}. GET /api/copies lists them.`);
}

/** A copy as the API answers it. */
export async function viewOf(copy: CopyInstance): Promise<CopyView> {
  return viewIn(copy, copy.job ? await readFolder(copy.job.lake) : undefined);
}

/** A folder that can't be read now leaves what the host knows of the copy, and hides no other copy. */
function viewIn(copy: CopyInstance, folder: Folder | undefined): CopyView {
  const now = new Date();
  if (folder !== undefined && !("problem" in folder))
    return copyView(copy, folder.state, now, folder.control.wanted);
  const view = copyView(copy, emptyState, now);
  return { ...view, error: [view.error, folder?.problem].filter(Boolean).join(" ") || null };
}

export const COPY_ID: Parameter = {
  in: "path",
  description: "Id of a copy, percent-encoded",
  example: "copy:default:1:5f70bf18-0",
};

export const COPY_ANSWER: RouteAnswer = {
  description: "The copy",
  schema: copyViewSchema,
  example: {
    id: "copy:default:1:5f70bf18-0",
    state: "running",
    iteration: 1,
    lagSeconds: null,
    tables: [
      {
        name: "StormEvents",
        state: "running",
        windows: { total: 12, exported: 7, staged: 5, promoted: 0 },
        rows: 41_200,
        bytes: 5_310_112,
        retries: { steps: 3, attempts: 0, reason: "The command was throttled." },
        error: null,
      },
    ],
    retries: { steps: 3, attempts: 0, reason: "The command was throttled." },
    warnings: [],
    error: null,
  },
};

export const copyRoutes: readonly Route[] = [
  {
    name: "listCopies",
    method: "GET",
    path: "copies",
    summary: "All copies that the app remembers, newest first",
    parameters: { job: { in: "query", description: "Only copies of this job", example: "storms" } },
    answers: {
      200: {
        description: "The copies",
        schema: z.array(copyViewSchema),
        example: [COPY_ANSWER.example],
      },
    },
    problems: {},
    handler: listCopies,
  },
  {
    name: "getCopy",
    method: "GET",
    path: "copies/{id}",
    summary: "How a copy stands",
    parameters: { id: COPY_ID },
    answers: { 200: COPY_ANSWER },
    problems: { 404: "There is no such copy" },
    handler: getCopy,
  },
];
