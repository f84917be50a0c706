import { z } from "zod";
import type { State } from "../model/checkpoint/state.ts";
import { readText, writeText } from "./files.ts";
import type { Lake } from "./lake.ts";
import { readState } from "./log.ts";

/*
 * Why a run could not even be opened, beside the log: it has no entry of its own there, and one written for it would make
 * stale a run of another process that is at work.
 *
 * Invariant: it tells nothing any more once the log has gone on. It holds the number of the entry that was due, and not a
 * time, as clocks differ.
 */

/** File below the lake folder. */
export const UNOPENED = "unopened.json";

const unopenedSchema = z.object({
  /** Number of the log's next entry when the run failed. */
  next: z.number().int().nonnegative(),
  at: z.iso.datetime({ precision: null }),
  reason: z.string(),
});

/** Notes that a run could not be opened where the log stands. */
export async function noteUnopened(lake: Lake, { next }: State, reason: string): Promise<void> {
  const note = { next, at: new Date().toISOString(), reason };
  await writeText(lake, UNOPENED, JSON.stringify(unopenedSchema.parse(note)));
}

/**
 * The state of a lake folder as people are told it: as the log has it, and failed where no run could be opened since its last
 * entry. For showing only: whether a run is at work, or another is due, is asked of the log.
 */
export async function readStanding(lake: Lake): Promise<State> {
  const state = await readState(lake);
  const text = await readText(lake, UNOPENED);
  const note = text === undefined ? undefined : noteIn(text);
  if (note?.next !== state.next) return state;
  return { ...state, failed: `No run could be opened (${note.at}): ${note.reason}` };
}

/** A file that can't be read tells nothing, and is written anew at the next failure. */
function noteIn(text: string): z.infer<typeof unopenedSchema> | undefined {
  try {
    return unopenedSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
