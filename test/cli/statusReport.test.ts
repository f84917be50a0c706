import { expect, test } from "vitest";
import { statusReport } from "../../cli/verbs/statusReport.ts";
import { openLake } from "../../lake/lake.ts";
import { parseLake } from "../../lake/location.ts";
import type { EntryBody } from "../../model/checkpoint/entries.ts";
import {
  committed,
  copied,
  opening,
  parked,
  planned,
  plannedDays,
  sampleJob,
  stateOf,
} from "../model/checkpoint/sampleLog.ts";

/** How status tells each table of a log. */
function tables(log: readonly EntryBody[]): [string, string][] {
  const lake = openLake(parseLake(sampleJob.lake));
  const target = { name: sampleJob.name, lake, state: stateOf(log), job: sampleJob };
  const report = statusReport(target, { wanted: "run", resyncs: [] }, undefined, new Date());
  return report.tables.map(({ name, state }) => [name, state]);
}

const both = [
  opening,
  planned(1, "backfill", { tables: { A: 1, B: 1 } }),
  ...copied(1, "A", 0),
  ...copied(1, "B", 1),
  committed(1),
  planned(2, "forward", { quiet: ["A", "B"] }),
  committed(2),
];
const days = ["2024-05-01"];
const asked: EntryBody = { kind: "resyncAccepted", request: "r", tables: ["A"], days };

test("a table whose days came anew is told as behind one that was quiet meanwhile, and not the other way round", () => {
  const ofDays = [asked, plannedDays(3, "cursor2", days, { tables: { A: 1 }, quiet: ["B"] })];
  const after = [...both, ...ofDays, ...copied(3, "A"), committed(3)];
  expect(tables(after)).toEqual([
    ["A", "behind"],
    ["B", "upToDate"],
  ]);
  const next = [...after, planned(4, "forward", { quiet: ["A", "B"] }), committed(4)];
  expect(tables(next)).toEqual([
    ["A", "upToDate"],
    ["B", "upToDate"],
  ]);
});

test("a table whose days came anew is behind no other where none stands later", () => {
  const ofDays = [asked, plannedDays(3, "cursor2", days, { tables: { A: 1, B: 1 } })];
  const after = [...both, ...ofDays, ...copied(3, "A", 0), ...copied(3, "B", 1), committed(3)];
  expect(tables(after)).toEqual([
    ["A", "upToDate"],
    ["B", "upToDate"],
  ]);
});

test("a table that was quiet in an iteration that was given up is behind no other", () => {
  const given = [planned(3, "forward", { tables: { A: 1 }, quiet: ["B"] }), parked(3, "A")];
  const abandoned: EntryBody = { kind: "iterationCommitted", iteration: 3, abandoned: true };
  expect(tables([...both, ...given, abandoned])).toEqual([
    ["A", "failed"],
    ["B", "upToDate"],
  ]);
});
