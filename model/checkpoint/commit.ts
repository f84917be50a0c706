import { copyRecord } from "../record.ts";
import { beginning, historyWith } from "./beginning.ts";
import { type EntryOf, FOLLOWED, type PlannedTable } from "./entries.ts";
import { askedStill } from "./resync.ts";
import {
  FINISHED_KEPT,
  type OpenIteration,
  type Owed,
  openIteration,
  owedAfter,
  type State,
  type TableState,
  type WindowState,
} from "./state.ts";
import { windowsOf } from "./windows.ts";

/**
 * The state after a commit: each table's cursor passes what of it was promoted, and nothing else. See the invariants of
 * fold.ts.
 */
export function committed(state: State, entry: EntryOf<"iterationCommitted">): State {
  const open = openIteration(state, entry.iteration);
  if (!open) throw new Error(`entry ${entry.number} commits iteration ${entry.iteration}, which is not open`);
  if (open.intended.length > 0) {
    const waiting = open.intended.map((move) => move.table).join(", ");
    throw new Error(
      `entry ${entry.number} commits iteration ${entry.iteration} while the promotion of ${waiting} is under way`,
    );
  }
  const tables = copyRecord(state.tables);
  const summary: State["finished"][number]["tables"] = [];
  let behind = false;
  open.tables.forEach((planned, t) => {
    const own = windowsOf(open, t);
    const promotedWindows = own.filter((window) => window.stage === "promoted");
    // Of a table that has nothing to promote, what parked it kept the destination from following it.
    const held = own.length === 0 && planned.name in open.parked;
    const whole = promotedWindows.length === own.length && !held;
    const part = !whole && promotedWindows.length > 0 && planned.days === undefined;
    const stopped =
      open.stopped[planned.name] ??
      (part && planned.signature !== undefined
        ? `Only a part of iteration ${open.iteration} was promoted to table ${planned.name}.`
        : undefined);
    // Parked after its promotion: its rows are in, and what parked it concerns the next iteration.
    const reason = stopped ?? (whole ? undefined : open.parked[planned.name]);
    if (reason === undefined && !whole) {
      throw new Error(
        `entry ${entry.number} commits iteration ${entry.iteration} before table ${planned.name} was promoted`,
      );
    }
    behind ||= endsBefore(open, planned, reason !== undefined);
    summary.push({
      name: planned.name,
      windows: own.length,
      rows: promotedWindows.reduce((sum, window) => sum + (window.rows ?? 0), 0),
      bytes: promotedWindows.reduce((sum, window) => sum + (window.bytes ?? 0), 0),
      ...(planned.days === undefined ? {} : { days: true }),
      ...(reason === undefined ? {} : { error: reason }),
      ...(open.retries?.[planned.name] === undefined ? {} : { retries: open.retries[planned.name] }),
    });
    const known = tables[planned.name];
    if (stopped !== undefined) {
      const query =
        promotedWindows.length > 0
          ? { query: planned.query ?? null, ...shapeAfter(known, planned, open.lane) }
          : {};
      // Asked for since the plan: the table is copied whole next, whatever has become of it.
      const halt = known?.resync === true ? { error: stopped } : { error: stopped, stopped };
      tables[planned.name] = { ...(known ?? beginning(planned)), ...query, ...halt };
    } else if (reason !== undefined) {
      const kept = known ?? (part ? beginning(planned) : undefined);
      const owed = part
        ? {
            ...owedAfter(open.lane, known, owedOf(planned, own, open.lane)),
            query: planned.query ?? null,
            ...shapeAfter(known, planned, open.lane),
          }
        : {};
      if (kept)
        tables[planned.name] = { ...kept, ...owed, ...askedStill(known, planned, reason), error: reason };
    } else if (planned.days !== undefined && known !== undefined) {
      // Nothing is newer for it: the cursor and what was asked for meanwhile stay.
      const { error: _, ...rest } = known;
      tables[planned.name] = { ...rest, ...shapeAfter(known, planned, "forward") };
    } else {
      tables[planned.name] = advanced(known, open, planned.upTo, signatureAfter(known, planned), planned);
    }
  });
  for (const name of open.quiet)
    tables[name] = advanced(tables[name], open, open.upTo, tables[name]?.signature);
  for (const { table, reason } of open.refused)
    summary.push({ name: table, windows: 0, rows: 0, bytes: 0, error: reason });
  const { [open.lane]: _, ...others } = state.open;
  return {
    ...state,
    tables,
    open: others,
    toClean: [...state.toClean, { ...open, committedAt: entry.at }],
    finished: [
      ...state.finished,
      {
        iteration: open.iteration,
        run: entry.run,
        lane: open.lane,
        upTo: open.upTo,
        readAt: open.readAt,
        committedAt: entry.at,
        ...(entry.abandoned === true ? { abandoned: true } : {}),
        tables: summary,
        ...(open.waits === undefined ? {} : { waits: open.waits }),
      },
    ].slice(-FINISHED_KEPT),
    ...(entry.abandoned === true ? {} : broughtUpTo(state, open, entry.at, behind)),
  };
}

