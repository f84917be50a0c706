import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { createQueue } from "../kusto/engine/store.ts";
import type { Arm, ArmAnswer, Handler } from "./arm.ts";
import { ArmError } from "./armError.ts";
import { clusterHandlers } from "./clusters.ts";
import { attachmentOf } from "./configurationRules.ts";
import { configurationHandlers } from "./configurations.ts";
import { databaseHandlers } from "./databases.ts";
import { createFaults } from "./faults.ts";
import { followerDatabaseHandlers } from "./followerDatabases.ts";
import { follow } from "./kustoSide.ts";
import { answerLocal } from "./localRoutes.ts";
import { createOperations } from "./operations.ts";
import { assignmentHandlers } from "./principalAssignments.ts";
import { checkVersion, readPath } from "./request.ts";
import { createState, type LocalCluster, sameName } from "./state.ts";

export interface ResourceManagerOptions {
  readonly port: number;
  readonly clusters: readonly LocalCluster[];
  /** Where resources are kept between runs. */
  readonly data?: string;
  /** How long an operation takes beside its work. */
  readonly operationMs?: number;
}

export interface ResourceManager {
  readonly url: string;
  readonly port: number;
  readonly close: () => Promise<void>;
}

const handlers: Readonly<Record<string, Handler>> = {
  ...clusterHandlers,
  ...databaseHandlers,
  ...configurationHandlers,
  ...followerDatabaseHandlers,
  ...assignmentHandlers,
};
const routes = new Set(Object.keys(handlers).map((key) => key.slice(key.indexOf(" ") + 1)));

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += String(chunk);
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new ArmError(
      400,
      "InvalidRequestContent",
      "The request content was invalid and could not be deserialized: it isn't JSON.",
    );
  }
}

async function answer(arm: Arm, incoming: IncomingMessage): Promise<ArmAnswer> {
  const method = incoming.method ?? "GET";
  const origin = `http://${incoming.headers.host ?? "127.0.0.1"}`;
  const url = new URL(incoming.url ?? "/", origin);
  const body = await readJson(incoming);
  if (url.pathname.startsWith("/local/")) return answerLocal(arm, method, url.pathname, body);
  const read = readPath(url.pathname);
  if (read === undefined || !routes.has(read.route)) {
    throw new ArmError(
      404,
      "InvalidResourceType",
      `${method} ${url.pathname} is not an operation of the local resource manager: it knows clusters of Microsoft.Kusto, their databases, attached database configurations, followers and principal assignments.`,
    );
  }
  const apiVersion = checkVersion(url);
  const handler = handlers[`${method} ${read.route}`];
  if (handler === undefined) {
    throw new ArmError(
      405,
      "MethodNotAllowed",
      `${method} ${url.pathname} is not supported by the local resource manager.`,
    );
  }
  await arm.faults.strike(method, url.pathname);
  const id = read.names[1] ?? "";
  const isLocation = url.searchParams.get("operationResultResponseType") === "Location";
  if (isLocation && arm.operations.result(id) !== undefined)
    return { status: arm.operations.isRunning(id) ? 202 : 200 };
  return handler(arm, { ...read, method, apiVersion, origin, body });
}

function send(response: ServerResponse, { status, body, headers }: ArmAnswer): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  response.setHeader("x-ms-request-id", randomUUID());
  if (body === undefined) {
    response.end();
    return;
  }
  response.setHeader("content-type", "application/json; charset=utf-8");
  response.end(JSON.stringify(body));
}

function createArm(options: ResourceManagerOptions, report: (error: unknown) => void): Arm {
  const state = createState(options.clusters, options.data);
  const queues = new Map<string, ReturnType<typeof createQueue>>();
  const arm: Arm = {
    state,
    operations: createOperations(options.operationMs ?? 100, report),
    faults: createFaults(),
    tellFollower: (follower) => {
      const queue = queues.get(follower.name) ?? createQueue();
      queues.set(follower.name, queue);
      return queue(async () => {
        const attachments = state
          .configurations()
          .filter((one) => sameName(one.follower, follower.name))
          .flatMap(({ name, applied }) => (applied === undefined ? [] : [{ name, applied }]));
        const told = await follow(
          follower,
          attachments.map(({ name, applied }) => attachmentOf(arm, name, applied)),
        );
        return told.troubles;
      });
    },
  };
  return arm;
}

/** Tells the followers what was kept: the leaders' addresses may be others than in the run before. */
async function tellKept(arm: Arm, stopped: () => boolean): Promise<void> {
  for (const follower of arm.state.clusters()) {
    const follows = () => arm.state.configurations().some((one) => sameName(one.follower, follower.name));
    while (follows() && !stopped()) {
      try {
        await arm.tellFollower(follower);
        break;
      } catch {
        // It starts at the same time as this.
        await sleep(250);
      }
    }
  }
}

/**
 * Starts a resource manager on 127.0.0.1 that knows the local clusters in any subscription and resource group. Nobody is
 * asked for a token.
 */
export async function startResourceManager(options: ResourceManagerOptions): Promise<ResourceManager> {
  const report = (error: unknown): void => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  };
  const arm = createArm(options, report);
  const server = createServer((request, response) => {
    answer(arm, request).then(
      (given) => send(response, given),
      (error: unknown) => {
        const known =
          error instanceof ArmError
            ? error
            : new ArmError(502, "BadGateway", error instanceof Error ? error.message : String(error));
        send(response, {
          status: known.status,
          body: { error: { code: known.code, message: known.message } },
        });
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The resource manager has no address");
  let stopped = false;
  const telling = tellKept(arm, () => stopped);
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    close: async () => {
      stopped = true;
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await telling;
      await arm.operations.idle();
    },
  };
}
