import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type EntryBody,
  entrySchema,
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
import { isoFromTicks } from "../../../model/ticks.ts";
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
  stagedWindow,
  stateOf,
} from "./sampleLog.ts";

/*
 * Logs of a job that shows windows one by one: each window that is cut anew has a beginning of its own, so that it is
 * known again in a later plan.
 */

const NAMES = ["T", "U"];
const nothing = { exported: [], staged: [], reset: [], parked: [] };

interface Step {
  readonly before: State;
  readonly body: EntryBody;
  readonly after: State;
}

/** What a planner that keeps the rules may plan of a table now, or undefined where it leaves it out. */
function plannedTable(state: State, lane: Lane, name: string, cut: (count: number) => WindowRange[]) {
  const known = state.tables[name];
  if (known?.stopped !== undefined) return undefined;
  const other = lane === "forward" ? state.open.backfill : state.open.forward;
  const elsewhere = other?.tables.find((table) => table.name === name);
  const base = { name, folder: "", docstring: "", columns: [], format: "csv" as const };
  const upTo = `cursor${state.lastIteration + 1}`;
  if (known?.resync === true && elsewhere === undefined) {
    if (lane === "backfill") return undefined;
    return { ...base, upTo, signature: "followed", resync: true, windows: cut(2) };
  }
  if (elsewhere?.resync === true) return undefined;
  const owed = owedIn(lane, known);
  if (owed) {
    const { after, upTo: bound, windows } = owed;
    return { ...base, ...(after === undefined ? {} : { after }), upTo: bound, windows };
  }
  if (lane === "backfill")
    return known === undefined || known.backfill === "pending"
      ? { ...base, upTo: known?.backfillUpTo ?? upTo, windows: cut(3) }
      : undefined;
  return known === undefined ? undefined : { ...base, after: known.cursor, upTo, windows: cut(2) };
}

function following(state: State, choice: number, cut: (count: number) => WindowRange[]): EntryBody[] {
  if (!state.run) return [opening];
  const next: EntryBody[] = [];
  for (const lane of ["forward", "backfill"] as const) {
    const open = state.open[lane];
    if (open) next.push(...goingOn(open, choice));
    else {
      const tables = NAMES.flatMap((name) => plannedTable(state, lane, name, cut) ?? []);
      const iteration = state.lastIteration + 1;
      const readAt = new Date(0).toISOString();
      const upTo = `cursor${iteration}`;
      if (tables.length > 0)
        next.push({
          kind: "iterationPlanned",
          iteration,
          lane,
          upTo,
          readAt,
          tables,
          quiet: [],
          refused: [],
        });
    }
  }
  if (choice % 7 === 0)
    next.push({ kind: "resyncAccepted", request: `r${state.next}`, tables: [NAMES[choice % 2] ?? "T"] });
  if (choice % 11 === 0) next.push(opening);
  return next;
}

function goingOn(open: OpenIteration, choice: number): EntryBody[] {
  const { iteration } = open;
  if (open.intended.length > 0) {
    const windows = open.intended.flatMap((move) => move.windows.map((each) => each.window));
    return [{ kind: "promoted", iteration, windows, stopped: [], withdrawn: [] }];
  }
  const going = open.tables.flatMap((table, t) =>
    table.name in open.parked ? [] : table.windows.map((_, w) => ({ table, id: windowId(iteration, t, w) })),
  );
  const at = (stage: string) => going.filter(({ id }) => open.windows[id]?.stage === stage);
  const next: EntryBody[] = [];
  const [planned] = at("planned");
  if (planned)
    next.push({
      kind: "progress",
      iteration,
      ...nothing,
      exported: [
        {
          window: planned.id,
          attempt: 1,
          folder: "f",
          files: [],
          bytes: 1,
          content: { rows: 10, hash: "h" },
        },
      ],
    });
  const [exported] = at("exported");
  if (exported) next.push({ kind: "progress", iteration, ...nothing, staged: [stagedWindow(exported.id)] });
  for (const table of new Set(at("staged").map((each) => each.table))) {
    const ready = at("staged").filter((each) => each.table === table);
    const whole = going.filter((each) => each.table === table).length === ready.length;
    if (table.signature !== undefined && !whole) continue;
    next.push({
      kind: "promotionIntended",
      iteration,
      moves: [
        {
          table: table.name,
          staging: "KC_Staging_0a1b2c3d_0_1_0",
          windows: ready.map(({ id }) => {
            const { window, tag, rows, extents } = stagedWindow(id);
            return { window, tag, rows, extents };
          }),
          replace: table.signature !== undefined,
        },
      ],
    });
  }
  const waiting = going.filter(({ id }) => open.windows[id]?.stage !== "promoted");
  const parked = (tables: readonly PlannedTable[]): EntryBody => ({
    kind: "progress",
    iteration,
    ...nothing,
    parked: tables.map((table) => ({ table: table.name, reason: "It can't be copied." })),
  });
  if (waiting[0] && choice % 5 === 0) next.push(parked([waiting[0].table]));
  if (waiting.length > 0 && choice % 13 === 0)
    next.push(parked([...new Set(waiting.map((each) => each.table))]));
  if (waiting.length === 0) next.push({ kind: "iterationCommitted", iteration, abandoned: choice % 3 === 0 });
  return next;
}

