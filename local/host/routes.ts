import { z } from "zod";
import type { AppFunction } from "./app.ts";
import type { AuthLevel } from "./keys.ts";

const httpTriggerSchema = z.looseObject({
  route: z.string().optional(),
  methods: z.array(z.string()).optional(),
  authLevel: z.string().optional(),
});

export interface Route {
  function: AppFunction;
  path: string;
  methods: string[];
  authLevel: AuthLevel;
  match(path: string): Record<string, string> | null;
}

interface Segment {
  text: string | null;
  name: string;
  constraint: string;
  optional: boolean;
  rest: boolean;
}

const constraints: Record<string, RegExp> = {
  "": /^[\s\S]+$/,
  int: /^-?\d{1,10}$/,
  long: /^-?\d{1,19}$/,
  alpha: /^[a-z]+$/i,
  bool: /^(true|false)$/i,
  guid: /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i,
};

/** The route of an HTTP trigger: under the app's prefix, by default the function's name, for GET and POST. */
export function routeOf(item: AppFunction, prefix: string): Route {
  const trigger = httpTriggerSchema.parse(item.trigger);
  const path = [prefix, trigger.route ?? item.name].filter((part) => part !== "").join("/");
  const segments = path
    .split("/")
    .filter((part) => part !== "")
    .map((part) => segmentOf(item.name, part));
  return {
    function: item,
    path,
    methods: (trigger.methods ?? ["GET", "POST"]).map((method) => method.toUpperCase()),
    authLevel: levelOf(item.name, trigger.authLevel),
    match: (path) => matchPath(segments, path),
  };
}

/** Literal parts go before parameters, as ASP.NET's routing has it. */
export function compareRoutes(a: Route, b: Route): number {
  const rank = (route: Route): string =>
    route.path
      .split("/")
      .map((part) => (part.startsWith("{*") ? "3" : part.includes("{") ? "2" : "1"))
      .join("");
  const [left, right] = [rank(a), rank(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function levelOf(name: string, level: string | undefined): AuthLevel {
  const found = (level ?? "anonymous").toLowerCase();
  if (found === "anonymous" || found === "function" || found === "admin") return found;
  throw new Error(`Function '${name}': the local host doesn't know the authLevel '${level}'.`);
}

function segmentOf(name: string, part: string): Segment {
  const literal = { text: part.toLowerCase(), name: "", constraint: "", optional: false, rest: false };
  if (!part.includes("{")) return literal;
  const found = /^\{(\*{0,2})([\w-]+)(?::([\w()]+))?(\?)?\}$/.exec(part);
  const constraint = found?.[3] ?? "";
  if (found === null || constraints[constraint] === undefined) {
    throw new Error(`Function '${name}': the local host doesn't know the route part '${part}'.`);
  }
  return {
    text: null,
    name: found[2] ?? "",
    constraint,
    optional: found[4] !== undefined,
    rest: found[1] !== "",
  };
}

function matchPath(segments: readonly Segment[], path: string): Record<string, string> | null {
  const parts = path.split("/").filter((part) => part !== "");
  const parameters: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const part = parts[index];
    if (segment.rest) {
      const rest = parts.slice(index).map(decode).join("/");
      if (rest !== "") parameters[segment.name] = rest;
      return parameters;
    }
    if (part === undefined) {
      if (!segment.optional) return null;
      continue;
    }
    const text = decode(part);
    if (segment.text !== null) {
      if (segment.text !== text.toLowerCase()) return null;
    } else {
      if (constraints[segment.constraint]?.test(text) !== true) return null;
      parameters[segment.name] = text;
    }
  }
  return parts.length > segments.length ? null : parameters;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
