import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { LakeAnswer } from "./lakeContext.ts";
import type { LakeError } from "./lakeError.ts";

const version = "2021-06-08";

function setCommon(response: ServerResponse): string {
  const id = randomUUID();
  response.setHeader("x-ms-request-id", id);
  response.setHeader("x-ms-version", version);
  return id;
}

export function sendAnswer(response: ServerResponse, answer: LakeAnswer): void {
  setCommon(response);
  for (const [name, value] of Object.entries(answer.headers ?? {}))
    if (value !== undefined) response.setHeader(name, value);
  response.statusCode = answer.status;
  if (answer.body === undefined) {
    if (!response.hasHeader("content-length")) response.setHeader("content-length", "0");
    response.end();
    return;
  }
  response.setHeader("content-type", "application/json;charset=utf-8");
  response.end(JSON.stringify(answer.body));
}

/** Cuts the connection after a while, so that the caller learns nothing of what was done. */
export async function loseAnswer(response: ServerResponse, afterMs: number): Promise<void> {
  await sleep(afterMs);
  response.socket?.destroy();
}

/** An error in the shape of the data-lake endpoint: a JSON body, the code in a header too. */
export function sendError(response: ServerResponse, method: string, error: LakeError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  const id = setCommon(response);
  response.statusCode = error.status;
  response.setHeader("x-ms-error-code", error.code);
  if (method === "HEAD") {
    response.end();
    return;
  }
  response.setHeader("content-type", "application/json;charset=utf-8");
  const message = `${error.message}\nRequestId:${id}\nTime:${new Date().toISOString()}`;
  response.end(JSON.stringify({ error: { code: error.code, message } }));
}

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** The same in the shape of the blob endpoint, for what the lake itself refuses to a client of that protocol. */
export function sendBlobError(response: ServerResponse, method: string, error: LakeError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  const id = setCommon(response);
  response.statusCode = error.status;
  response.setHeader("x-ms-error-code", error.code);
  if (method === "HEAD") {
    response.end();
    return;
  }
  response.setHeader("content-type", "application/xml");
  const message = error.message.replaceAll(/[&<>]/g, (sign) => escapes[sign] ?? sign);
  response.end(
    `<?xml version="1.0" encoding="utf-8"?><Error><Code>${error.code}</Code><Message>${message}\nRequestId:${id}\nTime:${new Date().toISOString()}</Message></Error>`,
  );
}
