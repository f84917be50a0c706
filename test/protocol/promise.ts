import type { OpenIteration } from "../../model/checkpoint/state.ts";

import { stagingOwner } from "../../model/naming.ts";
import { stateOf } from "./ledger.ts";
import { rowsOfWindow } from "./names.ts";
import { GONE } from "./promoteTable.ts";
import { type Fault, jobOf, type Rules, TABLE } from "./rules.ts";
import { contentOf, isBetween, rowsOf, versionAt } from "./source.ts";
import type { World } from "./world.ts";

/** What is broken. */
export type Breach =
  | "a row twice"
  | "a row lost"
  | "shown before the log says so"
  | "stopped without cause"
  | "verified rows swept"
  | "parked without cause"
  | "the log went back"
  | "an entry that the log refuses"
  | "stuck"
  | "something left over";

export interface Broken {
  readonly breach: Breach;
  readonly says: string;
}

/** What may park a table besides attempts that are used up. */
const PARKING: readonly Fault[] = ["refusal", "cancel"];

/** Whether a table is parked though no window's last attempt has failed, and nothing else that parks it may happen. */
function isParkedEarly(rules: Rules, open: OpenIteration): boolean {
  if (!(TABLE in open.parked) || rules.kinds.some((kind) => PARKING.includes(kind))) return false;
  return Object.values(open.windows).every((window) => window.attempt < jobOf(rules).maxAttempts);
}

/** What is promised in every moment. */
export function brokenIn(rules: Rules, world: World): Broken | undefined {
  const held = world.table.flatMap((extent) => extent.rows);
  const twice = held.find((row, i) => held.indexOf(row) !== i);
  if (twice !== undefined) return { breach: "a row twice", says: `Row ${twice} is in the table twice.` };
  const state = stateOf(world.log);
  const stopped = state.tables[TABLE]?.stopped;
  const stopping = lanesOf(world).flatMap((open) => open.stopped[TABLE] ?? [])[0] ?? stopped;
  if (stopping !== undefined) {
    if (world.outside) return undefined;
    return { breach: "stopped without cause", says: `Nobody dropped anything, and: ${stopping}.` };
  }
  const gone = lanesOf(world).some((open) => open.parked[TABLE] === GONE);
  if (gone && world.discarded.length === 0 && !world.outside)
    return { breach: "verified rows swept", says: `Nobody else dropped anything, and ${GONE}.` };
  const parked = lanesOf(world).find((open) => isParkedEarly(rules, open));
  if (parked && !world.outside)
    return {
      breach: "parked without cause",
      says: `No attempts are used up, and the table is parked: ${parked.parked[TABLE]}.`,
    };
  const shown = shownBy(rules, world);
  if (shown === undefined) return undefined;
  const lost = shown.find((row) => !held.includes(row) && !world.dropped.includes(row));
  if (lost !== undefined)
    return { breach: "a row lost", says: `By the log row ${lost} is in the table, and it isn't.` };
  const moving = movingBy(rules, world);
  const early = held.find((row) => !shown.includes(row) && !moving.includes(row));
  if (early === undefined) return undefined;
  return {
    breach: "shown before the log says so",
    says: `Row ${early} is in the table too early, or still.`,
  };
}

/** What is promised of each step. */
export function brokenBetween(before: World, now: World): Broken | undefined {
  const [was, is] = [stateOf(before.log), stateOf(now.log)];
  const back = (says: string): Broken => ({ breach: "the log went back", says });
  if (is.next < was.next) return back(`The log ended at entry ${was.next - 1}, and now at ${is.next - 1}.`);
  if ((is.run?.id ?? 0) < (was.run?.id ?? 0))
    return back(`Run ${is.run?.id} writes after run ${was.run?.id} opened.`);
  for (const [name, { cursor }] of Object.entries(was.tables)) {
    const later = is.tables[name]?.cursor ?? "";
    if (later < cursor) return back(`The cursor of table ${name} went from ${cursor} back to "${later}".`);
  }
  return undefined;
}

