import { randomUUID } from "node:crypto";
import { z } from "zod";
import { badRequest } from "../engine/lookup.ts";
import type { RequestContext } from "../engine/request.ts";
import { ticksOfTimespan } from "../engine/ticks.ts";

const propertiesSchema = z.object({
  Options: z.record(z.string(), z.unknown()).nullish(),
  Parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish(),
  ClientRequestId: z.string().nullish(),
});

const bodySchema = z.object({
  db: z.string().nullish(),
  csl: z.string(),
  properties: z.union([propertiesSchema, z.string()]).nullish(),
});

/** Numbers beyond what a JavaScript number holds stay text: they are query parameters. */
function parseBody(text: string): z.output<typeof bodySchema> {
  let value: unknown;
  try {
    value = JSON.parse(
      text,
      function revive(_key: string, item: unknown, source?: { readonly source?: string }) {
        return typeof item === "number" &&
          !Number.isSafeInteger(item) &&
          source?.source !== undefined &&
          /^-?\d+$/.test(source.source)
          ? source.source
          : item;
      },
    );
  } catch {
    throw badRequest("The request's body isn't valid JSON.");
  }
  const parsed = bodySchema.safeParse(value);
  if (!parsed.success)
    throw badRequest(
      `The request's body is invalid: ${parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ")}`,
    );
  return parsed.data;
}

function properties(value: z.output<typeof bodySchema>["properties"]): z.output<typeof propertiesSchema> {
  if (value === null || value === undefined || value === "") return {};
  if (typeof value !== "string") return value;
  try {
    return propertiesSchema.parse(JSON.parse(value));
  } catch {
    throw badRequest("The request's properties aren't valid JSON.");
  }
}

const claims = z.object({
  oid: z.string().optional(),
  appid: z.string().optional(),
  upn: z.string().optional(),
  tid: z.string().optional(),
  sub: z.string().optional(),
});

/** The principal that a bearer token names; nobody's signature is checked here. */
export function principalOf(authorization: string | undefined): string {
  const token = /^bearer\s+(.+)$/i.exec(authorization ?? "")?.[1];
  if (token === undefined) return "aaduser=local-user;local";
  const [, payload] = token.split(".");
  try {
    const read = claims.parse(JSON.parse(Buffer.from(payload ?? "", "base64url").toString("utf8")));
    const tenant = read.tid ?? "local";
    if (read.upn !== undefined) return `aaduser=${read.oid ?? read.upn};${tenant}`;
    return `aadapp=${read.appid ?? read.oid ?? read.sub ?? "local"};${tenant}`;
  } catch {
    return `aadapp=${token.slice(0, 64)};local`;
  }
}

export interface ReadRequest {
  readonly context: RequestContext;
  readonly timeoutMs: number;
}

function timeoutOf(options: ReadonlyMap<string, unknown>, isQuery: boolean): number {
  const most = 3_600_000;
  if (options.get("norequesttimeout") === true || options.get("norequesttimeout") === "true") return most;
  const value = options.get("servertimeout");
  const ticks = typeof value === "string" ? ticksOfTimespan(value) : undefined;
  if (ticks !== undefined) return Math.min(most, Number(ticks / 10_000n));
  if (typeof value === "number") return Math.min(most, value);
  return isQuery ? 240_000 : 600_000;
}

/** Reads a request's body and headers (`kusto/api/rest/request.md`). */
export function readRequest(
  body: string,
  header: (name: string) => string | undefined,
  isQuery: boolean,
  signal: AbortSignal,
): ReadRequest {
  const parsed = parseBody(body);
  const given = properties(parsed.properties);
  const options = new Map(
    Object.entries(given.Options ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return {
    timeoutMs: timeoutOf(options, isQuery),
    context: {
      database: parsed.db ?? "",
      text: parsed.csl,
      principal: principalOf(header("authorization")),
      clientRequestId:
        header("x-ms-client-request-id") ?? given.ClientRequestId ?? `unspecified;${randomUUID()}`,
      activityId: randomUUID(),
      application: header("x-ms-app") ?? "",
      user: header("x-ms-user") ?? "",
      options,
      parameters: new Map(Object.entries(given.Parameters ?? {})),
      signal,
    },
  };
}
