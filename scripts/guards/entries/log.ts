import type { Guard } from "../guard.ts";

const LOG = "lake/log.ts";
const LOG_TEST = "test/lake/log.test.ts";
const FOLD = "model/checkpoint/fold.ts";
const REFUSALS_TEST = "test/model/checkpoint/refusals.test.ts";
const CANDIDATES = "activities/plan/candidates.ts";
const COPIED_WHOLE_TEST = "test/activities/plan/copiedWhole.test.ts";
const COPIED_WHOLE = "no iteration takes a row away that the source holds, or brings one twice";
const COMMIT_TEST = "test/model/checkpoint/commit.test.ts";

/** The checkpoint log: who may write it, and what it takes. */
export const logGuards: readonly Guard[] = [
  {
    name: "fence",
    promise: "Of two runs that write one entry exactly one wins: an entry is put only where there is none.",
    edits: [{ file: LOG, find: '      conditions: { ifNoneMatch: "*" },\n', replace: "" }],
    tests: [
      {
        file: LOG_TEST,
        name: "of two runs that write one number exactly one wins, and the other learns that it is stale and changed nothing",
      },
    ],
  },
  {
    name: "foreign entry",
    promise: "A writer that finds its number taken by another run's entry stops.",
    edits: [
      {
        file: LOG,
        find: "if (there.run !== identity.run || there.step !== identity.step) {",
        replace: "if (there.run < 0) {",
      },
    ],
    tests: [
      { file: LOG_TEST, name: "of two runs that write one number exactly one wins" },
      { file: LOG_TEST, name: "a run that another has taken over from can write nothing more" },
    ],
  },
  {
    name: "stale run",
    promise:
      "A run that another has taken over from is told so when it reads the log, before it does anything.",
    edits: [{ file: LOG, find: "if (state.run?.id !== run)\n", replace: "if (state.run === undefined)\n" }],
    tests: [{ file: LOG_TEST, name: "a run that another has taken over from can write nothing more" }],
  },
  {
    name: "log without a gap",
    promise: "A missing entry is told by its file, and not read as the log's end.",
    edits: [{ file: LOG, find: "if (beyond !== undefined)\n", replace: "if (beyond === -1)\n" }],
    tests: [{ file: LOG_TEST, name: "is refused by the name of its file, not read as the log's end" }],
  },
  {
    name: "intent before a promotion",
    promise: "The log takes no promotion that no intent names.",
    edits: [{ file: FOLD, find: "if (!before || !intended.has(id)) {", replace: "if (!before) {" }],
    tests: [{ file: REFUSALS_TEST, name: "nothing is promoted without an intent" }],
  },
  {
    name: "verified extents",
    promise: "An intent names the very extents that were verified.",
    edits: [
      {
        file: FOLD,
        find: 'if (staged?.stage !== "staged" || staged.extents?.join() !== extents.join())',
        replace: 'if (staged?.stage !== "staged")',
      },
    ],
    tests: [{ file: REFUSALS_TEST, name: "no intent names what was not verified" }],
  },
  {
    name: "promoted once",
    promise: "A window that is promoted is never begun again.",
    edits: [
      { file: FOLD, find: 'if (before.stage === "promoted")', replace: 'if (before.stage === "never")' },
    ],
    tests: [{ file: REFUSALS_TEST, name: "a window that is promoted is never begun again" }],
  },
  {
    name: "cursor per table",
    promise: "A commit moves the cursors of the tables whose rows are in, and of no others.",
    edits: [
      {
        file: "model/checkpoint/commit.ts",
        find: ", error: reason };",
        replace: ", cursor: planned.upTo, error: reason };",
      },
    ],
    tests: [{ file: COMMIT_TEST, name: "a parked table keeps its cursor while the others move" }],
  },
  {
    name: "windows planned once",
    promise: "What is left of a table is planned as it was cut, never anew.",
    edits: [{ file: FOLD, find: "  refuseAnotherCut(state, entry);\n", replace: "" }],
    tests: [
      {
        file: "test/model/checkpoint/owed.test.ts",
        name: "what is owed can't be planned with a window more, a window less, or other bounds",
      },
    ],
  },
  {
    name: "one beginning",
    promise: "A table is copied from its beginning by one open iteration only.",
    edits: [{ file: FOLD, find: "  refuseSecondBeginning(state, entry);\n", replace: "" }],
    tests: [{ file: REFUSALS_TEST, name: "entries that speak of what isn't there are refused" }],
  },
  {
    name: "a resynchronisation once",
    promise: "A request to copy a table whole once more is taken in once.",
    edits: [
      {
        file: "model/checkpoint/resync.ts",
        find: "if (state.resyncs.includes(entry.request)) return state;",
        replace: "",
      },
    ],
    tests: [
      {
        file: "test/model/checkpoint/wholeTables.test.ts",
        name: "a resynchronisation makes good what stopped a table, once per request",
      },
    ],
  },
  {
    name: "copied whole is known for good",
    promise: "A table that was copied whole and is followed since is whole after a resynchronisation, too.",
    edits: [
      {
        file: "model/checkpoint/commit.ts",
        find: "return planned.signature ?? (known?.signature === FOLLOWED ? FOLLOWED : undefined);",
        replace: "return planned.signature;",
      },
    ],
    tests: [{ file: COPIED_WHOLE_TEST, name: COPIED_WHOLE }],
  },
  {
    name: "copied whole, though what comes was asked for",
    promise: "A job that copies only what comes takes nothing away that it has copied whole.",
    edits: [
      {
        file: CANDIDATES,
        find: 'known?.backfill === "none" && known.signature === undefined',
        replace: 'known?.backfill === "none"',
      },
    ],
    tests: [{ file: COPIED_WHOLE_TEST, name: COPIED_WHOLE }],
  },
  {
    name: "a history that is copied whole waits",
    promise: "No history is copied whole while an open iteration brings rows of its table.",
    edits: [
      {
        file: CANDIDATES,
        find: 'if (lane === "backfill" && coming && isSnapshot(name, planning)) return false;',
        replace: "",
      },
    ],
    tests: [{ file: COPIED_WHOLE_TEST, name: COPIED_WHOLE }],
  },
  {
    name: "a stop stays",
    promise: "A table that was stopped stays so, whatever the other lane commits.",
    edits: [
      {
        file: "model/checkpoint/commit.ts",
        find: "...(known?.stopped === undefined ? {} : { error: known.stopped, stopped: known.stopped }),",
        replace: "",
      },
    ],
    tests: [{ file: COMMIT_TEST, name: "a stop in one lane outlives the commit of the other" }],
  },
  {
    name: "lag counts what was brought",
    promise:
      "The moment that the destination stands at moves on only with what has brought each table up to it.",
    edits: [
      {
        file: "model/checkpoint/commit.ts",
        find: "behind ||= endsBefore(open, planned, reason !== undefined);",
        replace: "",
      },
    ],
    tests: [
      {
        file: "test/model/checkpoint/resyncs.test.ts",
        name: "the destination counts as of a moment only once each table that isn't parked is brought up to it",
      },
    ],
  },
  {
    name: "starting over is one write",
    promise:
      "A crash while starting over is asked for leaves both of its wishes or neither, and a pause keeps it.",
    edits: [
      {
        file: "lake/control.ts",
        find: "return { ...asked, ...(startOver === undefined ? {} : { startOver }) };",
        replace: "return startOver === undefined ? asked : { ...asked };",
      },
    ],
    tests: [
      {
        file: "test/copy/control.test.ts",
        name: "is to start over and to run, or neither; that waits through a pause until a run takes it in, and a cancellation withdraws it",
      },
    ],
  },
  {
    name: "an older build refuses days",
    promise: "What a build without days would misread it can't read.",
    edits: [
      {
        file: "lake/log.ts",
        find: "JSON.stringify(withFormat(entry))",
        replace: "JSON.stringify(entry)",
      },
    ],
    tests: [
      {
        file: "test/lake/log.test.ts",
        name: "what speaks of days is of a kind that a build without days refuses, and all else is as that build knows it",
      },
    ],
  },
  {
    name: "a warning of days in a snapshot",
    promise: "A warning of days that were refused keeps no build without days from reading what came since.",
    edits: [
      {
        file: "model/checkpoint/format.ts",
        find: "  if (ofDays.length === 0) return state;\n",
        replace: "  if (ofDays.length >= 0) return state;\n",
      },
    ],
    tests: [
      {
        file: "test/lake/log.test.ts",
        name: "why days were refused is told from a snapshot too, and keeps no build without days from reading it",
      },
    ],
  },
  {
    name: "a newer format is refused",
    promise: "A log of a later format than is known is refused, and nothing of it is guessed.",
    edits: [
      {
        file: "lake/log.ts",
        find: "if (format <= KNOWN_FORMAT) return json;",
        replace: "if (format < 99) return json;",
      },
    ],
    tests: [{ file: "test/lake/log.test.ts", name: "says that a newer version is needed" }],
  },
];
