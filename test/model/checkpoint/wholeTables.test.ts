import { expect, test } from "vitest";
import type { EntryBody } from "../../../model/checkpoint/entries.ts";
import { waitingResyncs } from "../../../model/control.ts";
import {
  committed,
  copied,
  exported,
  history,
  intended,
  opening,
  planned,
  promoted,
  SHAPE,
  settled,
  staged,
  stagedWindow,
  stateOf,
} from "./sampleLog.ts";

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

test("a table that was copied whole as a snapshot still is so after a resynchronisation, and no horizon cuts it", () => {
  const whole = planned(1, "backfill", { tables: { T: 1 }, signature: "digest" });
  const anew = planned(2, "forward", { tables: { T: 1 }, signature: "followed", resync: true });
  const request: EntryBody = { kind: "resyncAccepted", request: "r1", tables: ["T"] };
  const first = [opening, whole, ...copied(1, "T"), committed(1)];
  const state = stateOf([...first, request, anew, ...copied(2, "T"), committed(2)]);
  expect(state.tables.T?.signature).toBe("followed");
});

test("a table that was copied whole, and that cursors follow since, is known as that after each iteration with rows", () => {
  const log: EntryBody[] = [
    opening,
    planned(1, "backfill", { tables: { T: 1 }, signature: "digest" }),
    ...copied(1, "T"),
    committed(1),
    planned(2, "forward", { tables: { T: 1 }, signature: "followed" }),
    ...copied(2, "T"),
    committed(2),
    planned(3, "forward", { tables: { T: 1 } }),
    ...copied(3, "T"),
    committed(3),
  ];
  expect(stateOf(log).tables.T?.signature).toBe("followed");
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
