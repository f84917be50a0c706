import { describe, expect, it } from "vitest";
import { emptyState, type OpenIteration, type State, type TableState } from "../../model/checkpoint/state.ts";
import { type Expectation, expectedOf } from "../../model/expected.ts";
import { recordFrom } from "../../model/record.ts";
import { sampleJob } from "./checkpoint/sampleLog.ts";

const done: TableState = { cursor: "20", backfill: "done", backfillUpTo: "10", query: null };
const HORIZON = "2026-01-06T00:00:00.000Z";
const DAY = { from: "2026-01-05T00:00:00.0000000Z", to: "2026-01-06T00:00:00.0000000Z", rows: 5 };

function stateOf(table: TableState | undefined, more: Partial<State> = {}): State {
  const tables = recordFrom<TableState>(table ? [["T", table]] : []);
  return { ...emptyState, job: sampleJob, horizon: null, tables, ...more };
}

function openWith(lane: OpenIteration["lane"], more: Partial<OpenIteration> = {}): OpenIteration {
  const table = {
    name: "T",
    folder: "",
    docstring: "",
    columns: [],
    format: "csv" as const,
    after: "20",
    upTo: "30",
    windows: [
      { kind: "time" as const, to: DAY.to, rows: 3 },
      { kind: "time" as const, from: DAY.to, rows: 4 },
    ],
  };
  return {
    iteration: 3,
    lane,
    upTo: "30",
    readAt: HORIZON,
    plannedAt: HORIZON,
    tables: [table],
    quiet: [],
    refused: [],
    windows: { "3.0.0": { stage: "promoted", attempt: 1 }, "3.0.1": { stage: "staged", attempt: 1 } },
    parked: recordFrom<string>([]),
    stopped: recordFrom<string>([]),
    intended: [],
    ...more,
  };
}

/** The parts as text: sign, cursors, range. */
function parts(expected: Expectation): string[] {
  if (expected.kind !== "rows") return [expected.kind];
  return expected.parts.map(
    ({ sign, after, upTo, range }) =>
      `${sign > 0 ? "+" : "-"}(${after ?? ""},${upTo}] ${range.kind} ${range.from ?? ""}..${range.to ?? ""}`,
  );
}

describe("what a destination should hold", () => {
  it("is all up to the committed cursor, with the rows that have no ingestion time", () => {
    expect(parts(expectedOf("T", stateOf(done)))).toEqual(["+(,20] time ..", "+(,20] untimed .."]);
  });

  it("is cut by the horizon, and then without them; not where the table was copied whole once", () => {
    const cut = { horizon: HORIZON };
    expect(parts(expectedOf("T", stateOf(done, cut)))).toEqual([`+(,20] time ${HORIZON}..`]);
    expect(parts(expectedOf("T", stateOf({ ...done, signature: "followed" }, cut)))).toHaveLength(2);
  });

  it("is what came since, while the history is still to be copied or never will be", () => {
    const pending = expectedOf("T", stateOf({ ...done, backfill: "pending" }));
    expect(parts(pending)).toEqual(["+(10,20] time .."]);
    expect(pending).toMatchObject({ historyPending: true });
    const onlyNew = { job: { ...sampleJob, mode: "new" as const } };
    expect(parts(expectedOf("T", stateOf({ ...done, backfill: "none" }, onlyNew)))).toEqual([
      "+(10,20] time ..",
    ]);
    // Copied whole since, all is held, though only what comes was copied at first.
    const whole = { ...done, backfill: "none" as const, signature: "followed" };
    expect(parts(expectedOf("T", stateOf(whole, onlyNew)))).toEqual(["+(,20] time ..", "+(,20] untimed .."]);
    // Begun forward from its first row by a job that copies all: never taken for one of the kind above.
    const begun = expectedOf("T", stateOf({ ...done, backfill: "none" }));
    expect(parts(begun)).toEqual(["+(,20] time ..", "+(,20] untimed .."]);
    expect(begun).toMatchObject({ onlyNew: [{ after: "10", upTo: "20" }] });
  });

  it("is without what is owed of an iteration that was shown in part", () => {
    const owed = {
      lane: "forward" as const,
      after: "20",
      upTo: "30",
      windows: [{ kind: "time" as const, ...DAY }],
    };
    expect(parts(expectedOf("T", stateOf({ ...done, owed: [owed] })))).toEqual([
      "+(,20] time ..",
      "+(,20] untimed ..",
      "+(20,30] time ..",
      `-(20,30] time ${DAY.from}..${DAY.to}`,
    ]);
    const history = { ...owed, lane: "backfill" as const, upTo: "10" };
    const { after: _, ...first } = history;
    expect(parts(expectedOf("T", stateOf({ ...done, backfill: "pending", owed: [first] })))).toEqual([
      "+(10,20] time ..",
      "+(,10] time ..",
      "+(,10] untimed ..",
      `-(,10] time ${DAY.from}..${DAY.to}`,
    ]);
  });

  it("is the same while days of it take the place of what was there", () => {
    const open = openWith("forward");
    const tables = open.tables.map(({ after: _, ...table }) => ({
      ...table,
      upTo: "20",
      days: ["2026-01-01"],
    }));
    const shown = expectedOf("T", stateOf(done, { open: { forward: { ...open, tables } } }));
    expect(parts(shown)).toEqual(parts(expectedOf("T", stateOf(done))));
  });

  it("has the windows that an open iteration has shown, and is not told while rows are being moved", () => {
    const open = openWith("forward");
    expect(parts(expectedOf("T", stateOf(done, { open: { forward: open } }))).at(-1)).toBe(
      `+(20,30] time ..${DAY.to}`,
    );
    const intended = [{ table: "T", staging: "S", windows: [], replace: false }];
    expect(expectedOf("T", stateOf(done, { open: { forward: { ...open, intended } } })).kind).toBe("busy");
  });

  it("of a table that is replaced by an open iteration is what that one has shown", () => {
    const open = openWith("forward");
    const tables = open.tables.map((table) => ({ ...table, signature: "followed" }));
    expect(parts(expectedOf("T", stateOf(done, { open: { forward: { ...open, tables } } })))).toEqual([
      `+(20,30] time ..${DAY.to}`,
    ]);
  });

  it("is nothing where nothing was committed, and unknown where the copy has stopped", () => {
    expect(expectedOf("T", stateOf(undefined)).kind).toBe("notCopied");
    const planned: TableState = {
      cursor: "10",
      backfill: "pending",
      backfillUpTo: "10",
      error: "It was parked.",
    };
    expect(expectedOf("T", stateOf(planned))).toEqual({ kind: "notCopied", reason: "It was parked." });
    expect(expectedOf("T", stateOf({ ...done, stopped: "Neither here nor there." }))).toEqual({
      kind: "stopped",
      reason: "Neither here nor there.",
    });
  });
});
