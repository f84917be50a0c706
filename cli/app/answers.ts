import { z } from "zod";
import { noRetries, retriesSchema } from "../../model/retries.ts";

/* What a deployed app answers, as far as the command needs it: an app of another version may answer more. */

const count = z.number().int().nonnegative();

export const copySchema = z.object({
  id: z.string(),
  state: z.string(),
  iteration: z.number().nullable(),
  lagSeconds: z.number().nonnegative().nullable(),
  tables: z.array(
    z.object({
      name: z.string(),
      state: z.enum(["running", "succeeded", "failed"]),
      windows: z.object({ total: count, exported: count, staged: count, promoted: count }),
      rows: count,
      bytes: count,
      retries: retriesSchema.default(noRetries),
      error: z.string().nullable(),
    }),
  ),
  retries: retriesSchema.default(noRetries),
  error: z.string().nullable(),
});
export type AppCopy = z.infer<typeof copySchema>;

/** How a job stands in the app: paused, say, whatever came of its last copy. */
export const jobStandingSchema = z.object({ state: z.string() });

export const startedSchema = z.object({ id: z.string() });

/** An app of an older version says nothing of starting over. */
export const resumedSchema = startedSchema.extend({ startsOver: z.boolean().default(false) });

/** A resynchronisation: `id` is null until the copy is resumed. */
export const resyncedSchema = z.object({ tables: z.array(z.string()), id: z.string().nullable() });

/** A report that is being made, or is there. */
export const reportSchema = z.object({
  state: z.string(),
  error: z.string().nullable(),
  report: z.unknown(),
});

/** States in which a copy is still at work. */
export const AT_WORK: readonly string[] = ["running", "pausing", "cancelling"];
