import { createHash } from "node:crypto";
import { z } from "zod";

/*
 * The history of an orchestration, as small as a replay can do with: of each turn when it was, what had come, and what the
 * orchestrator asked for. Numbers of tasks follow from their order. Inputs of tasks are kept as digests: the host's history
 * has none, but an input that changed shows a call that changed its place with another of the same activity.
 */

/** Times are milliseconds since then. */
export const BEGIN = Date.parse("2026-01-01T00:00:00.000Z");

const cameSchema = z.union([
  z.tuple([z.literal("done"), z.number(), z.json()]),
  z.tuple([z.literal("failed"), z.number(), z.string(), z.string()]),
  z.tuple([z.literal("fired"), z.number()]),
]);
export type Came = z.infer<typeof cameSchema>;

/** An activity with its input's digest, or a timer with its time. */
const askedSchema = z.union([
  z.tuple([z.literal("activity"), z.string(), z.string()]),
  z.tuple([z.literal("timer"), z.number()]),
]);
export type Asked = z.infer<typeof askedSchema>;

const turnSchema = z.strictObject({
  at: z.number(),
  came: z.array(cameSchema),
  asked: z.array(askedSchema),
});
export type RecordedTurn = z.infer<typeof turnSchema>;

const endSchema = z.tuple([z.enum(["completed", "continuedAsNew", "failed"]), z.string()]);
export type End = z.infer<typeof endSchema>;

const executionSchema = z.strictObject({
  input: z.json(),
  turns: z.array(turnSchema).min(1),
  end: endSchema,
});
export type Execution = z.infer<typeof executionSchema>;

/** An instance: an execution for each generation that continued as new. */
export const historySchema = z.strictObject({
  orchestrator: z.string(),
  executions: z.array(executionSchema).min(1),
});
export type RecordedHistory = z.infer<typeof historySchema>;

/** A text for a text, the same each time, too short to read anything from. */
export function digest(text: string | null): string {
  return createHash("sha256")
    .update(text ?? "")
    .digest("hex")
    .slice(0, 8);
}

/** A turn to a line, so that a difference can be read. */
export function historyText({ orchestrator, executions }: RecordedHistory): string {
  const each = executions.map(({ input, turns, end }) => {
    const lines = turns.map((turn) => `   ${JSON.stringify(turn)}`).join(",\n");
    return `  {"input": ${JSON.stringify(input)},\n   "end": ${JSON.stringify(end)},\n   "turns": [\n${lines}]}`;
  });
  return `{"orchestrator": ${JSON.stringify(orchestrator)}, "executions": [\n${each.join(",\n")}]}\n`;
}
