import { z } from "zod";
import { daySchema } from "./checkpoint/entries.ts";

/*
 * What people ask of a copy beside its runs: in files of the lake folder's `control/`, so that the app and the command line
 * reach a run of either, and a request is kept while nothing runs.
 */

export const wantedSchema = z.enum(["run", "pause", "cancel"]);
export type Wanted = z.infer<typeof wantedSchema>;

const asker = {
  /** When it was asked for, ISO. */
  at: z.iso.datetime({ precision: null }),
  /** Who or what asked: `http`, `kusto-copy on <host>`; shown to the next who looks. */
  by: z.string(),
};

/** A request to copy these tables whole once more that came with the wish to run: both are there, or neither. */
export const startOverSchema = z.object({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  tables: z.array(z.string().min(1)).min(1),
  ...asker,
});
export type StartOver = z.infer<typeof startOverSchema>;

/** `control/wanted.json`: what the copy is to do. Without it, run. */
export const wantedFileSchema = z.object({
  wanted: wantedSchema,
  ...asker,
  /** Kept until the log has taken it in, whatever is asked for meanwhile. */
  startOver: startOverSchema.optional(),
});
export type WantedFile = z.infer<typeof wantedFileSchema>;

/** `control/resync/<id>.json`: tables to copy once more; `<id>.days.json`: days of them. Removed when the log has taken it in. */
export const resyncFileSchema = z.object({
  tables: z.array(z.string().min(1)).min(1),
  days: z.array(daySchema).min(1).optional(),
  ...asker,
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
  /** A request to start over among them included. */
  readonly resyncs: readonly ResyncRequest[];
  readonly startOver?: StartOver | undefined;
}

/** The requests that the log has not taken in yet: a file that can't be removed may still be there. */
export function waitingResyncs(
  resyncs: readonly ResyncRequest[],
  { resyncs: taken }: { readonly resyncs: readonly string[] },
): ResyncRequest[] {
  return resyncs.filter(({ id }) => !taken.includes(id));
}

/** Whether a copy may start over: where it is paused or cancelled, or once more for a request that waits, as the same one. */
export function mayStartOver(control: Control, state: { readonly resyncs: readonly string[] }): boolean {
  return control.wanted !== "run" || waitingStartOver(control, state) !== undefined;
}

/** The request to start over that the log has not taken in yet. */
export function waitingStartOver(
  { startOver }: Pick<Control, "startOver">,
  { resyncs: taken }: { readonly resyncs: readonly string[] },
): StartOver | undefined {
  return startOver === undefined || taken.includes(startOver.id) ? undefined : startOver;
}
