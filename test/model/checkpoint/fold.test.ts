import fc from "fast-check";
import { expect, test } from "vitest";
import type { EntryBody, Lane } from "../../../model/checkpoint/entries.ts";
import { fold } from "../../../model/checkpoint/fold.ts";
import { emptyState, type State, stateSchema } from "../../../model/checkpoint/state.ts";
import {
  canonical,
  committed,
  copied,
  entryAt,
  exported,
  intended,
  logOf,
  opening,
  parked,
  planned,
  promoted,
  reset,
  sampleJob,
  staged,
  stagedWindow,
  stateOf,
} from "./sampleLog.ts";

/** What a commit notes of the source's table, as the sample plans have it. */
const SHAPE = { columns: [{ name: "A", type: "long" }], folder: "", docstring: "" };

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

const plan = planned(1, "backfill", { tables: { T: 1 } });

test("an iteration is not committed before its tables are promoted or parked, nor while an intent is open", () => {
  const steps = copied(1, "T");
  for (let n = 0; n < steps.length; n++) {
    expect(() => stateOf([opening, plan, ...steps.slice(0, n), committed(1)])).toThrow(/commits iteration 1/);
  }
  expect(stateOf([opening, plan, ...steps, committed(1)]).tables.T?.backfill).toBe("done");
  expect(stateOf([opening, plan, parked(1, "T"), committed(1)]).tables.T?.backfill).toBe("pending");
  const underWay = [...steps.slice(0, 3), parked(1, "T")];
  expect(() => stateOf([opening, plan, ...underWay, committed(1)])).toThrow(/promotion of T is under way/);
});

test("nothing is promoted without an intent, and no intent names what was not verified", () => {
  const begun = [opening, plan, exported(1, ["1.0.0"]), staged(1, ["1.0.0"])];
  expect(() => stateOf([...begun, promoted(1, ["1.0.0"])])).toThrow(/no intent/);
  expect(() => stateOf([opening, plan, intended(1, "T", ["1.0.0"])])).toThrow(/not verified/);
  expect(() => stateOf([...begun, parked(1, "T"), intended(1, "T", ["1.0.0"])])).toThrow(/parked/);
  expect(() => stateOf([...begun, intended(1, "T", ["1.0.0"]), intended(1, "T", ["1.0.0"])])).toThrow(
    /second time/,
  );
  const done = [...begun, intended(1, "T", ["1.0.0"]), promoted(1, ["1.0.0"])];
  expect(() => stateOf([...done, intended(1, "T", ["1.0.0"])])).toThrow(/not verified/);
  const { window, tag, rows } = stagedWindow("1.0.0");
  const others: EntryBody = {
    kind: "promotionIntended",
    iteration: 1,
    moves: [
      { table: "T", staging: "S", windows: [{ window, tag, rows, extents: ["other"] }], replace: false },
    ],
  };
  expect(() => stateOf([...begun, others])).toThrow(/not verified/);
});

test("a window that is promoted is never begun again, and none is staged before its export", () => {
  const done = [opening, plan, ...copied(1, "T")];
  for (const again of [exported(1, ["1.0.0"]), staged(1, ["1.0.0"]), reset(1, "1.0.0", 1)]) {
    expect(() => stateOf([...done, again])).toThrow(/promoted/);
  }
  expect(() => stateOf([opening, plan, staged(1, ["1.0.0"])])).toThrow(/not exported/);
});

test("entries that speak of what isn't there are refused", () => {
  expect(() => stateOf([plan])).toThrow(/none is open|run none/);
  expect(() => stateOf([opening, exported(1, ["1.0.0"])])).toThrow(/not open/);
  expect(() => stateOf([opening, plan, exported(1, ["1.0.7"])])).toThrow(/never planned/);
  expect(() => stateOf([opening, plan, exported(2, ["2.0.0"])])).toThrow(/not open/);
  expect(() => stateOf([opening, planned(2, "forward", {})])).toThrow(/after iteration 0/);
  expect(() => stateOf([opening, plan, planned(2, "backfill", {})])).toThrow(/while 1 is open/);
  expect(() => stateOf([opening, plan, planned(1, "forward", {})])).toThrow(/after iteration 1/);
  expect(() => fold(emptyState, entryAt(0, 4, opening))).toThrow(/run 4/);
  const begun = [opening, planned(1, "forward", { tables: { T: 1 } })];
  expect(() => stateOf([...begun, planned(2, "backfill", { tables: { T: 1 } })])).toThrow(
    /from its beginning/,
  );
  const twice = planned(1, "forward", { tables: { T: 1 } });
  if (twice.kind === "iterationPlanned") twice.tables.push(...twice.tables);
  expect(() => stateOf([opening, twice])).toThrow(/twice/);
});

