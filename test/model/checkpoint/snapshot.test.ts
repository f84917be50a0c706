import { expect, it } from "vitest";
import { promotionMoveSchema } from "../../../model/checkpoint/entries.ts";
import { fold } from "../../../model/checkpoint/fold.ts";
import { openIterationSchema, stateSchema } from "../../../model/checkpoint/state.ts";
import { entryAt, opening, sampleJob, stateOf } from "./sampleLog.ts";

it("a snapshot of the log keeps of an intent what its entry says: days of a table are not taken for all of it", () => {
  const move = promotionMoveSchema.parse({
    table: "T",
    staging: "KC_Staging_0a1b2c3d_0_1_0",
    windows: [{ window: "1.0.0", tag: "kc:0a1b2c3d/0/1.0.0/1", rows: 1, extents: ["e"] }],
    replace: true,
    days: ["2026-11-20"],
  });
  expect(Object.keys(move).toSorted()).toEqual(Object.keys(promotionMoveSchema.shape).toSorted());
  expect(openIterationSchema.shape.intended.parse([move])).toEqual([move]);
});

it("a log whose snapshot is from before the horizon was kept reaches back as far as its last job", () => {
  const early = "2026-01-01T00:00:00.000Z";
  const late = "2026-02-01T00:00:00.000Z";
  const job = { ...sampleJob, backfillHorizon: early };
  const { horizon: _, ...before } = stateOf([{ ...opening, job }]);
  const again = { ...opening, job: { ...sampleJob, backfillHorizon: late } };
  expect(fold(stateSchema.parse(before), entryAt(1, 1, again)).horizon).toBe(early);
});
