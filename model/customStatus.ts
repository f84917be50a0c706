import { z } from "zod";
import { laneSchema } from "./checkpoint/entries.ts";

/** Tables that the custom status names: those that windows are in flight of, the first in the alphabet. */
export const TABLES_NAMED = 10;

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
  /** Tables that windows are in flight of, at most ten. */
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
