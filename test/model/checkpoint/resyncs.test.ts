import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type EntryBody,
  type Lane,
  type PlannedTable,
  type WindowRange,
  windowId,
} from "../../../model/checkpoint/entries.ts";
import { fold } from "../../../model/checkpoint/fold.ts";
import {
  emptyState,
  type OpenIteration,
  owedIn,
  type State,
  stateSchema,
} from "../../../model/checkpoint/state.ts";
import { waitingResyncs } from "../../../model/control.ts";
import { copiedAsOf } from "../../../model/lag.ts";
import {
  canonical,
  committed,
  copied,
  entryAt,
  exported,
  intended,
  moment,
  opening,
  parked,
  planned,
  promoted,
  staged,
  stagedWindow,
  stateOf,
} from "./sampleLog.ts";

/*
 * Logs of which whole tables and days are asked for at any moment, in both lanes, with windows shown one by one. A row is its
 * cursor, and a row's day follows from it: so each log says which rows the destination holds after each of its entries.
 */

const NAMES = ["T", "U"];
const DAYS = ["2024-05-01", "2024-05-02", "2024-05-03"];
const dayOf = (row: number) => DAYS[row % DAYS.length] ?? "";

interface Step {
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

const anyLog = fc
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

const upTo = (cursor: string) => Array.from({ length: Number(cursor) }, (_, i) => i + 1);
const sorted = (rows: readonly number[]) => rows.toSorted((a, b) => a - b);

test("the logs that are tried here resynchronise days and tables, in vain too, and are asked for more meanwhile", () => {
  const all = fc.sample(anyLog, { numRuns: 100, seed: 1 }).flat();
  const plans = all.flatMap(({ body }) => (body.kind === "iterationPlanned" ? body.tables : []));
  expect(plans.filter((table) => table.days !== undefined).length).toBeGreaterThan(50);
  expect(plans.filter((table) => table.resync === true).length).toBeGreaterThan(50);
  expect(all.filter(({ after }) => after.tables.T?.days?.waits === true).length).toBeGreaterThan(20);
  expect(all.filter(({ after }) => after.tables.T?.owed !== undefined).length).toBeGreaterThan(20);
});

test("no row is ever held twice, whichever days are resynchronised, and when", () => {
  fc.assert(
    fc.property(anyLog, (steps) => {
      for (const { held } of steps)
        for (const rows of held.values()) expect(new Set(rows).size).toBe(rows.length);
    }),
  );
});

test("a table whose history is in, and of which nothing is owed, open or stopped, holds each row up to its cursor and no other", () => {
  fc.assert(
    fc.property(anyLog, (steps) => {
      for (const { after, held } of steps) {
        for (const name of NAMES) {
          const known = after.tables[name];
          const open = [after.open.forward, after.open.backfill].some((each) =>
            each?.tables.some((table) => table.name === name),
          );
          if (!known || open || known.owed || known.stopped || known.resync) continue;
          if (known.backfill !== "done") continue;
          expect(sorted(held.get(name) ?? [])).toEqual(upTo(known.cursor));
        }
      }
    }),
  );
});

test("the destination counts as of a moment only once each table that isn't parked is brought up to it", () => {
  fc.assert(
    fc.property(anyLog, (steps) => {
      for (const { before, after } of steps) {
        const { forward } = before.open;
        if (after.lastForward === before.lastForward || !forward) continue;
        expect(after.lastForward?.upTo).toBe(forward.upTo);
        for (const { name, days } of forward.tables) {
          if (days === undefined && (name in forward.parked || name in forward.stopped)) continue;
          expect(Number(after.tables[name]?.cursor)).toBeGreaterThanOrEqual(Number(forward.upTo));
        }
      }
    }),
  );
});

test("lag grows on over an iteration of days, and is short again once what is new has come", () => {
  const log = [...settled, planned(2, "forward", { quiet: ["T"] }), committed(2)];
  const cursor = stateOf(log).tables.T?.cursor ?? "";
  const days = [...log, daysPlanned(3, "forward", cursor)];
  expect(copiedAsOf(stateOf([...days, ...copied(3, "T"), committed(3)]))).toBe(moment(2));
  expect(copiedAsOf(stateOf([...days, parked(3, "T"), committed(3)]))).toBe(moment(2));
  const next = [planned(4, "forward", { quiet: ["T"] }), committed(4)];
  expect(copiedAsOf(stateOf([...days, ...copied(3, "T"), committed(3), ...next]))).toBe(moment(4));
});

test("days move no cursor, and what was asked for is asked for until an iteration planned after it commits it", () => {
  fc.assert(
    fc.property(anyLog, (steps) => {
      const asked = new Map<string, Set<string>>(NAMES.map((name) => [name, new Set()]));
      for (const { before, body, after } of steps) {
        if (body.kind === "resyncAccepted" && body.days !== undefined) {
          for (const name of body.tables.filter((each) => before.tables[each]?.stopped === undefined))
            if (before.tables[name] && before.tables[name]?.resync !== true)
              for (const day of body.days) asked.get(name)?.add(`${day} ${after.next}`);
        }
        if (body.kind === "resyncAccepted" && body.days === undefined)
          for (const name of body.tables) asked.get(name)?.clear();
        if (body.kind === "iterationCommitted") {
          const opens = [before.open.forward, before.open.backfill];
          const open = opens.find((each) => each?.iteration === body.iteration);
          for (const { name, days } of open?.tables ?? []) {
            if (days === undefined) continue;
            expect(after.tables[name]?.cursor).toBe(before.tables[name]?.cursor);
            if (name in (open?.parked ?? {})) continue;
            const plannedAt = steps.find(
              (step) => step.body.kind === "iterationPlanned" && step.body.iteration === body.iteration,
            )?.after.next;
            for (const each of [...(asked.get(name) ?? [])]) {
              const [day = "", at] = each.split(" ");
              if (days.includes(day) && Number(at) < Number(plannedAt)) asked.get(name)?.delete(each);
            }
          }
        }
        for (const name of NAMES) {
          const known = after.tables[name];
          // A stop, and what makes it good, take the days with them.
          if (known?.stopped !== undefined || known?.resync === true) {
            asked.get(name)?.clear();
            continue;
          }
          const open = [after.open.forward, after.open.backfill].flatMap((each) => each?.tables ?? []);
          const still = [
            ...(known?.days?.asked ?? []),
            ...open.filter((table) => table.name === name).flatMap((table) => table.days ?? []),
          ];
          for (const each of asked.get(name) ?? []) expect(still).toContain(each.split(" ")[0]);
        }
      }
    }),
  );
});

test("a request that was taken in is never asked for again, however many come after it", () => {
  const request = (id: string): EntryBody => ({ kind: "resyncAccepted", request: id, tables: ["T"] });
  const plan = planned(2, "forward", { tables: { T: 1 } });
  if (plan.kind !== "iterationPlanned") throw new Error("The sample plans nothing.");
  const resynced = { ...plan, tables: plan.tables.map((table) => ({ ...table, resync: true as const })) };
  const more = Array.from({ length: 200 }, (_, i) => request(`r${i}`));
  const log = [...settled, request("first"), ...more, resynced];
  const before = stateOf(log);
  expect(before.tables.T?.resync).toBeUndefined();
  const requests = ["first", "r0", "r199"].map((id) => ({ id, tables: ["T"] }));
  expect(waitingResyncs(requests, before)).toEqual([]);
  expect(stateOf([...log, request("first")])).toEqual({ ...before, next: before.next + 1 });
});

test("a snapshot of a state in which days are asked for folds on alike", () => {
  fc.assert(
    fc.property(anyLog, (steps) => {
      for (const { before, body, after } of steps) {
        const read = stateSchema.parse(JSON.parse(JSON.stringify(before)));
        const run = body.kind === "runOpened" ? before.next : (before.run?.id ?? 0);
        expect(canonical(fold(read, entryAt(before.next, run, body)))).toBe(canonical(after));
      }
    }),
    { numRuns: 20 },
  );
});

const settled: EntryBody[] = [
  opening,
  planned(1, "backfill", { tables: { T: 1 } }),
  ...copied(1, "T"),
  committed(1),
];

function daysPlanned(iteration: number, lane: Lane, cursor: string): EntryBody {
  const plan = planned(iteration, lane, { tables: { T: 1 } });
  if (plan.kind !== "iterationPlanned") throw new Error("The sample plans nothing.");
  const days = { days: [DAYS[0] ?? ""], undated: 0, upTo: cursor };
  return { ...plan, tables: plan.tables.map((table) => ({ ...table, ...days })) };
}

test.each<[string, EntryBody[]]>([
  ["up to another cursor", [...settled, daysPlanned(2, "forward", "cursor0")]],
  [
    "while its history is to come",
    [
      opening,
      planned(1, "backfill", { tables: { T: 1 } }),
      parked(1, "T"),
      committed(1),
      daysPlanned(2, "forward", "cursor1"),
    ],
  ],
  [
    "while something of it is owed",
    [
      ...settled,
      planned(2, "forward", { tables: { T: 2 } }),
      exported(2, ["2.0.0"]),
      staged(2, ["2.0.0"]),
      intended(2, "T", ["2.0.0"]),
      promoted(2, ["2.0.0"]),
      parked(2, "T"),
      committed(2),
      daysPlanned(3, "forward", "cursor1"),
    ],
  ],
  [
    "while another iteration has it",
    [...settled, planned(2, "forward", { quiet: ["T"] }), daysPlanned(3, "backfill", "cursor1")],
  ],
  ["of a table that the log doesn't know", [opening, daysPlanned(1, "forward", "cursor1")]],
])("days of a table are planned in no log %s", (_, log) => {
  expect(() => stateOf(log)).toThrow(/resynchronises days of table T/);
  expect(() => stateOf([...settled, daysPlanned(2, "forward", "cursor1")])).not.toThrow();
});

test("days that can't be resynchronised are given up with a reason, until they are asked for again", () => {
  const plan = planned(2, "forward", { quiet: ["T"], refusedDays: [{ table: "T", reason: "It can't be." }] });
  const asked: EntryBody = { kind: "resyncAccepted", request: "r", tables: ["T"], days: ["2024-05-01"] };
  const given: EntryBody[] = [...settled, asked, plan];
  const state = stateOf(given);
  expect(state.tables.T?.days).toBeUndefined();
  expect(state.warnings).toEqual([{ about: "days", table: "T", reason: "It can't be." }]);
  const again = stateOf([...given, { ...asked, request: "s" }]);
  expect(again.warnings).toEqual([]);
  expect(again.tables.T?.days).toEqual({ asked: ["2024-05-01"], waits: false });
});

test.each([
  ["was to be emptied", 0, true],
  ["was to hold other rows", 10, undefined],
])(
  "a table that %s by a promotion that was taken back: copied again whatever its signature says",
  (_, rows, again) => {
    const id = "2.0.0";
    const { extents, ...window } = { ...stagedWindow(id), rows };
    const found = rows === 0 ? [] : extents;
    const { window: __, attempt: ___, staging, tag } = window;
    const log: EntryBody[] = [
      opening,
      planned(1, "backfill", { tables: { T: 1 }, signature: "then" }),
      ...copied(1, "T"),
      committed(1),
      planned(2, "forward", { tables: { T: 1 }, signature: "now" }),
      exported(2, [id]),
      {
        kind: "progress",
        iteration: 2,
        exported: [],
        staged: [{ ...window, extents: found }],
        reset: [],
        parked: [],
      },
      {
        kind: "promotionIntended",
        iteration: 2,
        moves: [{ table: "T", staging, windows: [{ window: id, tag, rows, extents: found }], replace: true }],
      },
      promoted(2, [], [], [{ table: "T", reason: "It is refused." }]),
      committed(2),
    ];
    expect(stateOf(log).tables.T).toMatchObject({ signature: "then", error: "It is refused." });
    expect(stateOf(log).tables.T?.resync).toBe(again);
  },
);

test("a resynchronisation that is asked for while another is under way comes after it", () => {
  const whole: EntryBody = { kind: "resyncAccepted", request: "r", tables: ["T"] };
  const log: EntryBody[] = [
    ...settled,
    whole,
    planned(2, "forward", { tables: { T: 1 }, resync: true, signature: "followed" }),
    { ...whole, request: "s" },
    ...copied(2, "T"),
    committed(2),
  ];
  expect(stateOf(log).tables.T?.resync).toBe(true);
  expect(
    stateOf(log.filter((body) => body.kind !== "resyncAccepted" || body.request === "r")).tables.T,
  ).toEqual(expect.not.objectContaining({ resync: true }));
});
