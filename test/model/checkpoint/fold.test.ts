import fc from "fast-check";
import { expect, test } from "vitest";
import type { EntryBody, Lane } from "../../../model/checkpoint/entries.ts";
import { fold } from "../../../model/checkpoint/fold.ts";
import { emptyState, type State, stateSchema } from "../../../model/checkpoint/state.ts";
import {
  canonical,
  committed,
  entryAt,
  exported,
  intended,
  logOf,
  opening,
  parked,
  plan,
  planned,
  promoted,
  reset,
  staged,
} from "./sampleLog.ts";

const NAMES = ["T", "U", "My Table", "constructor", "__proto__", "toString"];

/** What may come next in a log, by its rules. */
function following(state: State): EntryBody[] {
  if (!state.run) return [opening];
  const next: EntryBody[] = [{ ...opening, instance: `copy:${state.next}` }];
  const idle = NAMES.filter((name) => state.tables[name]?.stopped === undefined);
  for (const lane of ["forward", "backfill"] as const) {
    const open = state.open[lane];
    if (!open) {
      const begun = lane === "backfill" ? (state.open.forward?.tables ?? []).map((table) => table.name) : [];
      const free = idle.filter((name) => !begun.includes(name));
      const [a, b, ...quiet] = free.slice(state.next % 3).concat(free.slice(0, state.next % 3));
      if (a === undefined || b === undefined) continue;
      const tables = Object.fromEntries([
        [a, 2],
        [b, 1],
      ]);
      next.push(planned(state.lastIteration + 1, lane, { tables, quiet }));
      continue;
    }
    const { iteration } = open;
    const going = open.tables.flatMap((table, t) =>
      table.name in open.parked
        ? []
        : table.windows.map((_, w) => ({ table: table.name, id: `${iteration}.${t}.${w}` })),
    );
    const at = (stage: string) => going.filter(({ id }) => open.windows[id]?.stage === stage);
    const intendedNow = open.intended.flatMap((move) => move.windows.map((each) => each.window));
    if (open.intended.length > 0) {
      next.push(promoted(iteration, intendedNow));
      const tables = [...new Set(open.intended.map((move) => move.table))];
      next.push(
        promoted(
          iteration,
          [],
          tables.map((table) => ({ table, reason: "It was lost." })),
        ),
      );
      continue;
    }
    for (const { id } of at("planned")) next.push(exported(iteration, [id]));
    for (const { id } of at("exported")) next.push(staged(iteration, [id]), reset(iteration, id, 1));
    for (const { table } of going) next.push(parked(iteration, table));
    for (const table of new Set(at("staged").map((each) => each.table))) {
      const own = going.filter((each) => each.table === table).map((each) => each.id);
      if (own.every((id) => open.windows[id]?.stage === "staged")) next.push(intended(iteration, table, own));
    }
    if (going.every(({ id }) => open.windows[id]?.stage === "promoted")) next.push(committed(iteration));
  }
  for (const { iteration } of state.toClean) next.push({ kind: "cleaned", iteration });
  next.push({ kind: "failed", reason: "It could not go on." });
  return next;
}

function isInterruption(body: EntryBody): boolean {
  if (body.kind === "progress") return body.parked.length > 0 || body.reset.length > 0;
  return (
    body.kind === "runOpened" ||
    body.kind === "failed" ||
    (body.kind === "promoted" && body.stopped.length > 0)
  );
}

/** Any log that follows the rules, with the state before each entry. */
const anyLog = fc
  .array(fc.nat({ max: 9999 }), { minLength: 1, maxLength: 80, size: "max" })
  .map((choices) => {
    const steps: { before: State; entry: ReturnType<typeof entryAt>; after: State }[] = [];
    let state = emptyState;
    for (const choice of choices) {
      const options = following(state);
      // What interrupts comes seldom enough for most iterations to be committed.
      const driving = options.filter((each) => !isInterruption(each));
      const some = choice % 10 > 0 && driving.length > 0 ? driving : options;
      const body = some[Math.floor(choice / 10) % some.length] ?? opening;
      const run = body.kind === "runOpened" ? state.next : (state.run?.id ?? 0);
      const entry = entryAt(state.next, run, body);
      const after = fold(state, entry);
      steps.push({ before: state, entry, after });
      state = after;
    }
    return steps;
  });