/** The moment that the destination stands at after an iteration; one that leaves a table behind moves it no further. */
function broughtUpTo(
  state: State,
  open: OpenIteration,
  at: string,
  behind: boolean,
): Pick<State, "historyReadAt" | "lastForward"> {
  const { lane, upTo, readAt } = open;
  if (lane === "backfill") return { historyReadAt: state.historyReadAt ?? readAt };
  if (behind) return {};
  const durationMs = Math.max(0, Date.parse(at) - Date.parse(readAt));
  return { lastForward: { upTo, readAt, durationMs } };
}

/**
 * Whether an iteration leaves rows of a table out that came before its reading, though nothing keeps the table from following:
 * days of it end at its cursor, and what was owed of it ends where that was cut. Days that were parked were tried in the place
 * of what is new. Keeps invariant 11 of fold.ts.
 */
function endsBefore(open: OpenIteration, planned: PlannedTable, parked: boolean): boolean {
  return planned.upTo !== open.upTo && (planned.days !== undefined || !parked);
}

/**
 * What the destination knows of the source's columns and texts after a commit. A backfill may have been planned long ago: what
 * the forward lane has committed since is newer.
 */
function shapeAfter(
  known: TableState | undefined,
  planned: PlannedTable | undefined,
  lane: OpenIteration["lane"],
): Pick<TableState, "columns" | "folder" | "docstring"> {
  const newer = lane === "forward" || planned?.resync === true || known?.columns === undefined;
  if (planned !== undefined && newer) {
    const { columns, folder, docstring } = planned;
    return { columns, folder, docstring };
  }
  if (known?.columns === undefined) return {};
  const { columns, folder, docstring } = known;
  return {
    columns,
    ...(folder === undefined ? {} : { folder }),
    ...(docstring === undefined ? {} : { docstring }),
  };
}

/**
 * What cursors follow was not copied whole before it was resynchronised, and is cut at the horizon as it was. Keeps invariant 15
 * of fold.ts.
 */
function signatureAfter(known: TableState | undefined, planned: PlannedTable): string | undefined {
  const cut = planned.resync === true && planned.signature === FOLLOWED && known?.signature === undefined;
  if (cut) return undefined;
  return planned.signature ?? (known?.signature === FOLLOWED ? FOLLOWED : undefined);
}

function kept(known: TableState | undefined) {
  return { backfill: known?.backfill ?? ("none" as const), backfillUpTo: known?.backfillUpTo ?? "" };
}

function owedOf(planned: PlannedTable, own: readonly WindowState[], lane: OpenIteration["lane"]): Owed {
  return {
    lane,
    ...(planned.after === undefined ? {} : { after: planned.after }),
    upTo: planned.upTo,
    windows: planned.windows.filter((_, w) => own[w]?.stage !== "promoted"),
  };
}

function advanced(
  known: TableState | undefined,
  open: OpenIteration,
  upTo: string,
  signature: string | undefined,
  planned?: PlannedTable,
): TableState {
  const query = planned === undefined ? known?.query : (planned.query ?? null);
  const signed = {
    ...(signature === undefined ? {} : { signature }),
    ...(query === undefined ? {} : { query }),
    ...shapeAfter(known, planned, open.lane),
  };
  const asked = {
    ...(known?.resync === true ? { resync: true } : {}),
    ...(known?.days === undefined ? {} : { days: { ...known.days, waits: false } }),
  };
  // Copied whole up to there, whatever each lane had done before.
  if (planned?.resync === true) {
    const since =
      planned.after === undefined ? { backfill: "done" as const, backfillUpTo: upTo } : kept(known);
    return { cursor: upTo, ...since, ...signed, ...asked };
  }
  const cursor = open.lane === "forward" ? upTo : (known?.cursor ?? upTo);
  // Without a window nothing of the table's history was copied, or there was none.
  const copied = planned === undefined || planned.windows.length > 0 ? ("done" as const) : ("none" as const);
  const backfill = open.lane === "backfill" ? copied : (known?.backfill ?? historyWith(planned));
  return {
    cursor,
    backfill,
    backfillUpTo: known?.backfillUpTo ?? upTo,
    ...signed,
    ...asked,
    ...owedAfter(open.lane, known),
    ...(known?.days?.reason === undefined ? {} : { error: known.days.reason }),
    ...(known?.stopped === undefined ? {} : { error: known.stopped, stopped: known.stopped }),
  };
}
