import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { type HttpBindings, serve } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { tokenAt } from "../commands/lexer.ts";
import { commandKind, runCommand } from "../commands/run.ts";
import type { Engine } from "../engine/engine.ts";
import { type Fault, faultError, type Subject } from "../engine/faults.ts";
import { withQuery } from "../engine/queries.ts";
import type { RequestContext } from "../engine/request.ts";
import type { CommandResult } from "../engine/result.ts";
import { isoOfTicks } from "../engine/ticks.ts";
import { KustoError, notSupported, syntaxError } from "../kustoError.ts";
import { errorBody, toKustoError } from "./errors.ts";
import { commandV1, framesV2, type QueryAnswer, tablesV1 } from "./frames.ts";
import { localRoutes } from "./localRoutes.ts";
import { type ReadRequest, readRequest } from "./requests.ts";
import { limitsOf, readRows, withSetStatements } from "./truncation.ts";

type Bindings = { Bindings: HttpBindings };

export interface RunningServer {
  readonly port: number;
  readonly url: string;
  readonly close: () => Promise<void>;
}

function timeoutError(): KustoError {
  return new KustoError(
    504,
    "Timeout",
    "Kusto.Data.Exceptions.KustoServiceTimeoutException",
    "Request timed out: the server timeout was reached before the request completed.",
    false,
  );
}

async function runQuery(engine: Engine, given: RequestContext, stop: AbortSignal): Promise<QueryAnswer> {
  const context = withSetStatements(given, given.text);
  const startedOn = engine.clock.now();
  return withQuery(engine, context, context.text, async (open) => {
    const interrupt = (): void => open.connection.interrupt();
    stop.addEventListener("abort", interrupt, { once: true });
    try {
      const { rows, failure } = await readRows(open.connection, open.query, limitsOf(context));
      const endedOn = engine.clock.now();
      return {
        query: open.query,
        rows,
        cursor: open.cursor,
        failure,
        startedOn,
        endedOn,
        now: isoOfTicks(endedOn),
      };
    } finally {
      stop.removeEventListener("abort", interrupt);
    }
  });
}

