import { z } from "zod";
import type { Call } from "./proxy.ts";

/** An effect of a copy: which copy's it is, and what it does, in words that are the same in each run of the same copy. */
export interface Effect {
  readonly place: string;
  readonly name: string;
}

/** Databases, tables and lake folders of a copy are named by the place that it runs in. */
const PLACE = /Fault\d\d/;

const kustoBody = z.object({
  db: z.string(),
  csl: z.string(),
  properties: z.object({ Options: z.record(z.string(), z.unknown()).default({}) }).default({ Options: {} }),
});
const logEntry = z.object({ kind: z.string(), staged: z.array(z.unknown()).default([]) });

/** The effect that a request is; undefined where it is none of a copy's own, as a cluster's reading of the lake. */
export function effectOf(call: Call): Effect | undefined {
  const text = textOf(call);
  // A cluster reads and writes the lake by the signature that it was given; the app signs by its key.
  if (call.service === "lake" && /[?&]sig=/.test(call.url)) return undefined;
  const place = PLACE.exec(`${decodeURIComponent(call.url)} ${text}`)?.[0];
  return place === undefined ? undefined : { place, name: `${call.service}: ${nameOf(call, text)}` };
}

/** The effect that a request of a stage with one place alone is; undefined for what a process asks a cluster once, how to sign in. */
export function effectAt(place: string): (call: Call) => Effect | undefined {
  return (call) => {
    if (/\/auth\/metadata$/.test(call.url)) return undefined;
    return { place, name: `${call.service}: ${nameOf(call, textOf(call))}` };
  };
}

/**
 * Whether a request lets a cluster answer from what it was some while ago: a query, or a command that runs one, without strong
 * consistency, or from cached results (`kusto/concepts/query-consistency.md`: what is told of queries alone).
 */
export function readsWeakly({ service, body }: Call): boolean {
  if (service !== "source" && service !== "destination") return false;
  const read = kustoBody.safeParse(jsonOf(body.toString("utf8")));
  if (!read.success || !/^\s*[^.\s]|^\s*\.(?!show|move|replace)[^<]*<\|/.test(read.data.csl)) return false;
  const { queryconsistency, query_results_cache_max_age } = read.data.properties.Options;
  return queryconsistency !== "strongconsistency" || query_results_cache_max_age !== undefined;
}

function nameOf(call: Call, text: string): string {
  switch (call.service) {
    case "source":
    case "destination":
      return kustoName(text);
    case "lake":
      return lakeName(call, text);
    case "arm":
      return `${call.method} ${normalised(new URL(call.url, "http://proxy").pathname).split("/Microsoft.Kusto/").at(-1)}`;
    case "queue":
    case "events":
      return `${call.method} ${normalised(new URL(call.url, "http://proxy").pathname)}`;
  }
}

function kustoName(text: string): string {
  const read = kustoBody.safeParse(jsonOf(text));
  if (!read.success) return "request";
  return normalised(read.data.csl).slice(0, 80).trim();
}

function lakeName(call: Call, text: string): string {
  const url = new URL(call.url, "http://proxy");
  const path = decodeURIComponent(url.pathname).split("/").slice(4).join("/");
  const what = ["comp", "restype", "resource", "recursive"].flatMap((name) => {
    const value = url.searchParams.get(name);
    return value === null ? [] : [`${name}=${value}`];
  });
  const prefix = url.searchParams.get("prefix");
  const under = prefix === null ? [] : [`prefix=${prefix.split("/").slice(1, 3).join("/")}`];
  const entry = /^log\/\d+\.json$/.test(path) ? logEntry.safeParse(jsonOf(text)) : undefined;
  const kind = entry?.success === true ? kindOf(entry.data) : [];
  return normalised([call.method, path, ...what, ...under, ...kind].filter((part) => part !== "").join(" "));
}

/** What an entry says. Progress that says of windows that they are staged is another thing than what says that they are exported. */
function kindOf({ kind, staged }: z.output<typeof logEntry>): string[] {
  return [kind.replace(/@\d+$/, ""), ...(kind === "progress" && staged.length > 0 ? ["staged"] : [])];
}

function textOf({ service, body }: Call): string {
  const text = body.toString("utf8");
  if (service !== "queue") return text;
  const message = /<MessageText>([^<]+)<\/MessageText>/.exec(text)?.[1];
  return message === undefined ? text : Buffer.from(message, "base64").toString("utf8");
}

/** Leaves out what differs from one run to the next: ids, numbers, the texts of literals, and how long a list is. */
function normalised(text: string): string {
  return text
    .replace(/\['KC_Staging_[^']*'\]/g, "[staging]")
    .replace(/\['[^']*'\]/g, "[name]")
    .replace(/\bh?@?"(?:[^"\\]|\\.)*"/gi, '"…"')
    .replace(/\bh?@?'(?:[^'\\]|\\.)*'/gi, "'…'")
    .replace(/'[^']*'/g, "'…'")
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, "…")
    .replace(/(control\/resync\/)\S+/, "$1…")
    .replace(/Fault\d\d/g, "")
    .replace(/\d+/g, "N")
    .replace(/\s+/g, " ")
    .replace(/([^\s,(]+)(?:, ?\1)+/g, "$1")
    .trim();
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
