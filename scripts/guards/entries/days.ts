import type { Guard } from "../guard.ts";

const MODEL = "model/resyncedDays.ts";
const EXTENTS =
  "are dropped where all that they hold is of the days, and left where nothing is; else nothing is dropped";
const CANDIDATES = "activities/plan/candidates.ts";
const SETTLE = "activities/plan/settleDays.ts";
const DAYS_TEST = "test/copy/days/days.test.ts";
const REFUSED =
  "are refused where an extent is of another day too, or rows carry no day, and nothing is replaced";

/** Days of a table that are copied once more, and take the place of what the destination holds of them. */
export const dayGuards: readonly Guard[] = [
  {
    name: "an extent of two days",
    promise: "Rows of a day that wasn't asked for are never dropped with one that was.",
    edits: [{ file: MODEL, find: "if (other !== undefined)", replace: 'if (other === "")' }],
    tests: [{ file: "test/model/resyncedDays.test.ts", name: EXTENTS }],
  },
  {
    name: "rows of no day",
    promise: "No day is replaced where rows of it may lie in extents that carry none.",
    edits: [
      { file: MODEL, find: "if (loose <= BigInt(undated)) return", replace: "if (loose >= 0n) return" },
    ],
    tests: [{ file: "test/model/resyncedDays.test.ts", name: EXTENTS }],
  },
  {
    name: "days of a settled table",
    promise: "Days are planned only while all is shown that the table's cursor passed.",
    edits: [
      { file: "model/checkpoint/fold.ts", find: "  refuseUnsettledDays(state, entry);\n", replace: "" },
    ],
    tests: [{ file: "test/model/checkpoint/days.test.ts", name: "days of a table are planned in no log" }],
  },
  {
    name: "why days failed",
    promise: "Why days were not replaced is told though what is new of their table comes afterwards.",
    edits: [
      {
        file: "model/checkpoint/commit.ts",
        find: "...(known?.days?.reason === undefined ? {} : { error: known.days.reason }),",
        replace: "",
      },
    ],
    tests: [
      { file: "test/model/checkpoint/days.test.ts", name: "why days were tried in vain is told until they" },
    ],
  },
  {
    name: "days end at the cursor",
    promise: "Rows after the table's cursor come with what is new, and not with their day too.",
    edits: [{ file: CANDIDATES, find: "...after, upTo: known.cursor }", replace: "...after, upTo }" }],
    tests: [
      // The second goes on where the first ends.
      { file: DAYS_TEST, name: "are the source's again, deletions included, in one command" },
      { file: DAYS_TEST, name: "are cut at the table's cursor: rows after it come once, with what is new" },
    ],
  },
  {
    name: "days are looked at before they are copied",
    promise:
      "Days that can't be told apart at the destination are given up before anything is copied, and the reason told.",
    edits: [
      { file: SETTLE, find: "  if (problem !== undefined) return { reason: problem };\n", replace: "" },
    ],
    tests: [{ file: DAYS_TEST, name: REFUSED }],
  },
  {
    name: "requests are remembered",
    promise:
      "What was copied once more as asked for is not copied again for that request, however many come after it.",
    edits: [
      { file: "model/checkpoint/state.ts", find: "RESYNCS_KEPT = 10_000", replace: "RESYNCS_KEPT = 50" },
    ],
    tests: [
      {
        file: "test/model/checkpoint/wholeTables.test.ts",
        name: "a request that was taken in is never asked for again, however many come after it",
      },
    ],
  },
  {
    name: "days of no table",
    promise:
      "Days of a table that is gone, or left out by now, are given up with a warning and wait for nothing.",
    edits: [
      {
        file: "activities/plan/planIteration.ts",
        find: "...(lane === resyncLane(job) ? lostDays(job, state, selected) : []), ",
        replace: "",
      },
    ],
    tests: [
      {
        file: "test/copy/days/days.test.ts",
        name: "are given up with a warning where the job leaves their table out by now, or the source has it no more",
      },
    ],
  },
];
