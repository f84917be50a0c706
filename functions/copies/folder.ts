import { lakeOf } from "../../activities/environment.ts";
import { readControl } from "../../lake/control.ts";
import { storageFailure } from "../../lake/failure.ts";
import type { Lake } from "../../lake/lake.ts";
import { readState } from "../../lake/log.ts";
import type { State } from "../../model/checkpoint/state.ts";
import type { Control } from "../../model/control.ts";
import { describe } from "../../model/errors.ts";

/** What a lake folder says of the copy in it, or why it says nothing. */
export type Folder = { readonly state: State; readonly control: Control } | { readonly problem: string };

/**
 * Reads the log and what is asked of the copy in a lake folder. Never throws: one that can't be read hides no other. `read`: how
 * the state is read, of a job with what keeps its runs from being opened (lake/unopened.ts).
 */
export async function readFolder(
  url: string,
  read: (lake: Lake) => Promise<State> = readState,
): Promise<Folder> {
  try {
    const lake = lakeOf(url);
    const [state, control] = await Promise.all([read(lake), readControl(lake)]);
    return { state, control };
  } catch (error) {
    return { problem: describe(storageFailure(error)) };
  }
}