/** Runs the work under its timeout; on the time, the work is told to stop and the request fails. */
async function limited<T>(timeoutMs: number, work: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      controller.abort();
      reject(timeoutError());
    }, timeoutMs);
  });
  try {
    return await Promise.race([work(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function strike(engine: Engine, subject: Subject): Promise<readonly Fault[]> {
  const faults = engine.faults.take(subject, [
    "fail",
    "throttle",
    "delay",
    "loseAnswer",
    "emptyAnswer",
    "duplicate",
    "merge",
  ]);
  for (const fault of faults) {
    if (fault.afterMs !== undefined && fault.action !== "loseAnswer") await engine.clock.sleep(fault.afterMs);
    if (fault.action === "merge") await engine.maintain();
    if (fault.action === "fail" || fault.action === "throttle") throw faultError(fault);
  }
  return faults;
}

function log(
  engine: Engine,
  context: RequestContext,
  kind: "query" | "command",
  startedOn: bigint,
  failure: string,
): void {
  engine.journal.add({
    context,
    kind,
    startedOn,
    endedOn: engine.clock.now(),
    state: failure === "" ? "Completed" : "Failed",
    failure,
    commandType: kind === "command" ? commandKind(context.text) : "",
  });
}

/** Cuts the connection, so that the caller learns nothing of what was done. */
function cut(outgoing: ServerResponse): Response {
  outgoing.socket?.destroy();
  return new Response(null, { headers: { "x-hono-already-sent": "true" } });
}

type Answer = (engine: Engine, read: ReadRequest) => Promise<string>;

const query =
  (version: 1 | 2): Answer =>
  async (engine, read) => {
    const isCommand = tokenAt(read.context.text, 0).text === ".";
    if (isCommand) throw syntaxError("a management command is sent to the management endpoint.");
    const answer = await limited(read.timeoutMs, (stop) => runQuery(engine, read.context, stop));
    return version === 1 ? tablesV1(answer, read.context) : framesV2(answer, read.context);
  };

const command: Answer = async (engine, read) => {
  const answer: CommandResult = await limited(read.timeoutMs, (stop) =>
    runCommand({ engine, request: { ...read.context, signal: stop } }, read.context.text),
  );
  return commandV1(answer);
};

async function handle(
  engine: Engine,
  c: Context<Bindings>,
  kind: "query" | "mgmt",
  answer: Answer,
): Promise<Response> {
  let context: Pick<RequestContext, "clientRequestId" | "activityId" | "text" | "database"> = {
    clientRequestId: c.req.header("x-ms-client-request-id") ?? randomUUID(),
    activityId: randomUUID(),
    text: "",
    database: "",
  };
  const headers = (): Record<string, string> => ({
    "content-type": "application/json; charset=utf-8",
    "x-ms-client-request-id": context.clientRequestId.replace(/[^\x20-\x7e]/g, "?"),
    "x-ms-activity-id": context.activityId,
  });
  const startedOn = engine.clock.now();
  let full: RequestContext | undefined;
  try {
    const read = readRequest(
      await c.req.text(),
      (name) => c.req.header(name),
      kind === "query",
      new AbortController().signal,
    );
    full = read.context;
    context = full;
    const faults = await strike(engine, { kind, text: full.text, database: full.database });
    if (faults.some((fault) => fault.action === "duplicate")) await answer(engine, read);
    const empty = faults.find((fault) => fault.action === "emptyAnswer");
    if (empty?.doWork === true) await answer(engine, read);
    const body = empty === undefined ? await answer(engine, read) : commandV1({ columns: [], rows: [] });
    log(engine, full, kind === "query" ? "query" : "command", startedOn, "");
    const lost = faults.find((fault) => fault.action === "loseAnswer");
    if (lost === undefined) return c.body(body, 200, headers());
    if (lost.afterMs !== undefined) await engine.clock.sleep(lost.afterMs);
    return cut(c.env.outgoing as ServerResponse);
  } catch (caught) {
    const error = toKustoError(caught);
    if (!(caught instanceof KustoError)) engine.settings.report(caught);
    if (full !== undefined)
      log(engine, full, kind === "query" ? "query" : "command", startedOn, error.message);
    return new Response(JSON.stringify(errorBody(error, context, isoOfTicks(engine.clock.now()))), {
      status: error.status,
      headers: headers(),
    });
  }
}

/** What a client asks before it logs in; here it needn't (`kusto/api/rest/authentication.md`). */
const METADATA = {
  AzureAD: {
    LoginEndpoint: "https://login.microsoftonline.com",
    LoginMfaRequired: false,
    KustoClientAppId: "db662dc1-0cfe-4e1c-a843-19a68e65be58",
    KustoClientRedirectUri: "https://microsoft/kustoclient",
    KustoServiceResourceId: "https://kusto.kusto.windows.net",
    FirstPartyAuthorityUrl: "https://login.microsoftonline.com/f8cdef31-a31e-4b4a-93e4-5f571e91255a",
  },
};

/** Serves a cluster on 127.0.0.1: its engine and its ingestion endpoint on the same port. */
export async function startServer(engine: Engine, port: number): Promise<RunningServer> {
  const app = new Hono<Bindings>();
  app.get("/v1/rest/auth/metadata", (c) => c.json(METADATA));
  app.post("/v1/rest/query", (c) => handle(engine, c, "query", query(1)));
  app.post("/v2/rest/query", (c) => handle(engine, c, "query", query(2)));
  app.post("/v1/rest/mgmt", (c) => handle(engine, c, "mgmt", command));
  const refused = (c: Context<Bindings>, what: string): Response => {
    const error = notSupported(what);
    const context = {
      clientRequestId: c.req.header("x-ms-client-request-id") ?? randomUUID(),
      activityId: randomUUID(),
      text: "",
      database: "",
    };
    return c.json(errorBody(error, context, isoOfTicks(engine.clock.now())), 400);
  };
  app.post("/v1/rest/ingest/*", (c) => refused(c, "Streaming ingestion"));
  app.all("/v1/rest/ingestion/*", (c) => refused(c, "Queued ingestion by REST"));
  app.route("/local", localRoutes(engine));
  app.get("/", (c) => c.text(`Local Kusto cluster '${engine.settings.name}'`));
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }, (info) => {
      const url = `http://127.0.0.1:${info.port}`;
      engine.setClusterUri(url);
      resolve({
        port: info.port,
        url,
        close: () =>
          new Promise<void>((done) => {
            server.close(() => done());
            if ("closeAllConnections" in server) server.closeAllConnections();
          }),
      });
    });
    server.once("error", reject);
    if ("keepAliveTimeout" in server) server.keepAliveTimeout = 65_000;
  });
}