const history = [
  opening,
  planned(1, "backfill", { tables: { T: 1 }, quiet: ["U"] }),
  ...copied(1, "T"),
  committed(1),
];

test("a parked table keeps its cursor while the others move, and catches up from there", () => {
  const both = planned(2, "forward", { tables: { T: 1, U: 1 } });
  const state = stateOf([...history, both, ...copied(2, "T"), parked(2, "U"), committed(2)]);
  expect(state.tables.T).toMatchObject({ cursor: "cursor2" });
  expect(state.tables.U).toMatchObject({ cursor: "cursor1", error: "It can't be copied." });
  const next = fold(state, entryAt(state.next, 0, planned(3, "forward", { tables: { U: 1 }, quiet: ["T"] })));
  const caughtUp = [...copied(3, "U"), committed(3)].reduce(
    (s, body) => fold(s, entryAt(s.next, 0, body)),
    next,
  );
  expect(caughtUp.tables.U).toMatchObject({ cursor: "cursor3", backfill: "done" });
  expect(caughtUp.tables.U?.error).toBeUndefined();
});

test("a table that is parked after its rows are in doesn't have them copied a second time", () => {
  const state = stateOf([
    ...history,
    planned(2, "forward", { tables: { T: 1 } }),
    ...copied(2, "T"),
    parked(2, "T"),
    committed(2),
  ]);
  expect(state.tables.T?.cursor).toBe("cursor2");
  expect(state.finished.at(-1)?.tables).toMatchObject([{ name: "T", rows: 10 }]);
});

test("a table of which only a part was promoted keeps its cursor and owes the rest, cut as it was", () => {
  const windows = ["2.0.0", "2.0.1"];
  const partly = [
    ...history,
    planned(2, "forward", { tables: { T: 2 } }),
    exported(2, windows),
    staged(2, windows),
    intended(2, "T", ["2.0.0"]),
    promoted(2, ["2.0.0"]),
    parked(2, "T"),
    committed(2),
  ];
  const state = stateOf(partly);
  expect(state.tables.T).toMatchObject({
    cursor: "cursor1",
    error: "It can't be copied.",
    owed: [{ lane: "forward", upTo: "cursor2", windows: [{ kind: "time", rows: 10 }] }],
  });
  expect(() => stateOf([...partly, planned(3, "forward", { tables: { T: 2 }, upTo: "cursor2" })])).toThrow(
    /otherwise than what is owed/,
  );
  const whole = stateOf([
    ...partly,
    planned(3, "forward", { tables: { T: 1 }, upTo: "cursor2" }),
    ...copied(3, "T"),
    committed(3),
  ]);
  expect(whole.tables.T).toEqual({
    cursor: "cursor2",
    backfill: "done",
    backfillUpTo: "cursor1",
    query: null,
    ...SHAPE,
  });
});

test("the log knows which query the destination's rows of a table were read through, as soon as one is there", () => {
  const query = " | where A == 1";
  const windows = ["2.0.0", "2.0.1"];
  const begun = [...history, planned(2, "forward", { tables: { T: 2 }, query })];
  expect(stateOf(begun).tables.T?.query).toBeNull();
  const none = [...begun, parked(2, "T"), committed(2)];
  expect(stateOf(none).tables.T?.query).toBeNull();
  const part = [
    ...begun,
    exported(2, windows),
    staged(2, windows),
    intended(2, "T", ["2.0.0"]),
    promoted(2, ["2.0.0"]),
    parked(2, "T"),
    committed(2),
  ];
  expect(stateOf(part).tables.T?.query).toBe(query);
  const quiet = [...part, planned(3, "backfill", { quiet: ["T"] }), committed(3)];
  expect(stateOf(quiet).tables.T?.query).toBe(query);
  const whole = [...begun, ...copied(2, "T", 0, 2), committed(2)];
  expect(stateOf(whole).tables.T?.query).toBe(query);
});

test("a table that was to be replaced and of which only a part was promoted is stopped: no cursor is right for it", () => {
  const windows = ["2.0.0", "2.0.1"];
  const state = stateOf([
    ...history,
    planned(2, "forward", { tables: { T: 2 }, signature: "whole" }),
    exported(2, windows),
    staged(2, windows),
    intended(2, "T", ["2.0.0"]),
    promoted(2, ["2.0.0"]),
    parked(2, "T"),
    committed(2),
  ]);
  expect(state.tables.T).toMatchObject({ cursor: "cursor1", stopped: expect.stringContaining("part") });
});

