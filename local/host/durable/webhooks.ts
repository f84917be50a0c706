import type { Json } from "../json.ts";
import { type ClientUrls, managementUrls } from "./clientUrls.ts";
import { BadStartError, type Engine, InstanceInUseError } from "./engine.ts";
import { type Instance, isFinished } from "./instance.ts";
import { type StatusOptions, statusPayload } from "./status.ts";

/**
 * The management endpoints under /runtime/webhooks/durabletask, and the same under the address that the durable
 * client binding gives the SDK (recordings/management-api.json for what each answers).
 */

export interface WebhookRequest {
  method: string;
  /** The whole address, as it was asked for. */
  url: URL;
  /** Behind the base of the endpoints, with no slash at its beginning. */
  path: string;
  header(name: string): string | undefined;
  body: string;
}

export interface WebhookResponse {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export type Webhooks = (request: WebhookRequest, urls: ClientUrls) => Promise<WebhookResponse>;

const json = { "Content-Type": "application/json; charset=utf-8" };

function empty(status: number): WebhookResponse {
  return { status, headers: {}, body: "" };
}

function answer(status: number, value: unknown, headers: Record<string, string> = {}): WebhookResponse {
  return { status, headers: { ...json, ...headers }, body: JSON.stringify(value) };
}

function refused(status: number, message: string, detail: string): WebhookResponse {
  return answer(status, { Message: message, ExceptionMessage: detail });
}

export function createWebhooks(engine: Engine): Webhooks {
  return async (request, urls) => {
    try {
      return await route(engine, request, urls);
    } catch (error) {
      if (error instanceof BadStartError) {
        return refused(400, "One or more of the arguments submitted is incorrect", error.message);
      }
      if (error instanceof InstanceInUseError) {
        return refused(409, "Something went wrong while processing your request", error.message);
      }
      throw error;
    }
  };
}

async function route(engine: Engine, request: WebhookRequest, urls: ClientUrls): Promise<WebhookResponse> {
  const parts = request.path
    .split("/")
    .filter((part) => part !== "")
    .map(decodeURIComponent);
  const [controller, id, operation, eventName] = parts;
  const method = request.method.toUpperCase();
  const hub = request.url.searchParams.get("taskHub");
  if (hub !== null && hub !== "" && hub.toLowerCase() !== urls.taskHub.toLowerCase()) {
    return refused(
      400,
      "One or more of the arguments submitted is incorrect",
      `The local host has the task hub '${urls.taskHub}' only, not '${hub}'.`,
    );
  }
  if (controller === "entities") {
    return refused(501, "Not implemented", "The local host has no durable entities.");
  }
  if (controller === "orchestrators" && id !== undefined && parts.length <= 3) {
    return method === "POST" ? start(engine, request, urls, id, operation) : empty(404);
  }
  if (controller !== "instances") return empty(404);
  if (id === undefined) {
    if (method === "GET") return list(engine, request);
    return method === "DELETE" ? purgeMany(engine, request) : empty(404);
  }
  const instance = engine.get(id);
  if (operation === undefined) {
    if (method === "GET") return instance === undefined ? empty(404) : status(instance, request);
    if (method !== "DELETE" || instance === undefined) return empty(404);
    engine.purge([id]);
    return answer(200, { instancesDeleted: 1 });
  }
  if (method !== "POST") return empty(404);
  const name = operation.toLowerCase();
  if (name === "raiseevent" && eventName !== undefined && parts.length === 4) {
    return raiseEvent(engine, request, instance, eventName);
  }
  return parts.length === 3 ? command(engine, request, urls, name, id, instance) : empty(404);
}

function command(
  engine: Engine,
  request: WebhookRequest,
  urls: ClientUrls,
  name: string,
  id: string,
  instance: Instance | undefined,
): WebhookResponse | Promise<WebhookResponse> {
  const reason = request.url.searchParams.get("reason");
  if (name === "restart") {
    if (instance === undefined) {
      return refused(
        400,
        "InstanceId does not match a valid orchestration instance.",
        `An orchestration with the instanceId ${id} was not found.`,
      );
    }
    const same = request.url.searchParams.get("restartWithNewInstanceId")?.toLowerCase() === "false";
    return started(engine, request, urls, instance.name, same ? id : undefined, instance.input);
  }
  if (!["terminate", "suspend", "resume", "rewind"].includes(name)) return empty(404);
  if (instance === undefined) return empty(404);
  if (name === "rewind") {
    if (instance.status === "Completed" || instance.status === "Terminated") return empty(410);
    if (instance.status !== "Failed") {
      return answer(412, "The rewind operation is only supported on failed orchestration instances.");
    }
    engine.rewind(id, reason);
    return empty(202);
  }
  if (isFinished(instance)) return empty(410);
  if (name === "terminate") engine.terminate(id, reason);
  else if (name === "suspend") engine.suspend(id, reason);
  else engine.resume(id, reason);
  return empty(202);
}

function start(
  engine: Engine,
  request: WebhookRequest,
  urls: ClientUrls,
  name: string,
  id: string | undefined,
): WebhookResponse | Promise<WebhookResponse> {
  const input = readJson(request.body);
  if (input === null) return refused(400, "Invalid JSON content", request.body.slice(0, 200));
  return started(engine, request, urls, name, id, input);
}

async function started(
  engine: Engine,
  request: WebhookRequest,
  urls: ClientUrls,
  name: string,
  wanted: string | undefined,
  input: string | null,
): Promise<WebhookResponse> {
  const id = engine.start(name, wanted === undefined ? { input } : { instanceId: wanted, input });
  const timeout = numberOf(request.url, "timeout");
  const interval = numberOf(request.url, "pollingInterval");
  if (timeout !== null && interval !== null) {
    if (interval > timeout) {
      throw new BadStartError(`Total timeout ${timeout} should be bigger than retry timeout ${interval}`);
    }
    const instance = await finished(engine, id, timeout * 1000);
    if (instance?.status === "Completed") {
      return answer(200, statusPayload(instance, everything).output);
    }
    if (instance !== null) return status(instance, request);
  }
  const { rewindPostUri: _, ...links } = managementUrls(urls, id);
  return answer(202, links, { Location: links.statusQueryGetUri, "Retry-After": "10" });
}

const everything: StatusOptions = { showInput: true, showHistory: false, showHistoryOutput: false };

function finished(engine: Engine, id: string, milliseconds: number): Promise<Instance | null> {
  return new Promise((resolve) => {
    const check = (): void => {
      const instance = engine.get(id);
      if (instance !== undefined && !isFinished(instance)) return;
      end();
      resolve(instance ?? null);
    };
    const end = engine.onChange((changed) => {
      if (changed === id) check();
    });
    const timeout = setTimeout(() => {
      end();
      resolve(null);
    }, milliseconds);
    timeout.unref();
    check();
  });
}

function raiseEvent(
  engine: Engine,
  request: WebhookRequest,
  instance: Instance | undefined,
  name: string,
): WebhookResponse {
  if (instance === undefined) return empty(404);
  if (isFinished(instance)) return empty(410);
  if (!/^application\/json\b/i.test(request.header("content-type") ?? "")) {
    return refused(400, "Only application/json request content is supported", "");
  }
  const data = readJson(request.body);
  if (data === null) return refused(400, "Invalid JSON content", request.body.slice(0, 200));
  engine.raiseEvent(instance.instanceId, name, data);
  return empty(202);
}

function status(instance: Instance, request: WebhookRequest): WebhookResponse {
  const payload = statusPayload(instance, {
    showInput: flag(request.url, "showInput") ?? true,
    showHistory: flag(request.url, "showHistory") ?? false,
    showHistoryOutput: flag(request.url, "showHistoryOutput") ?? false,
  });
  if (!isFinished(instance)) {
    return answer(202, payload, { Location: request.url.href, "Retry-After": "5" });
  }
  const failedAs500 =
    instance.status === "Failed" && flag(request.url, "returnInternalServerErrorOnFailure") === true;
  return answer(failedAs500 ? 500 : 200, payload);
}

function list(engine: Engine, request: WebhookRequest): WebhookResponse {
  const { url } = request;
  const top = numberOf(url, "top") ?? 100;
  const token = request.header("x-ms-continuation-token");
  const from = token === undefined ? "" : Buffer.from(token, "base64").toString("utf8");
  const prefix = url.searchParams.get("instanceIdPrefix") ?? "";
  const showInput = flag(url, "showInput") ?? true;
  const matching = filtered(engine, url)
    .filter((instance) => instance.instanceId.startsWith(prefix) && instance.instanceId >= from)
    .sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1));
  const page = matching.slice(0, top);
  const next = matching[top];
  const headers: Record<string, string> =
    next === undefined
      ? {}
      : { "x-ms-continuation-token": Buffer.from(next.instanceId, "utf8").toString("base64") };
  return answer(
    200,
    page.map((instance) =>
      statusPayload(instance, { showInput, showHistory: false, showHistoryOutput: false }),
    ),
    headers,
  );
}

