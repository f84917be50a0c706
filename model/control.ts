import { z } from "zod";
import { daySchema } from "./checkpoint/entries.ts";

/*
 * What people ask of a copy beside its runs: in files of the lake folder's `control/`, so that the app and the command line
 * reach a run of either, and a request is kept while nothing runs.
 */

export const wantedSchema = z.enum(["run", "pause", "cancel"]);
export type Wanted = z.infer<typeof wantedSchema>;

/** `control/wanted.json`: what the copy is to do. Without it, run. */
export const wantedFileSchema = z.object({
  wanted: wantedSchema,
  /** When it was asked for, ISO. */
  at: z.iso.datetime({ precision: null }),
  /** Who or what asked: `http`, `kusto-copy on <host>`; shown to the next who looks. */
  by: z.string(),
});

/** `control/resync/<id>.json`: tables to copy once more, whole or days of them. Removed when the log has taken it in. */
export const resyncFileSchema = z.object({
  tables: z.array(z.string().min(1)).min(1),
  days: z.array(daySchema).min(1).optional(),
  at: z.iso.datetime({ precision: null }),
  by: z.string(),
});

export interface ResyncRequest {
  readonly id: string;
  readonly tables: readonly string[];
  /** Present where only these days are asked for. */
  readonly days?: readonly string[] | undefined;
}

export interface Control {
  readonly wanted: Wanted;
  /** Who asked for it, and when; undefined where nobody asked for anything. */
  readonly asked?: { readonly at: string; readonly by: string };
  readonly resyncs: readonly ResyncRequest[];
}

/** The requests that the log has not taken in yet: a file that can't be removed may still be there. */
export function waitingResyncs(
  resyncs: readonly ResyncRequest[],
  { resyncs: taken }: { readonly resyncs: readonly string[] },
): ResyncRequest[] {
  return resyncs.filter(({ id }) => !taken.includes(id));
}
