import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { loseAnswer, sendError } from "./answers.ts";
import { folderMark } from "./directories.ts";
import type { LakeContext } from "./lakeContext.ts";
import { dfsCode, LakeError } from "./lakeError.ts";
import type { LakeRequest } from "./lakeRequest.ts";
import { accessHeaders } from "./pathProperties.ts";
import { sharedKeyAuthorization } from "./sharedKey.ts";

const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
]);

export interface ProxyOptions {
  /** Headers to add, and the request to be signed anew with the account's key. */
  readonly resign?: Readonly<Record<string, string>>;
  /** Runs when the blob endpoint has done the work, before the client is told. */
  readonly afterSuccess?: () => Promise<void>;
  /** The path as it is to be called behind, where it isn't as it came. */
  readonly errors?: "blob" | "dfs";
  /** The answer is lost so long after the work is done, milliseconds. */
  readonly lostAfterMs?: number | undefined;
}

function resigned(
  context: LakeContext,
  request: LakeRequest,
  headers: Record<string, string | string[]>,
  added: Readonly<Record<string, string>>,
) {
  const query = new URLSearchParams([...request.query].filter(([name]) => !sasParameters.has(name)));
  const text = query.toString();
  const all: Record<string, string | string[]> = {
    ...headers,
    ...added,
    "x-ms-date": new Date().toUTCString(),
  };
  const header = (name: string) => {
    const value = all[name];
    return Array.isArray(value) ? value.join(",") : value;
  };
  all.authorization = sharedKeyAuthorization(
    { method: request.method, rawPath: request.rawPath, query, header, headerNames: Object.keys(all) },
    context.account,
    context.key,
  );
  return {
    headers: all,
    path: text === "" ? request.rawPath : `${request.rawPath}?${text.replaceAll("+", "%20")}`,
  };
}

const sasParameters = new Set([
  "sv",
  "ss",
  "srt",
  "sp",
  "st",
  "se",
  "spr",
  "sig",
  "sr",
  "sdd",
  "sip",
  "si",
  "ses",
  "rscc",
  "rscd",
  "rsce",
  "rscl",
  "rsct",
]);

/** Sends the request on to the blob endpoint as it is, body streamed, and gives its answer when the head of it is there. */
function sendUpstream(
  context: LakeContext,
  request: LakeRequest,
  options: ProxyOptions,
): Promise<IncomingMessage> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(request.message.headers)) {
    if (value !== undefined && !hopByHop.has(name)) headers[name] = value;
  }
  const { headers: sent, path } =
    options.resign === undefined
      ? { headers, path: request.message.url ?? "/" }
      : resigned(context, request, headers, options.resign);
  return new Promise((resolve, reject) => {
    const upstream = httpRequest(
      {
        host: context.blobEndpoint.hostname,
        port: context.blobEndpoint.port,
        method: request.method,
        path,
        headers: sent,
        agent: context.agent,
      },
      resolve,
    );
    upstream.on("error", reject);
    request.message.on("aborted", () => upstream.destroy());
    if (request.message.readableEnded) upstream.end();
    else request.message.pipe(upstream);
  });
}

/** What a hierarchical account says of a path beside what a flat one says. */
function addPathHeaders(response: ServerResponse, request: LakeRequest, answer: IncomingMessage): void {
  // Of an account's information (`rest/api/storageservices/get-account-information`): the blob endpoint behind is a flat one.
  if (request.query.get("restype") === "account" && answer.headers["x-ms-account-kind"] !== undefined)
    response.setHeader("x-ms-is-hns-enabled", "true");
  const isRead =
    (request.method === "GET" || request.method === "HEAD") &&
    !request.query.has("comp") &&
    !request.query.has("restype");
  if (!isRead || request.path === "") return;
  const directory = answer.headers[`x-ms-meta-${folderMark}`] === "true";
  response.setHeader("x-ms-resource-type", directory ? "directory" : "file");
  for (const [name, value] of Object.entries(accessHeaders(directory))) response.setHeader(name, value);
}

/** Passes a request of the blob protocol through to the blob endpoint, and its answer back. Bodies are never held. */
export async function proxyBlob(
  context: LakeContext,
  request: LakeRequest,
  response: ServerResponse,
  options: ProxyOptions = {},
): Promise<void> {
  let answer = await sendUpstream(context, request, options);
  // A directory that only the files in it imply: gets its mark, and is there.
  if (
    answer.statusCode === 404 &&
    request.method === "HEAD" &&
    request.path !== "" &&
    answer.headers["x-ms-error-code"] === "BlobNotFound"
  ) {
    answer.resume();
    if ((await context.directories.kind(request.filesystem, request.path)) === "directory") {
      answer = await sendUpstream(context, request, options);
    }
  }
  const status = answer.statusCode ?? 502;
  if (status >= 400 && options.errors === "dfs") {
    const { code, message } = dfsCode(
      String(answer.headers["x-ms-error-code"] ?? "InternalError"),
      answer.statusMessage ?? "",
    );
    answer.resume();
    sendError(response, request.method, new LakeError(status, code, message));
    return;
  }
  if (status < 300) await options.afterSuccess?.();
  if (options.lostAfterMs !== undefined) {
    answer.resume();
    await loseAnswer(response, options.lostAfterMs);
    return;
  }
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined && !hopByHop.has(name)) response.setHeader(name, value);
  }
  if (status < 300) addPathHeaders(response, request, answer);
  response.writeHead(status, answer.statusMessage);
  await pipeline(answer, response);
}
