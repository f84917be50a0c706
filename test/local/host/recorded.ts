import { readFileSync } from "node:fs";
import { z } from "zod";

/** The recordings of the real host, and what makes two of its messages alike but for ids, times and stacks. */

export function readRecording<T>(name: string, schema: z.ZodType<T>): T {
  return schema.parse(JSON.parse(readFileSync(new URL(`recordings/${name}`, import.meta.url), "utf8")));
}

const turnSchema = z.object({
  input: z.looseObject({ history: z.array(z.looseObject({ EventType: z.number(), EventId: z.number() })) }),
  result: z.unknown().optional(),
  threw: z.object({ name: z.string(), message: z.string() }).nullish(),
});
export type Turn = z.infer<typeof turnSchema>;

/** Turns by `<orchestrator> · <instance>`, without those of entities, which the local host refuses. */
export function readTurns(name: string): Map<string, Turn[]> {
  const all = readRecording(name, z.record(z.string(), z.array(z.unknown())));
  const kept = Object.entries(all).filter(([key]) => !/entit/i.test(key));
  return new Map(kept.map(([key, turns]) => [key, z.array(turnSchema).parse(turns)]));
}

const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)/g;
const id = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32}\b/g;

export function alike(value: unknown): unknown {
  if (typeof value === "string") return alikeText(value);
  if (Array.isArray(value)) return value.map(alike);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, alikeMember(key, item)]));
  }
  return value;
}

const stackMembers = new Set(["StackTrace", "RemoteStackTrace"]);

function alikeMember(key: string, value: unknown): unknown {
  if (stackMembers.has(key)) return "<stack>";
  if (key === "Message" && typeof value === "string" && value.startsWith("Result: Failure")) {
    return value.replace(/\nStack: [\s\S]*$/, "\nStack: <stack>");
  }
  return alike(value);
}

const stateLabel = "$OutOfProcData$:";

function alikeText(text: string): string {
  const state = text.indexOf(stateLabel);
  if (state >= 0) {
    const head = text.slice(0, state + stateLabel.length);
    return head + JSON.stringify(alike(JSON.parse(text.slice(state + stateLabel.length))));
  }
  const exception = text.indexOf('{"$type":"System.Exception');
  if (exception >= 0) {
    return text.slice(0, exception) + JSON.stringify(alike(JSON.parse(text.slice(exception))));
  }
  return text
    .replace(time, "<time>")
    .replace(id, "<id>")
    .replace(/http:\/\/127\.0\.0\.1:\d+/g, "<host>")
    .replace(/code=[\w-]+/g, "code=KEY");
}
