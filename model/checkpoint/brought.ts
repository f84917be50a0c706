import type { State } from "./state.ts";
import { windowsOf } from "./windows.ts";

/**
 * Whether this copy may have put rows of a table into the destination: by a commit of either lane, or by an iteration that is
 * open still. A commit that found nothing new moves the cursor alone, and notes no query.
 */
export function hasBrought(name: string, { tables, open }: State): boolean {
  const known = tables[name];
  const committed =
    known !== undefined &&
    (known.backfill !== "pending" ||
      known.signature !== undefined ||
      known.query !== undefined ||
      known.owed !== undefined);
  if (committed) return true;
  return [open.forward, open.backfill].some(
    (each) =>
      each !== undefined &&
      (each.intended.some((move) => move.table === name) ||
        each.tables.some(
          (table, t) =>
            table.name === name && windowsOf(each, t).some((window) => window.stage === "promoted"),
        )),
  );
}
