import { describe, expect, it } from "vitest";
import { begins, reasonOf } from "../../../activities/destination/existingRows.ts";
import type { EntryBody, PlannedTable } from "../../../model/checkpoint/entries.ts";
import type { State } from "../../../model/checkpoint/state.ts";
import {
  committed,
  copied,
  exported,
  intended,
  opening,
  parked,
  planned,
  promoted,
  sampleJob,
  staged,
  stateOf,
} from "../../model/checkpoint/sampleLog.ts";

const history: EntryBody[] = [opening, planned(1, "backfill", { tables: { T: 1 } })];

function tableOf(state: State, lane: "forward" | "backfill"): PlannedTable {
  const table = state.open[lane]?.tables[0];
  if (!table) throw new Error("It isn't planned.");
  return table;
}

/** A forward plan of what came since a table's cursor. */
function since(iteration: number, after: string): EntryBody {
  const plan = planned(iteration, "forward", { tables: { T: 1 } });
  return plan.kind === "iterationPlanned"
    ? { ...plan, tables: plan.tables.map((table) => ({ ...table, after })) }
    : plan;
}

describe("rows at the destination are taken for another's", () => {
  it("where this copy has brought none, in either lane", () => {
    const state = stateOf([...history, since(2, "cursor1")]);
    expect(begins(tableOf(state, "backfill"), sampleJob, state)).toBe(true);
    expect(begins(tableOf(state, "forward"), sampleJob, state)).toBe(true);
  });

  it("not where the forward lane has brought them, before its commit and after it", () => {
    const moved = [
      exported(2, ["2.0.0"]),
      staged(2, ["2.0.0"]),
      intended(2, "T", ["2.0.0"]),
      promoted(2, ["2.0.0"]),
    ];
    for (const more of [moved.slice(0, 3), moved, [...moved, committed(2)]]) {
      const state = stateOf([...history, since(2, "cursor1"), ...more, opening]);
      expect(begins(tableOf(state, "backfill"), sampleJob, state)).toBe(false);
    }
  });

  it("also after commits that found nothing new", () => {
    const quiet = [planned(2, "forward", { quiet: ["T"] }), committed(2)];
    const state = stateOf([...history, ...quiet]);
    expect(begins(tableOf(state, "backfill"), sampleJob, state)).toBe(true);
    const again = [parked(1, "T"), committed(1), planned(3, "backfill", { tables: { T: 1 } })];
    const later = stateOf([...history, ...quiet, ...again]);
    expect(begins(tableOf(later, "backfill"), sampleJob, later)).toBe(true);
  });

  it("not where they are replaced, nor by a job that copies only what comes", () => {
    const state = stateOf(history);
    const table = tableOf(state, "backfill");
    expect(begins({ ...table, resync: true }, sampleJob, state)).toBe(false);
    expect(begins(table, { ...sampleJob, mode: "new" }, state)).toBe(false);
  });

  it("and told by their number", () => {
    expect(reasonOf("T", 1)).toContain("Table T holds 1 row at the destination that");
    expect(reasonOf("T", 3)).toContain("Table T holds 3 rows at the destination that");
  });

  it("not where the history is shown already", () => {
    const state = stateOf([...history, ...copied(1, "T"), opening]);
    expect(begins(tableOf(state, "backfill"), sampleJob, state)).toBe(false);
  });
});
