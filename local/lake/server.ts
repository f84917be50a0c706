import { Agent, createServer, type ServerResponse } from "node:http";
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { loseAnswer, sendAnswer, sendBlobError, sendError } from "./answers.ts";
import { proxyBlob } from "./blobProxy.ts";
import { blobRequest } from "./blobRequests.ts";
import { directoriesOf } from "./directories.ts";
import { createFaults, type Faults } from "./faults.ts";
import { filesystemOperation, listFilesystems } from "./filesystems.ts";
import type { LakeAnswer, LakeContext } from "./lakeContext.ts";
import { notImplemented, toBlobError, toLakeError } from "./lakeError.ts";
import { type LakeRequest, readRequest } from "./lakeRequest.ts";
import { answerLocal, isLocal } from "./localRoutes.ts";
import { createPath } from "./pathCreate.ts";
import { deletePath } from "./pathDelete.ts";
import { listPaths } from "./pathList.ts";
import { getPathProperties, setPathProperties } from "./pathProperties.ts";
import { appendData, flushData } from "./pathUpdate.ts";

export interface LakeOptions {
  readonly port: number;
  /** The blob endpoint behind, with the account in its path: `http://127.0.0.1:10000/devstoreaccount1`. */
  readonly blobEndpoint: string;
  readonly account: string;
  readonly key: string;
}

export interface Lake {
  readonly url: string;
  readonly port: number;
  readonly close: () => Promise<void>;
}

function updatePath(context: LakeContext, request: LakeRequest): Promise<LakeAnswer> {
  const action = request.query.get("action");
  switch (action) {
    case "append":
      return appendData(context, request);
    case "flush":
      return flushData(context, request);
    case "setProperties":
      return setPathProperties(context, request);
    default:
      throw notImplemented(`Updating a path with action=${action ?? ""} (access control lists are not kept)`);
  }
}

/** The operation of the data-lake protocol that a request is, or undefined for one of the blob protocol. */
function dfsOperation(
  request: LakeRequest,
): ((context: LakeContext, request: LakeRequest) => Promise<LakeAnswer>) | undefined {
  const { method, query, path } = request;
  const resource = query.get("resource");
  if (resource === "account") return listFilesystems;
  if (resource === "filesystem") return method === "GET" ? listPaths : filesystemOperation;
  const wantsJson = (request.header("accept") ?? "").includes("application/json");
  if (method === "PATCH") return updatePath;
  if (method === "PUT" && (resource !== null || request.header("x-ms-rename-source") !== undefined))
    return createPath;
  if (
    method === "PUT" &&
    (query.get("comp") === "expiry" || (query.get("comp") === "undelete" && wantsJson))
  ) {
    throw notImplemented(`The operation comp=${query.get("comp")}`);
  }
  if (method === "HEAD" && query.has("action")) return getPathProperties;
  if (method === "DELETE" && path !== "" && !query.has("comp") && (query.has("recursive") || wantsJson))
    return deletePath;
  if (method === "POST" && !query.has("comp"))
    throw notImplemented("The lease operation of the data-lake protocol");
  return undefined;
}

async function handle(
  context: LakeContext,
  faults: Faults,
  request: LakeRequest,
  response: ServerResponse,
): Promise<void> {
  const operation = dfsOperation(request);
  if (operation !== undefined) {
    const lostAfterMs = await faults.strike(request);
    const answer = await operation(context, request);
    if (lostAfterMs === undefined) sendAnswer(response, answer);
    else await loseAnswer(response, lostAfterMs);
    return;
  }
  const wantsJson = (request.header("accept") ?? "").includes("application/json");
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (isRead && wantsJson && request.path !== "" && !request.query.has("comp")) {
    const lostAfterMs = await faults.strike(request);
    await proxyBlob(context, request, response, { errors: "dfs", lostAfterMs });
    return;
  }
  try {
    const lostAfterMs = await faults.strike(request);
    await blobRequest(context, request, response, lostAfterMs);
  } catch (error) {
    sendBlobError(response, request.method, toBlobError(error));
    request.message.resume();
  }
}

/** Starts the data-lake endpoint that the storage emulator lacks, in front of its blob endpoint, on 127.0.0.1. */
export async function startLake(options: LakeOptions): Promise<Lake> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const blobs = new BlobServiceClient(
    options.blobEndpoint,
    new StorageSharedKeyCredential(options.account, options.key),
    {
      retryOptions: { maxTries: 1 },
    },
  );
  const context: LakeContext = {
    account: options.account,
    key: options.key,
    blobEndpoint: new URL(options.blobEndpoint),
    blobs,
    agent,
    directories: directoriesOf(blobs),
  };
  const faults = createFaults();
  const server = createServer((message, response) => {
    const fail = (error: unknown) => {
      sendError(response, message.method ?? "GET", toLakeError(error));
      message.resume();
    };
    try {
      if (isLocal(message)) answerLocal(faults, message, response).catch(fail);
      else handle(context, faults, readRequest(message, options.account), response).catch(fail);
    } catch (error) {
      fail(error);
    }
  });
  server.requestTimeout = 0;
  server.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The data lake has no address");
  return {
    url: `http://127.0.0.1:${address.port}/${options.account}`,
    port: address.port,
    close: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