test("a resynchronisation makes good what stopped a table, once per request, and the table stands where its copy does", () => {
  const stopped = [
    ...history,
    planned(2, "forward", { tables: { T: 1 } }),
    exported(2, ["2.0.0"]),
    staged(2, ["2.0.0"]),
    intended(2, "T", ["2.0.0"]),
    promoted(2, [], [{ table: "T", reason: "It was lost." }]),
    committed(2),
  ];
  const request: EntryBody = { kind: "resyncAccepted", request: "r1", tables: ["T", "unheard of"] };
  const asked = stateOf([...stopped, request]);
  expect(asked.tables.T).toMatchObject({ cursor: "cursor1", resync: true });
  expect(asked.tables.T).not.toHaveProperty("stopped");
  expect(asked.tables).not.toHaveProperty("unheard of");
  const done = [
    ...stopped,
    request,
    planned(3, "forward", { tables: { T: 1 }, signature: "followed", resync: true }),
    ...copied(3, "T"),
    committed(3),
  ];
  expect(stateOf(done).tables.T).toEqual({
    cursor: "cursor3",
    backfill: "done",
    backfillUpTo: "cursor3",
    query: null,
    ...SHAPE,
  });
  // The request's file could not be removed, and is met again.
  expect(stateOf([...done, request]).tables.T).not.toHaveProperty("resync");
});

test("a table without rows that the destination can't take isn't noted as followed", () => {
  const noted = planned(1, "backfill", { tables: { T: 0, U: 0 }, signature: "digest" });
  const { T, U } = stateOf([opening, noted, parked(1, "T", "It holds others' rows."), committed(1)]).tables;
  expect(T).toMatchObject({ backfill: "pending", error: "It holds others' rows." });
  expect(T).not.toHaveProperty("signature");
  expect(U).toMatchObject({ backfill: "none", signature: "digest" });
});

test("a table that was copied whole as a snapshot still is so after a resynchronisation, and no horizon cuts it", () => {
  const whole = planned(1, "backfill", { tables: { T: 1 }, signature: "digest" });
  const anew = planned(2, "forward", { tables: { T: 1 }, signature: "followed", resync: true });
  const request: EntryBody = { kind: "resyncAccepted", request: "r1", tables: ["T"] };
  const first = [opening, whole, ...copied(1, "T"), committed(1)];
  const state = stateOf([...first, request, anew, ...copied(2, "T"), committed(2)]);
  expect(state.tables.T?.signature).toBe("followed");
});

test("a log whose snapshot is from before the horizon was kept reaches back as far as its last job", () => {
  const early = "2026-01-01T00:00:00.000Z";
  const late = "2026-02-01T00:00:00.000Z";
  const job = { ...sampleJob, backfillHorizon: early };
  const { horizon: _, ...before } = stateOf([{ ...opening, job }]);
  const again = { ...opening, job: { ...sampleJob, backfillHorizon: late } };
  expect(fold(stateSchema.parse(before), entryAt(1, 1, again)).horizon).toBe(early);
});

test("a table that is resynchronised is in one open iteration only", () => {
  const both = [
    ...history,
    planned(2, "backfill", { tables: { T: 1 } }),
    { kind: "resyncAccepted" as const, request: "r1", tables: ["T"] },
    planned(3, "forward", { tables: { T: 1 }, signature: "followed", resync: true }),
  ];
  expect(() => stateOf(both)).toThrow(/from its beginning/);
});

test("an iteration that was given up makes the replica no newer", () => {
  const before = stateOf([
    ...history,
    planned(2, "forward", { tables: { T: 1 } }),
    ...copied(2, "T"),
    committed(2),
  ]);
  const after = stateOf([
    ...history,
    planned(2, "forward", { tables: { T: 1 } }),
    ...copied(2, "T"),
    committed(2),
    planned(3, "forward", { tables: { T: 1 } }),
    parked(3, "T", "The copy was cancelled."),
    { kind: "iterationCommitted", iteration: 3, abandoned: true },
  ]);
  expect(after.lastForward).toEqual(before.lastForward);
  expect(after.tables.T?.cursor).toBe("cursor2");
});

test("a table whose promotion can't be shown to be whole is stopped as it is, and the others are committed", () => {
  const state = stateOf([
    ...history,
    planned(2, "forward", { tables: { T: 1, U: 1 } }),
    ...copied(2, "U", 1),
    exported(2, ["2.0.0"]),
    staged(2, ["2.0.0"]),
    intended(2, "T", ["2.0.0"]),
    promoted(2, [], [{ table: "T", reason: "It was lost." }]),
    committed(2),
  ]);
  expect(state.tables.T).toMatchObject({ cursor: "cursor1", stopped: "It was lost." });
  expect(state.tables.U).toMatchObject({ cursor: "cursor2" });
  expect(state.finished.at(-1)?.tables.find((table) => table.name === "T")?.error).toBe("It was lost.");
});