function purgeMany(engine: Engine, request: WebhookRequest): WebhookResponse {
  if (timeOf(request.url, "createdTimeFrom") === null) {
    return answer(400, "Please provide value for 'createdTimeFrom' parameter.");
  }
  const ids = filtered(engine, request.url)
    .filter(isFinished)
    .map((instance) => instance.instanceId);
  if (ids.length === 0) return empty(404);
  engine.purge(ids);
  return answer(200, { instancesDeleted: ids.length });
}

function filtered(engine: Engine, url: URL): Instance[] {
  const from = timeOf(url, "createdTimeFrom");
  const to = timeOf(url, "createdTimeTo");
  const statuses = url.searchParams
    .getAll("runtimeStatus")
    .flatMap((value) => value.split(","))
    .map((value) => value.trim().toLowerCase())
    .filter((value) => value !== "");
  return engine.all().filter((instance) => {
    const created = Date.parse(instance.createdTime);
    return (
      (from === null || created >= from) &&
      (to === null || created <= to) &&
      (statuses.length === 0 || statuses.includes(instance.status.toLowerCase()))
    );
  });
}

function flag(url: URL, name: string): boolean | null {
  const value = url.searchParams.get(name)?.toLowerCase();
  return value === "true" ? true : value === "false" ? false : null;
}

function numberOf(url: URL, name: string): number | null {
  const value = url.searchParams.get(name);
  const number = Number(value ?? Number.NaN);
  return value === null || value === "" || Number.isNaN(number) ? null : number;
}

function timeOf(url: URL, name: string): number | null {
  const time = Date.parse(url.searchParams.get(name) ?? "");
  return Number.isNaN(time) ? null : time;
}

/** The text made compact; no content is the empty text, as the host takes it; null where it isn't JSON. */
function readJson(body: string): string | null {
  if (body.trim() === "") return '""';
  try {
    const value: Json = JSON.parse(body);
    return JSON.stringify(value);
  } catch {
    return null;
  }
}