test("the logs that are tried here do commit, in both lanes, with tables parked and stopped", () => {
  const logs = fc.sample(anyLog, { numRuns: 100, seed: 1 });
  const last = logs.flatMap((steps) => steps.at(-1)?.after ?? []);
  const finished = last.flatMap((state) => state.finished);
  expect(finished.filter((each) => each.lane === "forward").length).toBeGreaterThan(50);
  expect(finished.filter((each) => each.lane === "backfill").length).toBeGreaterThan(50);
  expect(finished.some((each) => each.tables.some((table) => table.error === "It can't be copied."))).toBe(
    true,
  );
  expect(last.some((state) => Object.values(state.tables).some((table) => table.stopped))).toBe(true);
});

test("a snapshot is sound: a state that was written and read again folds on alike, whatever the tables' names", () => {
  fc.assert(
    fc.property(anyLog, (steps) => {
      for (const { before, entry, after } of steps) {
        const read = stateSchema.parse(JSON.parse(JSON.stringify(before)));
        expect(canonical(fold(read, entry))).toBe(canonical(after));
      }
    }),
  );
});

test("folding changes nothing of the state that it is given, nor of the entry", () => {
  fc.assert(
    fc.property(anyLog, (steps) => {
      for (const { before, entry, after } of steps) {
        const copy = canonical(fold(frozen(before), frozen(entry)));
        expect(copy).toBe(canonical(after));
      }
    }),
  );
});

function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const each of Object.values(value)) frozen(each);
  }
  return value;
}

test("a gap, an entry that was there before, and another run's entry are refused at any point of any log", () => {
  fc.assert(
    fc.property(anyLog, fc.integer({ min: 1, max: 5 }), (steps, by) => {
      for (const { before, entry } of steps) {
        expect(() => fold(before, { ...entry, number: entry.number + by })).toThrow(/missing/);
        expect(() => fold(before, { ...entry, number: entry.number - by })).toThrow(/missing/);
        expect(() => fold(before, { ...entry, run: entry.run + by })).toThrow(/run/);
      }
    }),
  );
});

test("a table's forward cursor moves at a commit of the forward lane only, and only where its rows are in", () => {
  fc.assert(
    fc.property(anyLog, (steps) => {
      for (const { before, entry, after } of steps) {
        for (const name of NAMES) {
          const [was, is] = [before.tables[name], after.tables[name]];
          if (was === undefined || was.cursor === is?.cursor) continue;
          expect(entry.kind).toBe("iterationCommitted");
          const open = entry.kind === "iterationCommitted" ? before.open.forward : undefined;
          expect(open).toMatchObject({
            iteration: entry.kind === "iterationCommitted" ? entry.iteration : -1,
          });
          const t = open?.tables.findIndex((table) => table.name === name) ?? -1;
          if (t < 0) expect(open?.quiet).toContain(name);
          else {
            const own = open?.tables[t]?.windows.map(
              (_, w) => open.windows[`${open.iteration}.${t}.${w}`]?.stage,
            );
            expect(own?.every((stage) => stage === "promoted")).toBe(true);
          }
          expect(is?.cursor).toBe(open?.upTo);
        }
      }
    }),
  );
});

test("a table that was stopped stays so, whatever is committed after", () => {
  fc.assert(
    fc.property(anyLog, (steps) => {
      for (const { before, after } of steps) {
        for (const name of NAMES) {
          const reason = before.tables[name]?.stopped;
          if (reason !== undefined) expect(after.tables[name]?.stopped).toBe(reason);
        }
      }
    }),
  );
});

test("entries of one lane leave the other lane's iteration as it is", () => {
  fc.assert(
    fc.property(anyLog, (steps) => {
      for (const { before, entry, after } of steps) {
        if (!("iteration" in entry)) continue;
        const lane: Lane =
          after.open.forward?.iteration === entry.iteration ||
          before.open.forward?.iteration === entry.iteration
            ? "forward"
            : "backfill";
        const other: Lane = lane === "forward" ? "backfill" : "forward";
        expect(after.open[other]).toBe(before.open[other]);
      }
    }),
  );
});

test("a new run takes over the open iteration, and a failure is forgotten when one opens", () => {
  const log = logOf([opening, plan, exported(1, ["1.0.0"]), { kind: "failed", reason: "x" }, opening]);
  const failed = log.slice(0, 4).reduce(fold, emptyState);
  expect(failed.failed).toBe("x");
  const state = log.reduce(fold, emptyState);
  expect(state).not.toHaveProperty("failed");
  expect(state.run?.id).toBe(4);
  expect(state.open.backfill?.windows["1.0.0"]?.stage).toBe("exported");
});