test("a table is told by the first reason that parked it, and by none that came of it", () => {
  const open = planned(1, "backfill", { tables: { T: 2, U: 1 } });
  const ids = ["1.0.0"];
  const taken = promoted(1, [], [], [{ table: "T", reason: "It is refused." }]);
  const begun = [opening, open, exported(1, ids), staged(1, ids), intended(1, "T", ids), taken];
  const after = stateOf([
    ...begun,
    parked(1, "T", "There is no staging table."),
    parked(1, "U"),
    committed(1),
  ]);
  expect(after.finished[0]?.tables[0]?.error).toBe("It is refused.");
  // Another window of it failed while its promotion was under way.
  const failed = parked(1, "T", "Window 1.0.1 failed.");
  const later = stateOf([...begun.slice(0, -1), failed, taken, parked(1, "U"), committed(1)]);
  expect(later.finished[0]?.tables[0]?.error).toBe("Window 1.0.1 failed.");
});

test("a stop in one lane outlives the commit of the other", () => {
  const state = stateOf([
    opening,
    planned(1, "backfill", { tables: { T: 1 } }),
    planned(2, "forward", { quiet: ["T"] }),
    exported(1, ["1.0.0"]),
    staged(1, ["1.0.0"]),
    intended(1, "T", ["1.0.0"]),
    promoted(1, [], [{ table: "T", reason: "It was lost." }]),
    committed(1),
    committed(2),
  ]);
  expect(state.tables.T).toMatchObject({ stopped: "It was lost.", cursor: "cursor2" });
});

test("the forward lane starts where the backfill ends, from its plan on, and replication doesn't wait for history", () => {
  const begun = [opening, planned(1, "backfill", { tables: { T: 1 }, quiet: ["U"] })];
  expect(stateOf(begun).tables).toMatchObject({
    T: { cursor: "cursor1", backfill: "pending" },
    U: { cursor: "cursor1" },
  });
  const forward = [
    ...begun,
    planned(2, "forward", { tables: { T: 1 }, quiet: ["U"] }),
    ...copied(2, "T"),
    committed(2),
  ];
  expect(stateOf(forward).tables.T).toMatchObject({
    cursor: "cursor2",
    backfill: "pending",
    backfillUpTo: "cursor1",
  });
  const all = stateOf([...forward, ...copied(1, "T"), committed(1)]);
  expect(all.tables.T).toMatchObject({ cursor: "cursor2", backfill: "done" });
  expect(all.open).toEqual({});
});

test("tables that an iteration refuses are told as failed after its commit too", () => {
  const refused = [{ table: "Nope", reason: "There is no such table." }];
  const state = stateOf([
    opening,
    planned(1, "backfill", { tables: { T: 1 }, refused }),
    ...copied(1, "T"),
    committed(1),
  ]);
  expect(state.finished.at(-1)?.tables).toContainEqual({
    name: "Nope",
    windows: 0,
    rows: 0,
    bytes: 0,
    error: "There is no such table.",
  });
  expect(state.tables.Nope).toBeUndefined();
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

test("what a committed iteration left is remembered until it is cleaned", () => {
  const state = stateOf(history);
  expect(state.toClean.map((each) => each.iteration)).toEqual([1]);
  expect(fold(state, entryAt(state.next, 0, { kind: "cleaned", iteration: 1 })).toClean).toEqual([]);
});

test("a commit notes the columns that were copied, and a backfill that was planned earlier doesn't set them back", () => {
  const wider = (body: EntryBody): EntryBody =>
    body.kind !== "iterationPlanned"
      ? body
      : {
          ...body,
          tables: body.tables.map((table) => ({
            ...table,
            folder: "Facts",
            columns: [...table.columns, { name: "B", type: "string" as const }],
          })),
        };
  const both = [
    opening,
    planned(1, "backfill", { tables: { T: 1 } }),
    { ...wider(planned(2, "forward", { tables: { T: 1 } })) },
    ...copied(2, "T"),
    committed(2),
  ];
  const names = (bodies: readonly EntryBody[]) => stateOf(bodies).tables.T?.columns?.map((each) => each.name);
  expect(names(both)).toEqual(["A", "B"]);
  const done = [...both, ...copied(1, "T"), committed(1)];
  expect(names(done)).toEqual(["A", "B"]);
  expect(stateOf(done).tables.T?.folder).toBe("Facts");
});
