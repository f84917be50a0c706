import { expect, test } from "vitest";
import type { EntryBody } from "../../model/checkpoint/entries.ts";
import { type CopyState, copyView } from "../../model/copyView.ts";
import {
  committed,
  copied,
  daysPlanned,
  exported,
  intended,
  moment,
  opening,
  parked,
  planned,
  promoted,
  reset,
  retried,
  staged,
  stateOf,
} from "./checkpoint/sampleLog.ts";

const now = new Date(moment(60));
const instance = (state: CopyState, done: readonly number[] = [], id = "copy:1") => ({
  id,
  state,
  committed: done,
  error: null,
});
const view = (bodies: readonly EntryBody[], of: Parameters<typeof copyView>[0]) =>
  copyView(of, stateOf(bodies), now);

const first = [opening, planned(1, "backfill", { tables: { T: 1 } }), ...copied(1, "T"), committed(1)];
const younger = { ...opening, instance: "copy:2" };

test("a running copy shows how many windows have come how far", () => {
  const windows = ["1.0.0", "1.0.1", "1.0.2", "1.0.3"];
  const told = view(
    [
      opening,
      planned(1, "backfill", { tables: { T: 5 } }),
      exported(1, windows),
      staged(1, windows.slice(0, 3)),
      intended(1, "T", windows.slice(0, 1)),
      promoted(1, windows.slice(0, 1)),
    ],
    instance("running"),
  );
  expect(told).toMatchObject({ id: "copy:1", state: "running", iteration: 1, lagSeconds: null, error: null });
  expect(told.tables).toEqual([
    {
      name: "T",
      state: "running",
      windows: { total: 5, exported: 4, staged: 3, promoted: 1 },
      rows: 30,
      bytes: 400,
      retries: { steps: 0, attempts: 0, reason: null },
      error: null,
    },
  ]);
});

test("a copy that ended shows what it committed, whatever runs now", () => {
  const bodies = [...first, younger, planned(2, "forward", { tables: { U: 1 } })];
  const told = view(bodies, instance("succeeded", [1]));
  expect(told).toMatchObject({ state: "succeeded", iteration: 1, error: null });
  expect(told.tables).toMatchObject([
    { name: "T", state: "succeeded", windows: { total: 1, promoted: 1 }, rows: 10 },
  ]);
});

test.each(["running", "paused", "failed", "cancelled"] as const)(
  "a copy that is %s shows what it committed so far, and nothing of a run before",
  (state) => {
    const bodies = [
      ...first,
      younger,
      planned(2, "forward", { tables: { U: 1 } }),
      ...copied(2, "U"),
      committed(2),
    ];
    const told = view(bodies, instance(state, [], "copy:2"));
    expect(told.iteration).toBe(2);
    expect(told.tables.map((table) => table.name)).toEqual(["U"]);
  },
);

test("a table that can't be copied makes the copy failed, by name and with the reason", () => {
  const bodies = [
    opening,
    planned(1, "backfill", {
      tables: { T: 1, U: 1 },
      refused: [{ table: "Nope", reason: "No such table." }],
    }),
    ...copied(1, "T"),
    parked(1, "U"),
  ];
  const told = view(bodies, instance("running"));
  expect(told.tables.map(({ name, state, error }) => [name, state, error])).toEqual([
    ["Nope", "failed", "No such table."],
    ["T", "running", null],
    ["U", "failed", "It can't be copied."],
  ]);
  const ended = view([...bodies, committed(1)], instance("succeeded", [1]));
  expect(ended.state).toBe("failed");
  expect(ended.error).toContain("2 of 3 tables could not be copied: Nope, U");
  expect(ended.tables.map((table) => table.state)).toEqual(["failed", "succeeded", "failed"]);
});

test("a table that was parked is well again when its lane has caught up, and not when the other lane went on", () => {
  const history = [opening, planned(1, "backfill", { tables: { T: 1 } })];
  const forward = [planned(2, "forward", { tables: { T: 1 } }), parked(2, "T"), committed(2)];
  const caughtUp = [planned(3, "forward", { tables: { T: 1 } }), ...copied(3, "T"), committed(3)];
  const done = [...copied(1, "T"), committed(1)];
  expect(view([...history, ...forward, ...done], instance("succeeded", [2, 1])).state).toBe("failed");
  expect(
    view([...history, ...forward, ...caughtUp, ...done], instance("succeeded", [2, 3, 1])),
  ).toMatchObject({
    state: "succeeded",
    tables: [{ name: "T", state: "succeeded", error: null, windows: { total: 3, promoted: 2 }, rows: 20 }],
  });
});

test("what the host says of a failure is passed on", () => {
  expect(view(first, { ...instance("failed"), error: "The lake is gone." }).error).toBe("The lake is gone.");
});

test.each([
  ["running", "run", undefined, "running"],
  ["running", "pause", undefined, "pausing"],
  ["running", "cancel", undefined, "cancelling"],
  // Until the host has ended it as well, no other run can start.
  ["running", "run", "paused", "pausing"],
  ["succeeded", "run", "paused", "paused"],
  ["succeeded", "run", "cancelled", "cancelled"],
  ["succeeded", "pause", undefined, "succeeded"],
  ["failed", "pause", undefined, "failed"],
] as const)(
  "a copy that the host calls %s, asked to %s and ended %s, is %s",
  (state, wanted, ended, told) => {
    const bodies: EntryBody[] =
      ended === undefined
        ? [...first]
        : [...first, { kind: "runEnded", outcome: ended, reason: "Asked to." }];
    const seen = copyView({ ...instance(state, [1]), id: "copy:1" }, stateOf(bodies), now, wanted);
    expect(seen.state).toBe(told);
    expect(seen.error).toBe(ended === undefined ? null : "Asked to.");
  },
);

test("what was tried again is told of each table and of the copy, over iterations and lanes", () => {
  const bodies = [
    opening,
    planned(1, "backfill", { tables: { T: 1 } }),
    retried(1, [
      { table: "T", steps: 2, reason: "Throttled." },
      { steps: 1, reason: "The lake didn't answer." },
    ]),
    reset(1, "1.0.0", 1),
    ...copied(1, "T"),
    committed(1),
    planned(2, "forward", { tables: { T: 1, U: 1 } }),
    retried(2, [{ table: "T", steps: 3, reason: "Throttled again." }]),
  ];
  const told = view(bodies, instance("running"));
  expect(told.tables.map(({ name, retries }) => [name, retries])).toEqual([
    ["T", { steps: 5, attempts: 1, reason: "Throttled again." }],
    ["U", { steps: 0, attempts: 0, reason: null }],
  ]);
  expect(told.retries).toMatchObject({ steps: 6, attempts: 1 });
});

test("a copy whose days failed is told as failed, though what is new of the table came after them", () => {
  const { cursor } = stateOf(first).tables.T ?? { cursor: "" };
  const days = [...first, daysPlanned(2, "forward", cursor), parked(2, "T", "It is refused."), committed(2)];
  const newer = [...days, planned(3, "forward", { tables: { T: 1 } }), ...copied(3, "T"), committed(3)];
  expect(view(newer, instance("succeeded", [2, 3]))).toMatchObject({
    state: "failed",
    tables: [{ name: "T", state: "failed", rows: 10, error: "It is refused." }],
  });
  const later = stateOf(newer).tables.T?.cursor ?? "";
  const again = [...newer, daysPlanned(4, "forward", later), ...copied(4, "T"), committed(4)];
  expect(view(again, instance("succeeded", [2, 3, 4]))).toMatchObject({ state: "succeeded", error: null });
});
