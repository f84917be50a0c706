import { z } from "zod";

const subjectSchema = z.object({
  job: z.object({ name: z.string() }).optional(),
  run: z.number().optional(),
  iteration: z.number().optional(),
  table: z.string().optional(),
  flight: z
    .object({ iteration: z.number(), table: z.string(), window: z.string(), attempt: z.number() })
    .partial()
    .optional(),
});

/**
 * What an activity works on, from its input, for its invocation's log in the portal: job, run, iteration, table, window,
 * attempt, as far as the input names them. Empty where it names none.
 */
export function subjectOf(input: unknown): string {
  const parsed = subjectSchema.safeParse(input);
  if (!parsed.success) return "";
  const { job, run, iteration, table, flight } = parsed.data;
  const parts: [string, string | number | undefined][] = [
    ["job", job?.name],
    ["run", run],
    ["iteration", iteration ?? flight?.iteration],
    ["table", table ?? flight?.table],
    ["window", flight?.window],
    ["attempt", flight?.attempt],
  ];
  return parts.flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`])).join(", ");
}
