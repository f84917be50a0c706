import { join } from "node:path";
import { type ActivityFaults, activityFaultSchema, createActivityFaults } from "./activityFaults.ts";
import { type App, loadApp } from "./app.ts";
import { createClient, type HostClient } from "./client.ts";
import { type ClientUrls, clientBinding, webhookPath } from "./durable/clientUrls.ts";
import { createEngine, type Engine } from "./durable/engine.ts";
import { openStore } from "./durable/store.ts";
import { createWebhooks, type Webhooks } from "./durable/webhooks.ts";
import { createRunner, type FunctionRunner } from "./functionRunner.ts";
import { type HttpAnswer, type HttpRequest, type HttpServer, listen } from "./httpServer.ts";
import { httpAnswer, rpcRequest } from "./httpTriggers.ts";
import type { FunctionLog } from "./invoke.ts";
import { runHooks } from "./invoke.ts";
import { type Keys, mayCall, readKeys } from "./keys.ts";
import { createLog, type HostLog } from "./logs.ts";
import { compareRoutes, type Route, routeOf } from "./routes.ts";
import { applyLocalSettings, type HostSettings, readHostSettings, withSettings } from "./settings.ts";
import { startTimers, type Timers } from "./timerTriggers.ts";

export interface HostOptions {
  /** The app's folder, with package.json, host.json and the built code. */
  app: string;
  /** 7071 by default; 0 for any free one. */
  port?: number;
  /** Off: no HTTP functions and no management endpoints; the app is used through `client` only. */
  listen?: boolean;
  /** Where orchestrations, keys and schedules are kept; without it, in memory. */
  data?: string;
  /** Asks for keys where functions have them; off by default. */
  keys?: boolean;
  taskHub?: string;
  /** Off: timer triggers don't run. */
  timers?: boolean;
  /** Durable timers fire up to a second early, as on Azure Storage. */
  earlyTimers?: boolean;
  /** Where log lines go; stdout by default. */
  write?: (line: string) => void;
}

export interface Host {
  /** `http://127.0.0.1:7071`; null where the host doesn't listen. */
  url: string | null;
  client: HostClient;
  keys: Keys;
  routes: { name: string; methods: string[]; path: string }[];
  stop(): Promise<void>;
}

/** Loads an app and runs its functions as the Azure Functions host does, in this process. */
export async function startHost(options: HostOptions): Promise<Host> {
  applyLocalSettings(options.app);
  const settings = readHostSettings(options.app);
  const log = createLog(settings.logLevels, options.write);
  const app = await loadApp(options.app, log);
  const keys = readKeys(options.data === undefined ? null : join(options.data, "keys.json"));
  const taskHub = options.taskHub ?? withSettings(settings.hubName ?? "TestHubName");
  const inData = (file: string): string | null =>
    options.data === undefined ? null : join(options.data, file);

  let server: HttpServer | null = null;
  let rpcServer: Promise<HttpServer> | null = null;
  const urls = (origin: string): ClientUrls => ({ origin, taskHub, code: keys.system });
  const rpc = (): Promise<HttpServer> => {
    rpcServer ??= listen(0, (request) => rpcAnswer(webhooks, request, urls), failed);
    return rpcServer;
  };
  const failed = (error: unknown): void => log("Host", "error", error);
  const functionLog: FunctionLog = (name, level, category, message) =>
    log(category === "user" ? `Function.${name}.User` : `Function.${name}`, level, message);
  const runner = createRunner(app, functionLog, async () => {
    const { origin } = await rpc();
    return clientBinding(urls(server?.origin ?? origin), `${origin}/durabletask/`);
  });
  const faults = createActivityFaults();
  const engine = startEngine(runner, faults, settings, options, log, inData(join("hubs", taskHub)));
  const webhooks = createWebhooks(engine);
  const routes = app.http.map((item) => routeOf(item, settings.routePrefix)).sort(compareRoutes);
  if (options.listen !== false) {
    const handle = createHandler({
      routes,
      runner,
      webhooks,
      faults,
      urls,
      keys: options.keys === true ? keys : null,
      log,
    });
    server = await listen(options.port ?? 7071, handle, failed);
    // The SDK takes the binding's addresses as they are only where it knows the host's name.
    process.env.WEBSITE_HOSTNAME ??= `127.0.0.1:${server.port}`;
  } else {
    process.env.WEBSITE_HOSTNAME ??= "127.0.0.1";
  }
  engine.recover();
  const timers = options.timers === false ? null : startAppTimers(app, runner, inData("timers.json"), log);

  return {
    url: server?.origin ?? null,
    client: createClient(engine),
    keys,
    routes: routes.map((route) => ({
      name: route.function.name,
      methods: route.methods,
      path: `/${route.path}`,
    })),
    async stop() {
      timers?.stop();
      engine.stop();
      await server?.close();
      await (await rpcServer)?.close();
      await runHooks(app.registry, "appTerminate", { hookData: {}, appHookData: app.registry.appHookData });
    },
  };
}

