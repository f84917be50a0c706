import fc from "fast-check";
import { expect, test } from "vitest";
import { emptyState } from "../../model/checkpoint/state.ts";
import { STATUS_COLUMNS } from "../../model/statusColumns.ts";
import { statusCsv, statusRows } from "../../model/statusRows.ts";
import {
  committed,
  copied,
  exported,
  moment,
  opening,
  parked,
  planned,
  reset,
  retried,
  staged,
  stateOf,
} from "./checkpoint/sampleLog.ts";

const now = new Date(moment(30));
const header = STATUS_COLUMNS.map((column) => column.name);

/** RFC 4180, read as strictly as it says. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at);
    const field = /^(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/.exec(rest);
    if (!field) throw new Error(`No field at ${JSON.stringify(rest.slice(0, 20))}`);
    row.push(field[1]?.replaceAll('""', '"') ?? field[2] ?? "");
    if (field[3] === "\r\n") {
      rows.push(row);
      row = [];
    }
    at += field[0].length;
  }
  return rows;
}

test("the status file is CSV with the columns of KC_Status, and gives every name and reason back as it is", () => {
  const text = fc.string({
    minLength: 1,
    unit: fc.constantFrom("a", ",", '"', "\n", "\r", " ", "ü", "'", ";", "\t", "|"),
  });
  fc.assert(
    fc.property(
      text,
      text,
      text.filter((name) => name !== "other"),
      (name, reason, refused) => {
        const state = stateOf([
          opening,
          planned(1, "backfill", { tables: { other: 1 }, quiet: [name] }),
          ...copied(1, "other"),
          committed(1),
          planned(2, "forward", {
            tables: { [name]: 1 },
            refused: [{ table: refused, reason }],
            upTo: reason,
          }),
          parked(2, name, reason),
        ]);
        const [first, ...rows] = readCsv(statusCsv(state, now));
        expect(first).toEqual(header);
        expect(rows).toEqual(
          statusRows(state, now).map((row) =>
            STATUS_COLUMNS.map((column) => (row[column.name] === null ? "" : String(row[column.name]))),
          ),
        );
        expect(rows.filter((row) => row[header.indexOf("TableName")] === name).length).toBeGreaterThanOrEqual(
          1,
        );
        expect(rows.filter((row) => row[header.indexOf("Error")] === reason).length).toBeGreaterThanOrEqual(
          2,
        );
      },
    ),
  );
});

test("status shows the job, the open iteration's windows in full, and finished iterations by table", () => {
  const state = stateOf([
    opening,
    planned(1, "backfill", { tables: { T: 2 } }),
    ...copied(1, "T", 0, 2),
    committed(1),
    planned(2, "forward", { tables: { T: 2, U: 1 }, readAt: moment(20) }),
    exported(2, ["2.0.0", "2.0.1"]),
    staged(2, ["2.0.0"]),
    parked(2, "U"),
  ]);
  const rows = statusRows(state, now).map(({ Iteration, TableName, WindowId, State, Rows }) => [
    Iteration,
    TableName,
    WindowId,
    State,
    Rows,
  ]);
  expect(rows).toEqual([
    [2, "", "", "running", null],
    [2, "", "", "running", null],
    [2, "T", "", "running", 10],
    [2, "T", "2.0.0", "staged", 10],
    [2, "T", "2.0.1", "exported", 10],
    [2, "U", "", "failed", 0],
    [2, "U", "2.1.0", "planned", null],
    [1, "", "", "committed", 20],
    [1, "T", "", "committed", 20],
  ]);
  expect(new Set(statusRows(state, now).map((row) => row.LagSeconds))).toEqual(new Set([29 * 60]));
});

test("a run that was asked to end is told as that, and an iteration that was given up not as committed", () => {
  const reason = "The copy was cancelled (me).";
  const begun = [opening, planned(1, "backfill", { tables: { T: 1 } })];
  const paused = stateOf([...begun, { kind: "runEnded", outcome: "paused", reason: "Paused." }]);
  expect(statusRows(paused, now)[0]).toMatchObject({ State: "paused", Error: "Paused." });
  const cancelled = stateOf([
    ...begun,
    parked(1, "T", reason),
    { kind: "iterationCommitted", iteration: 1, abandoned: true },
    { kind: "runEnded", outcome: "cancelled", reason },
  ]);
  expect(statusRows(cancelled, now)).toMatchObject([
    { State: "cancelled", Error: reason },
    { Iteration: 1, TableName: "", State: "cancelled" },
    { Iteration: 1, TableName: "T", State: "failed", Error: reason },
  ]);
});

test("status counts what was tried again, of a table and of its iteration, with the last reason", () => {
  const state = stateOf([
    opening,
    planned(1, "backfill", { tables: { T: 1, U: 1 } }),
    reset(1, "1.0.0", 1),
    retried(1, [
      { table: "T", steps: 2, reason: "Throttled." },
      { steps: 4, reason: "The lake didn't answer." },
    ]),
  ]);
  const told = (of: typeof state) =>
    statusRows(of, now)
      .filter((row) => row.WindowId === "" && row.Lane !== "")
      .map(({ TableName, State, Retries, RetryReason }) => [TableName, State, Retries, RetryReason]);
  expect(told(state)).toEqual([
    ["", "running", 7, "The lake didn't answer."],
    ["T", "running", 3, "Throttled."],
    ["U", "running", 0, ""],
  ]);
  const done = stateOf([
    opening,
    planned(1, "backfill", { tables: { T: 1 } }),
    retried(1, [{ table: "T", steps: 2, reason: "Throttled." }]),
    ...copied(1, "T"),
    committed(1),
  ]);
  expect(told(done)).toEqual([
    ["", "committed", 2, "Throttled."],
    ["T", "committed", 2, "Throttled."],
  ]);
});

test("columns that came later are the last, so that a view reads an older file by place", () => {
  expect(STATUS_COLUMNS.map(({ name }) => name).slice(0, 15)).toEqual([
    "Job",
    "Iteration",
    "Lane",
    "TableName",
    "WindowId",
    "State",
    "Rows",
    "Bytes",
    "IngestedFrom",
    "IngestedTo",
    "Attempt",
    "Error",
    "LagSeconds",
    "Cursor",
    "UpdatedAt",
  ]);
});

test("an empty log's status is one row for the job", () => {
  expect(statusRows(emptyState, now)).toHaveLength(1);
  expect(readCsv(statusCsv(emptyState, now))).toHaveLength(2);
});

test("a job that failed says so and why", () => {
  const [job] = statusRows(stateOf([opening, { kind: "failed", reason: "The lake is gone." }]), now);
  expect(job).toMatchObject({ Job: "demo", State: "failed", Error: "The lake is gone." });
});
