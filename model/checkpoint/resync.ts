import { copyRecord } from "../record.ts";
import { beginning } from "./beginning.ts";
import type { EntryOf, PlannedTable, PromotionMove } from "./entries.ts";
import { RESYNCS_KEPT, type State, type TableState } from "./state.ts";

/*
 * What is asked for to be copied once more, tables or days of them: accepted, planned, and asked for still where an iteration
 * could not do it. See the invariants of fold.ts.
 */

/**
 * What a resynchronisation makes good: a stop, an error, a rest that is owed. Tables that the log doesn't know begin anyway;
 * but where one is on its way already, what was asked for now comes after it. Days make no stop good, and are part of a table
 * that is to be copied whole.
 */
export function resyncAccepted(state: State, entry: EntryOf<"resyncAccepted">): State {
  if (state.resyncs.includes(entry.request)) return state;
  const tables = copyRecord(state.tables);
  for (const name of entry.tables) {
    const begun = state.open.forward?.tables.find((table) => table.name === name);
    const known = tables[name] ?? (begun && beginning(begun));
    if (!known) continue;
    if (entry.days === undefined) {
      const { error: _, stopped: __, ...kept } = withoutDays(known);
      tables[name] = { ...kept, resync: true };
    } else if (known.resync !== true && known.stopped === undefined) {
      const asked = joinedDays(known.days?.asked, entry.days);
      tables[name] = { ...known, days: { ...known.days, asked, waits: false } };
    }
  }
  const named = new Set(entry.tables);
  return {
    ...state,
    tables,
    warnings: state.warnings.filter((each) => !isOfDays(each, named)),
    resyncs: [...state.resyncs, entry.request].slice(-RESYNCS_KEPT),
  };
}

/** From its plan on a resynchronisation is the iteration's; what is asked for meanwhile comes after it. */
export function resyncsPlanned(state: State, entry: EntryOf<"iterationPlanned">): State {
  const tables = copyRecord(state.tables);
  for (const { name, resync, days } of entry.tables) {
    const known = tables[name];
    if (!known) continue;
    if (resync === true) tables[name] = withoutResync(known);
    else if (days !== undefined) tables[name] = withoutDays(known);
  }
  const refused = entry.refusedDays ?? [];
  for (const { table } of refused) {
    const known = tables[table];
    if (known) tables[table] = withoutDays(known);
  }
  const named = new Set(refused.map(({ table }) => table));
  return {
    ...state,
    tables,
    warnings: [
      ...state.warnings.filter((each) => !isOfDays(each, named)),
      ...refused.map((each) => ({ about: "days" as const, ...each })),
    ],
  };
}

/** What an iteration was to resynchronise and hasn't, and why: it is asked for as before. */
export function askedStill(
  known: TableState | undefined,
  { resync, days }: PlannedTable,
  reason: string,
): Pick<TableState, "resync" | "days"> {
  if (resync === true) return { resync: true };
  if (days === undefined || known?.resync === true) return {};
  return { days: { asked: joinedDays(known?.days?.asked, days), waits: true, reason } };
}

/**
 * A table that was to be emptied, and whose promotion is taken back, is copied whole once more, whatever its signature says: no
 * rows in staging tell whether a command that is still under way empties it all the same.
 */
export function emptiedPerhaps(
  state: State,
  entry: EntryOf<"promoted">,
  moves: readonly PromotionMove[],
): State {
  const tables = copyRecord(state.tables);
  for (const { table } of entry.withdrawn) {
    const known = tables[table];
    const empties = moves.some(
      (move) =>
        move.table === table &&
        move.replace &&
        move.days === undefined &&
        move.windows.every(({ extents }) => extents.length === 0),
    );
    if (known?.signature !== undefined && empties) tables[table] = { ...known, resync: true };
  }
  return { ...state, tables };
}

/** Days of two requests, each once, the oldest first. */
export function joinedDays(known: readonly string[] = [], more: readonly string[] = []): string[] {
  return [...new Set([...known, ...more])].toSorted();
}

function isOfDays({ about, table }: State["warnings"][number], tables: ReadonlySet<string>): boolean {
  return about === "days" && tables.has(table);
}

function withoutResync({ resync: _, ...rest }: TableState): TableState {
  return rest;
}

function withoutDays({ days: _, ...rest }: TableState): TableState {
  return rest;
}

/** Keeps invariant 9 of fold.ts. */
export function refuseUnsettledDays(state: State, entry: EntryOf<"iterationPlanned">): void {
  const other = entry.lane === "backfill" ? state.open.forward : state.open.backfill;
  for (const { name, days, upTo } of entry.tables) {
    if (days === undefined) continue;
    const known = state.tables[name];
    const elsewhere =
      other !== undefined &&
      (other.tables.some((table) => table.name === name) || other.quiet.includes(name));
    const settled =
      known !== undefined &&
      known.cursor === upTo &&
      known.backfill !== "pending" &&
      known.owed === undefined &&
      known.stopped === undefined &&
      !elsewhere;
    if (!settled)
      throw new Error(
        `entry ${entry.number} resynchronises days of table ${name} while rows of it are still to come`,
      );
  }
}
