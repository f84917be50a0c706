import { expect, test } from "vitest";
import type { EntryBody } from "../../../model/checkpoint/entries.ts";
import { copiedAsOf } from "../../../model/lag.ts";
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
  settled,
  staged,
  stateOf,
} from "./sampleLog.ts";

test("lag grows on over an iteration of days, and is short again once what is new has come", () => {
  const log = [...settled, planned(2, "forward", { quiet: ["T"] }), committed(2)];
  const cursor = stateOf(log).tables.T?.cursor ?? "";
  const days = [...log, daysPlanned(3, "forward", cursor)];
  expect(copiedAsOf(stateOf([...days, ...copied(3, "T"), committed(3)]))).toBe(moment(2));
  expect(copiedAsOf(stateOf([...days, parked(3, "T"), committed(3)]))).toBe(moment(2));
  const next = [planned(4, "forward", { quiet: ["T"] }), committed(4)];
  expect(copiedAsOf(stateOf([...days, ...copied(3, "T"), committed(3), ...next]))).toBe(moment(4));
});

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

test("why days were tried in vain is told until they are tried again, though what is new comes meanwhile", () => {
  const asked: EntryBody = { kind: "resyncAccepted", request: "r", tables: ["T"], days: ["2024-05-01"] };
  const tried: EntryBody[] = [
    ...settled,
    asked,
    daysPlanned(2, "forward", "cursor1"),
    parked(2, "T", "The source refuses."),
    committed(2),
  ];
  const newer: EntryBody[] = [
    ...tried,
    planned(3, "forward", { tables: { T: 1 } }),
    ...copied(3, "T"),
    committed(3),
  ];
  const quiet: EntryBody[] = [...tried, planned(3, "forward", { quiet: ["T"] }), committed(3)];
  for (const log of [tried, newer, quiet, [...newer, { ...asked, request: "s" }]])
    expect(stateOf(log).tables.T).toMatchObject({
      error: "The source refuses.",
      days: { asked: ["2024-05-01"], reason: "The source refuses." },
    });
  const { cursor } = stateOf(newer).tables.T ?? { cursor: "" };
  const again = stateOf([...newer, daysPlanned(4, "forward", cursor), ...copied(4, "T"), committed(4)]);
  expect(again.tables.T).not.toHaveProperty("error");
  expect(again.tables.T).not.toHaveProperty("days");
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
