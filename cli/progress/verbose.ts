import { z } from "zod";
import type { CallSeen } from "../runtime/runtime.ts";

const inputSchema = z.object({
  job: z.object({ name: z.string() }).optional(),
  iteration: z.number().optional(),
  lane: z.string().optional(),
  table: z.string().optional(),
  flight: z.object({ window: z.string(), table: z.string(), attempt: z.number() }).optional(),
  flights: z.array(z.unknown()).optional(),
  body: z.object({ kind: z.string() }).optional(),
});
const flightSchema = z.object({
  window: z.string(),
  table: z.string(),
  stage: z.string(),
  operation: z.string().optional(),
  rows: z.number().optional(),
});
const outcomeSchema = z.object({
  kind: z.string(),
  reason: z.string().optional(),
  flight: flightSchema.optional(),
});
const answerSchema = z.object({
  kind: z.string(),
  reason: z.string().optional(),
  value: z
    .object({
      kind: z.string().optional(),
      reason: z.string().optional(),
      flight: flightSchema.optional(),
      outcomes: z.array(outcomeSchema).optional(),
    })
    .optional(),
});

/** One step that a run took, in words: what it was about, and the operation that it began or saw. */
export function callWords({ name, input, answer, ms }: CallSeen): { job: string; text: string } {
  const given = inputSchema.safeParse(input).data ?? {};
  const answered = answerSchema.safeParse(answer).data;
  const { flight } = given;
  const about = [
    ...(flight === undefined
      ? []
      : [`window ${flight.window} of ${flight.table}, attempt ${flight.attempt}`]),
    ...(given.table === undefined ? [] : [`table ${given.table}`]),
    ...(given.iteration === undefined ? [] : [`iteration ${given.iteration}`]),
    ...(given.lane === undefined ? [] : [given.lane]),
    ...(given.body === undefined ? [] : [given.body.kind]),
    ...(given.flights === undefined ? [] : [`${given.flights.length} operations`]),
  ].join(", ");
  const outcome = answered?.value;
  const results = [
    ...(outcome?.flight?.operation === undefined ? [] : [`operation ${outcome.flight.operation}`]),
    ...(outcome?.flight === undefined ? [] : [outcome.flight.stage]),
    ...(outcome?.outcomes ?? []).map(
      (each) =>
        `${each.flight?.window ?? ""} ${each.kind === "failed" ? `failed: ${each.reason ?? ""}` : (each.flight?.stage ?? each.kind)}${each.flight?.operation === undefined ? "" : ` (operation ${each.flight.operation})`}`,
    ),
    ...(outcome?.kind === "failed" ? [`failed: ${outcome.reason ?? ""}`] : []),
    ...(answered !== undefined && answered.kind !== "done"
      ? [`${answered.kind}: ${answered.reason ?? ""}`]
      : []),
  ].join("; ");
  const text = `${name}${about === "" ? "" : ` (${about})`}${results === "" ? "" : `: ${results}`} [${ms} ms]`;
  return { job: given.job?.name ?? "", text };
}
