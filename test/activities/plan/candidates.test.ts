import { describe, expect, it } from "vitest";
import { beginsAt, candidate, isOfLane, type Planning } from "../../../activities/plan/candidates.ts";
import type { EntryBody, Lane } from "../../../model/checkpoint/entries.ts";
import type { State } from "../../../model/checkpoint/state.ts";
import type { Job } from "../../../model/job.ts";
import {
  committed,
  copied,
  opening,
  parked,
  planned,
  sampleJob,
  stateOf,
} from "../../model/checkpoint/sampleLog.ts";

const asked: EntryBody = { kind: "resyncAccepted", request: "r1", tables: ["T"] };
const TABLE = { name: "T", columns: [], folder: "", docstring: "" };

function planning(state: State, lane: Lane, job: Partial<Job> = {}): Planning {
  return { job: { ...sampleJob, ...job }, state, lane, timed: new Set(["T", "U"]) };
}

describe("a table that a job of what comes could not copy from its start", () => {
  const job = { mode: "new" as const };
  const refused = (from: string) => [{ table: "U", reason: "It is under row-level security.", from }];

  it("is copied from there on once it can be, and not from where the job stands then", () => {
    const started = stateOf([opening]);
    const from = beginsAt("U", planning(started, "backfill", job), "cursor1");
    expect(from).toBe("cursor1");
    const state = stateOf([
      opening,
      planned(1, "backfill", { tables: { T: 0 }, refused: refused("cursor1") }),
      committed(1),
      planned(2, "forward", { tables: { T: 1 } }),
      ...copied(2, "T"),
      committed(2),
    ]);
    expect(state.lastForward?.upTo).toBe("cursor2");
    const now = planning(state, "forward", job);
    expect(isOfLane("U", now)).toBe(true);
    expect(candidate({ ...TABLE, name: "U" }, now, "cursor3")).toMatchObject({ after: "cursor1" });
    // Known by now: it keeps its beginning, however often it is refused.
    expect(beginsAt("U", now, "cursor3")).toBeUndefined();
  });

  it("begins where the job stood when it came, if it came later", () => {
    const state = stateOf([
      opening,
      planned(1, "backfill", { tables: { T: 0 } }),
      committed(1),
      planned(2, "forward", { tables: { T: 1 } }),
      ...copied(2, "T"),
      committed(2),
    ]);
    expect(beginsAt("U", planning(state, "forward", job), "cursor3")).toBe("cursor2");
    expect(
      beginsAt("U", planning(state, "forward", { mode: "backfill-and-new" }), "cursor3"),
    ).toBeUndefined();
  });
});

describe("a table that is resynchronised", () => {
  const anew = { tables: { T: 1 }, signature: "followed", resync: true };

  it("is in no plan of the other lane meanwhile, though its history was never copied: the copy would be stuck", () => {
    const state = stateOf([
      opening,
      planned(1, "backfill", { tables: { T: 1 } }),
      parked(1, "T"),
      committed(1),
      asked,
      planned(2, "forward", anew),
      opening,
    ]);
    expect(state.tables.T?.backfill).toBe("pending");
    expect(isOfLane("T", planning(state, "backfill"))).toBe(false);
  });

  it("is so too where the job has another mode by now", () => {
    const state = stateOf([
      opening,
      planned(1, "backfill", { tables: { T: 1 } }),
      ...copied(1, "T"),
      committed(1),
      asked,
      planned(2, "backfill", anew),
      opening,
    ]);
    expect(isOfLane("T", planning(state, "forward"))).toBe(false);
  });

  it("waits for an open iteration whose commit would set its cursor back", () => {
    const job = { mode: "backfill" as const };
    const before = [
      opening,
      planned(1, "backfill", { tables: { T: 1, U: 1 } }),
      ...copied(1, "T"),
      ...copied(1, "U", 1),
      committed(1),
      planned(2, "forward", { tables: { U: 1 }, quiet: ["T"] }),
      asked,
    ];
    expect(isOfLane("T", planning(stateOf(before), "backfill", job))).toBe(false);
    const after = stateOf([...before, ...copied(2, "U"), committed(2)]);
    expect(isOfLane("T", planning(after, "backfill", job))).toBe(true);
  });

  it("comes whole, by a job that copies only what comes by now, where it was begun from its first row", () => {
    const state = stateOf([
      opening,
      planned(1, "forward", { tables: { T: 1 } }),
      ...copied(1, "T"),
      committed(1),
      asked,
    ]);
    expect(candidate(TABLE, planning(state, "forward", { mode: "new" }), "cursor2")).not.toHaveProperty(
      "after",
    );
  });

  it("is copied anew after the iteration that it begins with, where it was asked for in the midst of that", () => {
    const state = stateOf([
      opening,
      planned(1, "forward", { tables: { T: 1 } }),
      asked,
      ...copied(1, "T"),
      committed(1),
    ]);
    expect(state.tables.T).toMatchObject({ cursor: "cursor1", resync: true });
    expect(candidate(TABLE, planning(state, "forward"), "cursor2")).toMatchObject({ resync: true });
  });
});

describe("a table that a job which copies only what comes sees first", () => {
  it("begins where the job did, though an iteration was given up since", () => {
    const state = stateOf([
      opening,
      planned(1, "backfill", { tables: { U: 0 }, upTo: "begin" }),
      committed(1),
      planned(2, "forward", { tables: { U: 1 } }),
      parked(2, "U"),
      { kind: "iterationCommitted", iteration: 2, abandoned: true },
    ]);
    const now = planning(state, "forward", { mode: "new" });
    expect(isOfLane("T", now)).toBe(true);
    expect(candidate(TABLE, now, "cursor3")).toMatchObject({ after: "begin", upTo: "cursor3" });
  });
});