function startEngine(
  runner: FunctionRunner,
  faults: ActivityFaults,
  settings: HostSettings,
  options: HostOptions,
  log: HostLog,
  directory: string | null,
): Engine {
  return createEngine({
    store: openStore(directory),
    functions: {
      ...runner.durable,
      runActivity: (name, input, instanceId) =>
        faults.deliver(name, input, () => runner.durable.runActivity(name, input, instanceId)),
    },
    maxConcurrentActivities: settings.maxConcurrentActivities,
    maxConcurrentOrchestrators: settings.maxConcurrentOrchestrators,
    timers: options.earlyTimers === true ? "early" : "exact",
    log: (level, text) => log("Host.Triggers.DurableTask", level, text),
  });
}

function startAppTimers(app: App, runner: FunctionRunner, file: string | null, log: HostLog): Timers {
  return startTimers(app.timers, file, async (item, request) => {
    try {
      await runner.run(item, { json: JSON.stringify(request) });
    } catch (error) {
      log(`Function.${item.name}`, "error", error);
    }
  });
}

interface Handling {
  routes: readonly Route[];
  runner: FunctionRunner;
  webhooks: Webhooks;
  faults: ActivityFaults;
  urls: (origin: string) => ClientUrls;
  /** Null where keys are off. */
  keys: Keys | null;
  log: HostLog;
}

function createHandler(handling: Handling): (request: HttpRequest) => Promise<HttpAnswer> {
  const { routes, keys } = handling;
  return async (request) => {
    const { pathname } = request.url;
    if (pathname === "/local/faults") return faultsAnswer(handling.faults, request);
    const key = keyOf(request);
    if (pathname === webhookPath || pathname.startsWith(`${webhookPath}/`)) {
      if (keys !== null && key !== keys.system && key !== keys.master) return status(401);
      const path = pathname.slice(webhookPath.length + 1);
      return webhookAnswer(handling.webhooks, request, path, handling.urls(request.url.origin));
    }
    for (const route of routes) {
      // A method that a function doesn't take is a route that isn't there, for the real host too.
      if (!route.methods.includes(request.method)) continue;
      const parameters = route.match(pathname);
      if (parameters === null) continue;
      if (keys !== null && !mayCall(keys, route.authLevel, key)) return status(401);
      return runHttp(handling, route, request, parameters);
    }
    return status(404);
  };
}

async function runHttp(
  { runner, log }: Handling,
  route: Route,
  request: HttpRequest,
  parameters: Record<string, string>,
): Promise<HttpAnswer> {
  try {
    const { returnValue } = await runner.run(route.function, rpcRequest(request, parameters));
    return httpAnswer(returnValue);
  } catch (error) {
    log(`Function.${route.function.name}`, "error", error);
    return status(500);
  }
}

/** What tests ask of the host itself: activities that are delivered more than once. */
function faultsAnswer(faults: ActivityFaults, request: HttpRequest): HttpAnswer {
  if (request.method === "DELETE") faults.clear();
  if (request.method === "PUT") faults.release();
  if (request.method === "POST") {
    try {
      faults.add(activityFaultSchema.parse(JSON.parse(request.body.toString("utf8"))));
    } catch (error) {
      return json(400, { error: error instanceof Error ? error.message : String(error) });
    }
  }
  return json(200, faults.list());
}

function json(code: number, value: unknown): HttpAnswer {
  return { status: code, headers: [["content-type", "application/json"]], body: JSON.stringify(value) };
}

function status(code: number): HttpAnswer {
  return { status: code, headers: [], body: "" };
}

function keyOf(request: HttpRequest): string | null {
  const header = request.headers["x-functions-key"];
  return typeof header === "string" ? header : request.url.searchParams.get("code");
}

async function rpcAnswer(
  webhooks: Webhooks,
  request: HttpRequest,
  urls: (origin: string) => ClientUrls,
): Promise<HttpAnswer> {
  const base = "/durabletask/";
  if (!request.url.pathname.startsWith(base)) return status(404);
  const path = request.url.pathname.slice(base.length);
  return webhookAnswer(webhooks, request, path, urls(request.url.origin));
}

async function webhookAnswer(
  webhooks: Webhooks,
  request: HttpRequest,
  path: string,
  urls: ClientUrls,
): Promise<HttpAnswer> {
  const header = (name: string): string | undefined => {
    const value = request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  const { method, url, body } = request;
  const answer = await webhooks({ method, url, path, header, body: body.toString("utf8") }, urls);
  return { status: answer.status, headers: Object.entries(answer.headers), body: answer.body };
}
