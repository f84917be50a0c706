import { z } from "zod";
import { laneSchema } from "./checkpoint/entries.ts";

/** How many tables the custom status names, and how much of a name, which may have 1,024 characters. */
const TABLES_NAMED = 10;
const NAME_SHOWN = 200;

/** The tables that the custom status names, of those that windows are in flight of: the first in the alphabet. */
export function tablesNamed(tables: Iterable<string>): string[] {
  const first = [...new Set(tables)].toSorted().slice(0, TABLES_NAMED);
  return first.map((name) => (name.length <= NAME_SHOWN ? name : `${name.slice(0, NAME_SHOWN - 1)}…`));
}

/**
 * What a running copy's orchestration shows as its custom status: in the portal's Durable monitor, and to programs that ask
 * for its instance. Far below the 16 KB that fail an orchestration (recorded of the real host).
 */
export const customStatusSchema = z.object({
  job: z.string(),
  run: z.number(),
  /** `pausing`: what is on its way is waited for. */
  doing: z.enum(["copying", "pausing"]),
  lanes: z.array(
    z.object({
      lane: laneSchema,
      iteration: z.number(),
      windows: z.number(),
      /** Windows staged, and of them shown, by this run. */
      staged: z.number(),
      shown: z.number(),
    }),
  ),
  /** Windows in flight by what they do; `backingOff` wait before they are tried again. */
  inFlight: z.object({
    exporting: z.number(),
    ingesting: z.number(),
    other: z.number(),
    backingOff: z.number(),
  }),
  /** Tables that windows are in flight of, at most ten, long names cut. */
  tables: z.array(z.string()),
  /** Steps that were refused for now (throttling, a lost connection) and attempts that were begun anew, by this run. */
  refused: z.number(),
  retried: z.number(),
  /** Why, the last time. */
  retryReason: z.string().nullable().default(null),
  /** Iterations committed by this run. */
  committed: z.number(),
});

export type CustomStatus = z.infer<typeof customStatusSchema>;
