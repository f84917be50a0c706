import { expect, test } from "vitest";
import type { EntryBody } from "../../../model/checkpoint/entries.ts";
import { fold } from "../../../model/checkpoint/fold.ts";
import {
  committed,
  copied,
  entryAt,
  exported,
  history,
  intended,
  opening,
  parked,
  planned,
  promoted,
  SHAPE,
  staged,
  stateOf,
} from "./sampleLog.ts";

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

test("a table without rows that the destination can't take isn't noted as followed", () => {
  const noted = planned(1, "backfill", { tables: { T: 0, U: 0 }, signature: "digest" });
  const { T, U } = stateOf([opening, noted, parked(1, "T", "It holds others' rows."), committed(1)]).tables;
  expect(T).toMatchObject({ backfill: "pending", error: "It holds others' rows." });
  expect(T).not.toHaveProperty("signature");
  expect(U).toMatchObject({ backfill: "none", signature: "digest" });
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
