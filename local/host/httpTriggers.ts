import type { IncomingHttpHeaders } from "node:http";
import type { RpcHttpCookie, RpcHttpData, RpcTypedData } from "./coreModule.ts";
import type { HttpAnswer, HttpRequest } from "./httpServer.ts";

/** A request as the host sends it to the worker: what can be empty is wrapped, and the body is bytes. */
export function rpcRequest(request: HttpRequest, parameters: Record<string, string>): RpcTypedData {
  const wrap = (entries: Iterable<[string, string]>): Record<string, { value: string }> =>
    Object.fromEntries([...entries].map(([name, value]) => [name, { value }]));
  const http: RpcHttpData = {
    method: request.method,
    url: request.url.href,
    nullableHeaders: wrap(headerEntries(request.headers)),
    nullableQuery: wrap(request.url.searchParams),
    nullableParams: wrap(Object.entries(parameters)),
  };
  if (request.body.length > 0) http.body = { bytes: request.body };
  return { http };
}

function headerEntries(headers: IncomingHttpHeaders): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value]],
  );
}

/** A function's answer on the wire; one that returned nothing answers 204. */
export function httpAnswer(returned: RpcTypedData | null): HttpAnswer {
  const http = returned?.http;
  if (http === undefined || http === null) return { status: 204, headers: [], body: "" };
  const headers = Object.entries(http.headers ?? {}).filter(([name]) => name !== "content-length");
  const cookies = (http.cookies ?? []).map((cookie): [string, string] => ["set-cookie", cookieText(cookie)]);
  const body = http.body;
  return {
    status: Number(http.statusCode ?? 200),
    headers: [...headers, ...cookies],
    body: body?.bytes ?? body?.string ?? body?.json ?? "",
  };
}

function cookieText(cookie: RpcHttpCookie): string {
  const parts = [`${cookie.name ?? ""}=${encodeURIComponent(cookie.value ?? "")}`];
  const expires = cookie.expires?.value;
  if (expires instanceof Date) parts.push(`expires=${expires.toUTCString()}`);
  if (typeof cookie.maxAge?.value === "number") parts.push(`max-age=${cookie.maxAge.value}`);
  if (typeof cookie.domain?.value === "string") parts.push(`domain=${cookie.domain.value}`);
  if (typeof cookie.path?.value === "string") parts.push(`path=${cookie.path.value}`);
  if (cookie.secure?.value === true) parts.push("secure");
  if (cookie.httpOnly?.value === true) parts.push("httponly");
  const sameSite = cookie.sameSite?.toLowerCase();
  if (sameSite === "lax" || sameSite === "strict") parts.push(`samesite=${sameSite}`);
  if (sameSite === "explicitnone") parts.push("samesite=none");
  return parts.join("; ");
}