function lanesOf(world: World): OpenIteration[] {
  const { open } = stateOf(world.log);
  return [open.forward, open.backfill].filter((each) => each !== undefined);
}

/** The rows that are in the table by the log; undefined while a replacement is under way, when it may be either content. */
function shownBy(rules: Rules, world: World): readonly string[] | undefined {
  const known = stateOf(world.log).tables[TABLE];
  const lanes = lanesOf(world);
  if (rules.versions) {
    const replacing = lanes.find((open) => open.tables.some((table) => table.name === TABLE));
    if (replacing?.intended.some((move) => move.table === TABLE)) return undefined;
    // What was to empty the table and was taken back may have done so, until it is replaced.
    const again = known?.resync === true || replacing?.tables.some((table) => table.resync === true);
    const promoted = Object.values(replacing?.windows ?? {}).some((window) => window.stage === "promoted");
    if (replacing && promoted) return versionAt(rules, replacing.upTo);
    if (again === true) return undefined;
    return known?.signature === undefined ? [] : versionAt(rules, known.signature.replace("version ", ""));
  }
  const committed = rowsOf(rules).filter((row) => {
    if (known === undefined || !isBetween(row, undefined, known.cursor)) return false;
    return (
      known.backfill === "done" ||
      (known.backfill === "none" ? true : !isBetween(row, undefined, known.backfillUpTo))
    );
  });
  const owed = known?.owed ?? [];
  const waiting = new Set(
    owed.flatMap((each) =>
      each.windows.flatMap((range) => contentOf(rules, { ...NO_TABLE, ...each, windows: [] }, range)),
    ),
  );
  // What is shown in part has no cursor yet that says so: what was planned less what is owed.
  const part = owed.flatMap(({ after, upTo }) => rowsOf(rules).filter((row) => isBetween(row, after, upTo)));
  const promoted = lanes.flatMap((open) =>
    Object.entries(open.windows).flatMap(([id, window]) =>
      window.stage === "promoted" ? rowsOfWindow(rules, open, id) : [],
    ),
  );
  const all = [...committed, ...part].map((row) => row.id).filter((row) => !waiting.has(row));
  return [...new Set([...all, ...promoted])];
}

const NO_TABLE = {
  name: TABLE,
  folder: "",
  docstring: "",
  columns: [],
  format: "csv" as const,
};

/** The rows that an intent is moving: they may be in the table already. */
function movingBy(rules: Rules, world: World): readonly string[] {
  return lanesOf(world).flatMap((open) =>
    open.intended.flatMap((move) =>
      move.windows.flatMap((each) => {
        return rowsOfWindow(rules, open, each.window);
      }),
    ),
  );
}

/** What is promised of the end, when faults have stopped and one iteration more was committed. */
export function brokenAtEnd(rules: Rules, world: World): Broken | undefined {
  const left = (says: string): Broken => ({ breach: "something left over", says });
  const state = stateOf(world.log);
  const known = state.tables[TABLE];
  const tables = world.staging.filter((table) => stagingOwner(table.name) !== undefined);
  if (tables.length > 0) return left(`Staging table ${tables[0]?.name} is left.`);
  if (world.files.length > 0) return left(`Files in ${world.files[0]} are left.`);
  if (state.toClean.length > 0) return left("An iteration isn't cleaned.");
  if (known?.stopped !== undefined) return undefined;
  if (known?.error !== undefined) return { breach: "stuck", says: `The table is parked: ${known.error}` };
  const tagged = world.table.find((extent) => extent.tags.length > 0);
  if (tagged) return left(`The tag ${tagged.tags[0]} is left.`);
  const wanted = rules.versions ? versionAt(rules, known?.cursor ?? "") : rowsOf(rules).map((row) => row.id);
  const held = world.table.flatMap((extent) => extent.rows);
  const missing = wanted.find((row) => !held.includes(row) && !world.dropped.includes(row));
  if (missing !== undefined) return { breach: "a row lost", says: `Row ${missing} never came.` };
  return undefined;
}
