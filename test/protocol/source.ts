import type { EntryBody, Lane, PlannedTable, WindowRange } from "../../model/checkpoint/entries.ts";
import { owedIn, type State } from "../../model/checkpoint/state.ts";
import { moment } from "../model/checkpoint/sampleLog.ts";
import { batchesOf, type Row, type Rules, TABLE } from "./rules.ts";

/*
 * The source: what it holds, and how an iteration of it is planned. The plan does what activities/plan does for one table: the
 * backfill lane takes history once, the forward lane what came after the table's cursor, and what is owed comes first, as it
 * was cut.
 */

/** The batch that comes when faults have stopped: what it brings must arrive, and its clean-up leaves nothing. */
const LAST: Row = { id: "z", batch: 9, at: "2026-01-09T00:00:00.0000000Z" };

export function rowsOf(rules: Rules): readonly Row[] {
  return [...rules.rows, LAST];
}

/** A snapshot table's content at a cursor. */
export function versionAt(rules: Rules, cursor: string): readonly string[] {
  return cursor === cursorOf(LAST.batch) ? [LAST.id] : (rules.versions?.[Number(cursor) - 1] ?? []);
}

/** The rows of a window, as its export reads them. */
export function contentOf(rules: Rules, table: PlannedTable, range: WindowRange): readonly string[] {
  if (rules.versions) return versionAt(rules, table.upTo);
  return rowsOf(rules)
    .filter((row) => isBetween(row, table.after, table.upTo))
    .filter(({ at }) => (range.from ?? "") <= at && (range.to === undefined || at < range.to))
    .map((row) => row.id);
}

export function isBetween(row: Row, after: string | undefined, upTo: string): boolean {
  return (after ?? "") < cursorOf(row.batch) && cursorOf(row.batch) <= upTo;
}

/** The plan of a lane's next iteration; undefined where it has nothing to do. */
export function planOf(rules: Rules, state: State, lane: Lane, settling: boolean): EntryBody | undefined {
  const iteration = state.lastIteration + 1;
  const upTo = cursorOf(settling ? LAST.batch : Math.min(iteration, batchesOf(rules)));
  const known = state.tables[TABLE];
  const stopped = known?.stopped !== undefined;
  const waits = known?.backfill === "pending" && rules.versions !== undefined;
  const forwardHasIt =
    state.open.forward?.tables.some((each) => each.name === TABLE && each.after === undefined) === true;
  const again = known?.resync === true;
  const mine =
    !stopped &&
    (lane === "backfill"
      ? !again && ((known === undefined && !forwardHasIt) || known?.backfill === "pending")
      : !waits && (known !== undefined || state.open.backfill !== undefined));
  if (lane === "backfill" && !mine) return undefined;
  const common = { kind: "iterationPlanned" as const, iteration, lane, upTo, readAt: moment(iteration) };
  const table = mine ? plannedTable(rules, state, lane, upTo) : undefined;
  const empty = table === undefined || (table.windows.length === 0 && lane === "forward");
  return {
    ...common,
    tables: empty ? [] : [table],
    quiet: mine && empty ? [TABLE] : [],
    refused: [],
  };
}

function plannedTable(rules: Rules, state: State, lane: Lane, upTo: string): PlannedTable {
  const known = state.tables[TABLE];
  const base = {
    name: TABLE,
    folder: "",
    docstring: "",
    columns: [{ name: "A", type: "long" as const }],
    format: "csv" as const,
  };
  if (rules.versions) {
    const signature = `version ${upTo}`;
    const rows = versionAt(rules, upTo).length;
    const resync = known?.resync === true ? { resync: true } : {};
    const copied = known?.signature === signature && known.resync !== true;
    const windows: WindowRange[] = copied ? [] : [{ kind: "whole", rows }];
    return { ...base, upTo, signature, ...resync, windows };
  }
  const owed = owedIn(lane, known);
  if (owed) {
    const after = owed.after === undefined ? {} : { after: owed.after };
    return { ...base, ...after, upTo: owed.upTo, windows: owed.windows };
  }
  const bounds =
    lane === "backfill"
      ? { upTo: known?.backfillUpTo ?? upTo }
      : { ...(known === undefined ? {} : { after: known.cursor }), upTo };
  return { ...base, ...bounds, windows: windowsOf(rules, bounds) };
}

/** One window for each ingestion time; together they cover the whole time line. */
function windowsOf(rules: Rules, { after, upTo }: { after?: string; upTo: string }): WindowRange[] {
  const own = rowsOf(rules).filter((row) => isBetween(row, after, upTo));
  const times = [...new Set(own.map((row) => row.at))].toSorted();
  return times.map((at, i) => {
    const to = times[i + 1];
    return {
      kind: "time",
      ...(i === 0 ? {} : { from: at }),
      ...(to === undefined ? {} : { to }),
      rows: own.filter((row) => row.at === at).length,
    };
  });
}

function cursorOf(batch: number): string {
  return String(batch);
}