const anyLog = fc
  .array(fc.nat({ max: 9999 }), { minLength: 40, maxLength: 200, size: "max" })
  .map((choices): Step[] => {
    const steps: Step[] = [];
    let state = emptyState;
    let cuts = 0n;
    const cut = (count: number): WindowRange[] =>
      Array.from({ length: count }, () => ({ kind: "time", from: isoFromTicks(++cuts), rows: 10 }));
    for (const choice of choices) {
      const options = following(state, choice, cut);
      const body = options[Math.floor(choice / 13) % options.length] ?? opening;
      const run = body.kind === "runOpened" ? state.next : (state.run?.id ?? 0);
      const after = fold(state, entrySchema.parse(entryAt(state.next, run, body)));
      steps.push({ before: state, body, after });
      state = after;
    }
    return steps;
  });

/** Windows that a step promotes, as `table from`. */
function shownBy({ before, body }: Step): { table: string; from: string; resync: boolean }[] {
  if (body.kind !== "promoted") return [];
  const open = [before.open.forward, before.open.backfill].find((each) => each?.iteration === body.iteration);
  return body.windows.flatMap((id) => {
    const [, t = "0", w = "0"] = id.split(".");
    const table = open?.tables[Number(t)];
    const from = table?.windows[Number(w)]?.from;
    return table === undefined || from === undefined
      ? []
      : [{ table: table.name, from, resync: table.resync === true }];
  });
}

test("the logs that are tried here owe, resynchronise and commit", () => {
  const all = fc.sample(anyLog, { numRuns: 60, seed: 1 }).flat();
  expect(
    all.filter(({ after }) => Object.values(after.tables).some((table) => table.owed)).length,
  ).toBeGreaterThan(50);
  expect(all.filter(({ body }) => body.kind === "iterationCommitted").length).toBeGreaterThan(200);
  expect(
    all.filter(
      ({ body }) => body.kind === "iterationPlanned" && body.tables.some((table) => table.resync === true),
    ).length,
  ).toBeGreaterThan(20);
});

test("no window is shown twice, wherever its iteration was broken off, unless its table was replaced", () => {
  fc.assert(
    fc.property(anyLog, (steps) => {
      const shown = new Map<string, Set<string>>(NAMES.map((name) => [name, new Set()]));
      for (const step of steps) {
        for (const { table, from, resync } of shownBy(step)) {
          const known = shown.get(table) ?? new Set();
          if (resync) known.clear();
          expect(known.has(from)).toBe(false);
        }
        for (const { table, from } of shownBy(step)) shown.get(table)?.add(from);
      }
    }),
  );
});

test("a forward cursor passes only windows that are shown, and each commit that moves it leaves nothing owed of that lane", () => {
  fc.assert(
    fc.property(anyLog, (steps) => {
      const shown = new Set<string>();
      for (const step of steps) {
        for (const { table, from } of shownBy(step)) shown.add(`${table} ${from}`);
        const { before, body, after } = step;
        if (body.kind !== "iterationCommitted") continue;
        const open = [before.open.forward, before.open.backfill].find(
          (each) => each?.iteration === body.iteration,
        );
        for (const table of open?.tables ?? []) {
          const is = after.tables[table.name];
          if (is?.cursor !== table.upTo || before.tables[table.name]?.cursor === is.cursor) continue;
          expect(table.windows.every(({ from }) => shown.has(`${table.name} ${from}`))).toBe(true);
          expect(open && owedIn(open.lane, is)).toBeUndefined();
        }
      }
    }),
  );
});

test("what is owed can't be planned with a window more, a window less, or other bounds", () => {
  fc.assert(
    fc.property(anyLog, fc.nat(), (steps, which) => {
      for (const { before, body } of steps) {
        if (body.kind !== "iterationPlanned") continue;
        const at = body.tables.findIndex(
          (table) => owedIn(body.lane, before.tables[table.name]) !== undefined && table.resync !== true,
        );
        const table = body.tables[at];
        if (!table) continue;
        const others = [
          { ...table, windows: table.windows.slice(1) },
          { ...table, windows: [...table.windows, { kind: "time" as const, rows: 1 }] },
          { ...table, upTo: "another" },
        ];
        const other = others[which % others.length] ?? table;
        const changed = { ...body, tables: body.tables.map((each, i) => (i === at ? other : each)) };
        expect(() => fold(before, entryAt(before.next, before.run?.id ?? 0, changed))).toThrow(/owed/);
      }
    }),
  );
});

test("what one lane owes of a table is kept while the other lane owes of it too", () => {
  const half = (iteration: number): EntryBody[] => {
    const id = windowId(iteration, 0, 0);
    return [
      exported(iteration, [id]),
      staged(iteration, [id]),
      intended(iteration, "T", [id]),
      promoted(iteration, [id]),
      parked(iteration, "T"),
    ];
  };
  const state = stateOf([
    opening,
    planned(1, "backfill", { tables: { T: 2 } }),
    planned(2, "forward", { tables: { T: 2 } }),
    ...half(2),
    committed(2),
    ...half(1),
    committed(1),
  ]);
  expect(owedIn("forward", state.tables.T)).toMatchObject({ upTo: "cursor2", windows: [{ rows: 10 }] });
  expect(owedIn("backfill", state.tables.T)).toMatchObject({ upTo: "cursor1", windows: [{ rows: 10 }] });
  const [first] = state.tables.T?.owed ?? [];
  const before = { ...state, tables: { T: { ...state.tables.T, owed: first } } };
  expect(stateSchema.parse(JSON.parse(JSON.stringify(before))).tables.T?.owed).toEqual([first]);
});
