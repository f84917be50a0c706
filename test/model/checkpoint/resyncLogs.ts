import fc from "fast-check";
import {
  type EntryBody,
  type Lane,
  type PlannedTable,
  type WindowRange,
  windowId,
} from "../../../model/checkpoint/entries.ts";
import { fold } from "../../../model/checkpoint/fold.ts";
import { emptyState, type OpenIteration, owedIn, type State } from "../../../model/checkpoint/state.ts";
import {
  committed,
  entryAt,
  exported,
  intended,
  opening,
  parked,
  planned,
  promoted,
  staged,
} from "./sampleLog.ts";

/*
 * Logs of which whole tables and days are asked for at any moment, in both lanes, with windows shown one by one. A row is its
 * cursor, and a row's day follows from it: so each log says which rows the destination holds after each of its entries.
 */

export const NAMES = ["T", "U"];
const DAYS = ["2024-05-01", "2024-05-02", "2024-05-03"];
const dayOf = (row: number) => DAYS[row % DAYS.length] ?? "";

export interface Step {
  readonly before: State;
  readonly body: EntryBody;
  readonly after: State;
  /** What the destination holds of each table after it. */
  readonly held: ReadonlyMap<string, readonly number[]>;
}

/** One window a day; its range of rows is the table's, between the two cursors. */
const windowOf = (day: string): WindowRange => ({ kind: "time", from: `${day}T00:00:00.0000000Z`, rows: 1 });

function rowsOf({ after, upTo }: Pick<PlannedTable, "after" | "upTo">, { from }: WindowRange): number[] {
  const first = after === undefined ? 0 : Number(after);
  return Array.from({ length: Number(upTo) - first }, (_, i) => first + i + 1).filter((row) =>
    from?.startsWith(dayOf(row)),
  );
}

/** What a planner that keeps the rules plans of a table in a lane, or undefined where it leaves it out. */
function plannedTable(state: State, lane: Lane, name: string, now: string): PlannedTable | undefined {
  const known = state.tables[name];
  const base = { name, folder: "", docstring: "", columns: [], format: "csv" as const };
  const every = DAYS.map(windowOf);
  const other = lane === "forward" ? state.open.backfill : state.open.forward;
  const elsewhere = other?.tables.find((table) => table.name === name);
  if (known?.stopped !== undefined || elsewhere?.resync === true || elsewhere?.days !== undefined)
    return undefined;
  if (known?.resync === true && !elsewhere)
    return lane === "forward"
      ? { ...base, upTo: now, signature: "followed", resync: true, windows: every }
      : undefined;
  const settled = known !== undefined && known.backfill !== "pending" && !known.owed && !elsewhere;
  if (lane === "forward" && settled && known.days?.waits === false) {
    const { asked } = known.days;
    return { ...base, upTo: known.cursor, days: asked, undated: 0, windows: asked.map(windowOf) };
  }
  const owed = owedIn(lane, known);
  if (owed) {
    const { after, upTo, windows } = owed;
    return { ...base, ...(after === undefined ? {} : { after }), upTo, windows };
  }
  if (lane === "forward")
    return known === undefined ? undefined : { ...base, after: known.cursor, upTo: now, windows: every };
  if (known !== undefined && known.backfill !== "pending") return undefined;
  return { ...base, upTo: known?.backfillUpTo ?? now, windows: every };
}

/** What may come next: each choice some entries of which one follows another. */
function following(state: State, choice: number): EntryBody[][] {
  if (!state.run) return [[opening]];
  const next: EntryBody[][] = [];
  const now = String(state.next);
  for (const lane of ["forward", "backfill"] as const) {
    const open = state.open[lane];
    if (open) {
      next.push(...goingOn(open, choice));
      continue;
    }
    const tables = NAMES.flatMap((name) => plannedTable(state, lane, name, now) ?? []);
    const plan = planned(state.lastIteration + 1, lane, { upTo: now });
    if (tables.length > 0 && plan.kind === "iterationPlanned") next.push([{ ...plan, tables }]);
  }
  const name = NAMES[choice % 2] ?? "T";
  const days = DAYS.slice(choice % 3, (choice % 3) + 1 + (choice % 2));
  const request = { kind: "resyncAccepted" as const, request: `r${state.next}`, tables: [name] };
  if (choice % 5 === 0) next.push([{ ...request, days }]);
  if (choice % 17 === 0) next.push([request]);
  if (choice % 19 === 0) next.push([opening]);
  return next;
}

function goingOn(open: OpenIteration, choice: number): EntryBody[][] {
  const { iteration } = open;
  const next: EntryBody[][] = [];
  const waiting = open.tables.flatMap((table, t) => {
    const ids = table.windows.map((_, w) => windowId(iteration, t, w));
    const left = table.name in open.parked ? [] : ids.filter((id) => open.windows[id]?.stage !== "promoted");
    return left.length === 0 ? [] : [{ table, left }];
  });
  for (const { table, left } of waiting) {
    const replaces = table.signature !== undefined || table.days !== undefined;
    const some = replaces ? left : left.slice(0, 1 + (choice % left.length));
    next.push([
      exported(iteration, some),
      staged(iteration, some),
      intended(iteration, table.name, some),
      promoted(iteration, some),
    ]);
    if (choice % 4 === 0) next.push([parked(iteration, table.name)]);
    if (replaces && choice % 23 === 0)
      next.push([
        exported(iteration, some),
        staged(iteration, some),
        intended(iteration, table.name, some),
        promoted(iteration, [], [{ table: table.name, reason: "It was lost." }]),
      ]);
  }
  if (waiting.length === 0) next.push([committed(iteration)]);
  return next;
}

/** The rows that a table holds once these windows of it are shown. */
function heldAfter(held: readonly number[], table: PlannedTable, windows: readonly WindowRange[]): number[] {
  const rows = windows.flatMap((window) => rowsOf(table, window));
  if (table.signature !== undefined) return rows;
  const { days } = table;
  return [...(days === undefined ? held : held.filter((row) => !days.includes(dayOf(row)))), ...rows];
}

/** Any such log, step by step. */
export const anyLog = fc
  .array(fc.nat({ max: 99_999 }), { minLength: 20, maxLength: 90, size: "max" })
  .map((choices): Step[] => {
    const steps: Step[] = [];
    let state = emptyState;
    const held = new Map<string, readonly number[]>(NAMES.map((name) => [name, []]));
    for (const choice of choices) {
      const options = following(state, choice);
      for (const body of options[Math.floor(choice / 23) % options.length] ?? []) {
        const before = state;
        const run = body.kind === "runOpened" ? before.next : (before.run?.id ?? 0);
        state = fold(before, entryAt(before.next, run, body));
        if (body.kind === "promoted") {
          const opens = [before.open.forward, before.open.backfill];
          const open = opens.find((each) => each?.iteration === body.iteration);
          open?.tables.forEach((table, t) => {
            const shown = table.windows.filter((_, w) =>
              body.windows.includes(windowId(body.iteration, t, w)),
            );
            if (shown.length > 0) held.set(table.name, heldAfter(held.get(table.name) ?? [], table, shown));
          });
        }
        steps.push({ before, body, after: state, held: new Map(held) });
      }
    }
    return steps;
  });
