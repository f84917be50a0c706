import type { Guard } from "../guard.ts";

const PROMOTIONS = "test/activities/promotions.test.ts";
const PROMOTE = "activities/promotion/promoteTable.ts";
const FOLD = "model/checkpoint/fold.ts";
const PROMOTION_TEST = "test/orchestrators/promotion.test.ts";
const LOSSES = "test/losses/promotion.test.ts";
const INTEND = "activities/promotion/intendPromotion.ts";
const SWEEP = "model/checkpoint/sweep.ts";
const CLEANED = "test/model/checkpoint/cleaned.test.ts";
const SWEEP_TEST = "is swept by its own run and newer ones, in its own iterations, and by no other copy";

/** What is shown at the destination, and what is swept there. */
export const promotionGuards: readonly Guard[] = [
  {
    name: "moves by ids",
    promise: "Only the extents that were verified are moved, whatever came into staging since.",
    edits: [
      {
        file: PROMOTE,
        find: "await readExtents(destination, database, [move.staging], { ids });",
        replace: "await readExtents(destination, database, [move.staging], {});",
      },
    ],
    tests: [{ file: PROMOTIONS, name: "is what was verified, and not what came into staging after that" }],
  },
  {
    name: "proof of arrival",
    promise: "Rows that are neither in staging nor in the table stop the table.",
    edits: [{ file: PROMOTE, find: "if (missing.length > 0)", replace: "if (missing.length < 0)" }],
    tests: [{ file: PROMOTIONS, name: "rows that are neither in staging nor in the table stop the table" }],
  },
  {
    name: "arrival by the attempt's tag",
    promise: "Only rows under the attempt's own tag show that it has arrived.",
    edits: [{ file: PROMOTE, find: "{ tags: [window.tag] }", replace: "{}" }],
    tests: [{ file: PROMOTIONS, name: "rows that are neither in staging nor in the table stop the table" }],
  },
  {
    name: "staging dropped before a promotion is taken back",
    promise:
      "What a promotion that was taken back would have moved is never shown later, beside its own copy.",
    edits: [
      {
        file: PROMOTE,
        find: "  await destination.command(database, dropTables([move.staging]), { idempotent: true });\n",
        replace: "",
      },
    ],
    tests: [{ file: PROMOTIONS, name: "comes once where a promotion was taken back while another delivery" }],
  },
  {
    name: "replacements in time",
    promise: "A replacement that is delivered late puts no older copy in the place of a newer.",
    edits: [
      {
        file: PROMOTE,
        find: "  if (problem !== undefined) return problem;\n  await stillIntended();\n",
        replace: "  if (problem !== undefined) return problem;\n",
      },
    ],
    tests: [{ file: PROMOTIONS, name: "is never replaced by an older copy" }],
  },
  {
    name: "staging is dropped while its promotion is still wanted",
    promise: "A run that another took over drops nothing of what the newer one is to show.",
    edits: [
      {
        file: PROMOTE,
        find: "  await stillIntended();\n  try {\n",
        replace: "  try {\n",
      },
    ],
    tests: [
      { file: PROMOTIONS, name: "stays in staging where a run that another took over is refused its move" },
    ],
  },
  {
    name: "refusals outlive what follows them",
    promise: "Why the destination refused a table's rows is told though what followed the refusal failed.",
    edits: [
      { file: PROMOTE, find: "    throw following(failure, error);\n", replace: "    throw failure;\n" },
    ],
    tests: [
      {
        file: PROMOTIONS,
        name: "tells why the destination refused it, though what follows the refusal fails",
      },
    ],
  },
  {
    name: "tables that are out are told before a run fails",
    promise: "Why a table is out is told though the promotion of another one fails the run.",
    edits: [
      {
        file: "orchestrators/promotion.ts",
        find: "      if (stopped.length + withdrawn.length > 0)\n",
        replace: "      if (stopped.length + withdrawn.length < 0)\n",
      },
    ],
    tests: [
      { file: PROMOTION_TEST, name: "notes why a table is out before it fails of another one's promotion" },
    ],
  },
  {
    name: "exports of tables that are out are stopped",
    promise: "What a table that is out still exports holds no slots that the run counts as free.",
    edits: [
      {
        file: "orchestrators/promotion.ts",
        find: "  yield* stopExports(context, job, carry, carry.flights.filter(isOut));\n",
        replace: "",
      },
    ],
    tests: [{ file: PROMOTION_TEST, name: "go on no further, and it is told by that reason alone" }],
  },
  {
    name: "sweep of older staging tables only",
    promise: "A run drops no staging table of a newer run.",
    edits: [{ file: SWEEP, find: "owner.run <= run && ", replace: "" }],
    tests: [{ file: PROMOTIONS, name: SWEEP_TEST }],
  },
  {
    name: "sweep of the own copy only",
    promise: "A copy drops no staging table of another copy.",
    edits: [{ file: SWEEP, find: "owner.copyId === state.copyId && ", replace: "" }],
    tests: [{ file: PROMOTIONS, name: SWEEP_TEST }],
  },
  {
    name: "sweep of older files only",
    promise: "A run deletes no staged file of a newer run.",
    edits: [
      { file: "activities/promotion/cleanUp.ts", find: " || owner > run) continue;", replace: ") continue;" },
    ],
    tests: [{ file: PROMOTIONS, name: SWEEP_TEST }],
  },
  {
    name: "sweep of the own tags only",
    promise: "A clean-up takes off no tag of another copy, of a newer run, or of what is open.",
    edits: [{ file: SWEEP, find: "isOwn(tagOwner(tag))", replace: "tagOwner(tag) !== undefined" }],
    tests: [{ file: CLEANED, name: "of tags, a sweep takes off those of its own copy" }],
  },
  {
    name: "sweep of what later iterations left",
    promise: "What a clean-up left is forgotten by none that comes after a backfill planned before it.",
    edits: [
      {
        file: SWEEP,
        find: "Math.max(iteration, ...state.finished.map((each) => each.iteration))",
        replace: "iteration",
      },
    ],
    tests: [{ file: CLEANED, name: "a backfill that ends after later iterations sweeps what they left" }],
  },
  {
    name: "what is left is told",
    promise: "What could not be removed is told until it is.",
    edits: [
      { file: "model/checkpoint/cleaned.ts", find: "...(left === undefined ? {} : { left }),", replace: "" },
    ],
    tests: [{ file: CLEANED, name: "what a clean-up leaves is told until one leaves nothing" }],
  },
  {
    name: "bounded clean-ups",
    promise: "A run begins with a bounded number of clean-ups.",
    edits: [{ file: "model/checkpoint/cleaned.ts", find: ".slice(0, CLEAN_UPS_AT_ONCE)", replace: "" }],
    tests: [{ file: CLEANED, name: "a run cleans up first after what nobody has, a bounded number" }],
  },
  {
    name: "tags that failed",
    promise: "A row that says that the tags of an extent stay is no success.",
    edits: [{ file: "kusto/extentTags.ts", find: "failed.length > 0", replace: "failed.length < 0" }],
    tests: [
      { file: "test/kusto/extentTags.test.ts", name: "a row that says that an extent failed is no success" },
    ],
  },
  {
    name: "refused events wait",
    promise: "An event that was refused is told, and published later.",
    edits: [
      {
        file: "orchestrators/promotion.ts",
        find: '...(published.kind === "done" ? {} : { unpublished: shortReason(published.reason) }),',
        replace: "",
      },
    ],
    tests: [
      { file: PROMOTION_TEST, name: "fails no run, and is told in the log where it could not be done" },
    ],
  },
  {
    name: "update policies before a promotion",
    promise: "A policy that somebody sets in mid-iteration keeps a table's rows from being moved into it.",
    edits: [
      {
        file: "activities/destination/holdUpdatePolicies.ts",
        find: "return { next, parked: refusedOf(landings, policies) };",
        replace: "return { next, parked: [] };",
      },
    ],
    tests: [{ file: PROMOTIONS, name: "runs no update policy, whenever somebody sets one" }],
  },
  {
    name: "update policies before the copy",
    promise:
      "A table under an enabled update policy of the destination is refused before anything is copied.",
    edits: [
      {
        file: "activities/destination/obstacles.ts",
        find: "      updateConflict(table.name, stagingOf(t), policies) ??\n",
        replace: "",
      },
    ],
    tests: [{ file: PROMOTIONS, name: "runs no update policy, whenever somebody sets one" }],
  },
  {
    name: "late beginnings",
    promise: "An older run's beginning that is delivered late stops no newer run.",
    edits: [
      {
        file: "activities/run/openRun.ts",
        find: "      refuseLateDelivery(lake, before, startedAt);\n",
        replace: "",
      },
    ],
    tests: [{ file: PROMOTIONS, name: "that one ends, and stops nobody" }],
  },
  {
    name: "intent before the move",
    promise:
      "What is about to be moved is in the log before it is moved, so that the next run finds it again.",
    edits: [
      {
        file: INTEND,
        find: `    await appendEntry(
      lake,
      { number: next, run, step: \`intend \${iteration}\` },
      { kind: "promotionIntended", iteration, moves },
    );
    const open = openIteration(await readStateOfRun(lake, run, next + 1), iteration);
    return { next: next + 1, tables: (open?.intended ?? []).map((move) => move.table) };
`,
        replace: "    return { next, tables: moves.map((move) => move.table) };\n",
      },
      {
        file: PROMOTE,
        find: "const move = open?.intended.find((each) => each.table === table);",
        replace: "const move = open && movesOf(open).find((each) => each.table === table);",
      },
      {
        file: PROMOTE,
        find: 'import { answer } from "../outcome.ts";\n',
        replace:
          'import { answer } from "../outcome.ts";\nimport { movesOf } from "../../model/checkpoint/moves.ts";\n',
      },
      {
        file: FOLD,
        find: "if (!before || !intended.has(id)) {",
        replace: "if (!before) {",
      },
    ],
    tests: [
      {
        file: "test/copy/restart.test.ts",
        name: "finds what it had moved by its tag, and moves nothing twice",
      },
    ],
  },
  {
    name: "replacements that are refused for good are withdrawn",
    promise:
      "A replacement that is refused for good keeps neither the other tables nor a cancellation from going on.",
    edits: [{ file: PROMOTE, find: "    if (!last) throw again();\n", replace: "    throw again();\n" }],
    tests: [{ file: LOSSES, name: "withdraws a replacement that is refused for good, after its tries" }],
  },
  {
    name: "replacements that are refused once are tried again",
    promise: "A merge of what a replacement drops doesn't withdraw it.",
    edits: [{ file: PROMOTE, find: "    if (!last) throw again();\n", replace: "" }],
    tests: [
      {
        file: "test/copy/days/days.test.ts",
        name: "are replaced though a merge changes the destination's extents meanwhile",
      },
    ],
  },
  {
    name: "answers to what only drops",
    promise: "A replacement that brings nothing and is answered by nothing is no success.",
    edits: [
      {
        file: "kusto/moves.ts",
        find: "  if (ids.length > 0) return;\n",
        replace: "  if (ids.length >= 0) return;\n",
      },
    ],
    tests: [
      {
        file: "test/kusto/moves.test.ts",
        name: "an answer to a replacement that only drops tells of each extent",
      },
      { file: LOSSES, name: "withdraws a replacement that is refused for good, after its tries" },
    ],
  },
  {
    name: "dropped destination tables are told as that",
    promise: "Of a table that somebody dropped it is said how all that it held comes back.",
    edits: [
      {
        file: PROMOTE,
        find: "there ? refusedReason(move, error) : droppedReason(move)",
        replace: "refusedReason(move, error)",
      },
    ],
    tests: [{ file: LOSSES, name: "leaves out a table that somebody dropped since its intent, says so" }],
  },
  {
    name: "what may have been emptied is copied again",
    promise: "A table that was to be emptied by a promotion that was taken back is copied whole again.",
    edits: [
      {
        file: "model/checkpoint/resync.ts",
        find: "if (known?.signature !== undefined && empties) ",
        replace: "if (known === undefined) ",
      },
    ],
    tests: [
      {
        file: "test/model/checkpoint/wholeTables.test.ts",
        name: "by a promotion that was taken back: copied again whatever its signature says",
      },
    ],
  },
  {
    name: "windows of a table that is out end",
    promise: "Of a table whose promotion is withdrawn or stopped no window goes on.",
    edits: [
      {
        file: "orchestrators/promotion.ts",
        find: "return yield* withoutFlightsOf(context, job, carry, iteration, [...stopped, ...withdrawn]);",
        replace: "return carry;",
      },
    ],
    tests: [{ file: PROMOTION_TEST, name: "go on no further, and it is told by that reason alone" }],
  },
  {
    name: "the first reason of a parked table",
    promise: "What comes of a table's being out is not told in the place of why it is.",
    edits: [
      {
        file: FOLD,
        find: "entry.parked) parked[table] ??= reason;",
        replace: "entry.parked) parked[table] = reason;",
      },
    ],
    tests: [
      {
        file: "test/model/checkpoint/commit.test.ts",
        name: "a table is told by the first reason that parked it, and by none that came of it",
      },
    ],
  },
  {
    name: "the first reason of a table that is taken back",
    promise: "A promotion that is taken back is not told in the place of why its table was out before.",
    edits: [
      {
        file: FOLD,
        find: "entry.withdrawn) parked[table] ??= reason;",
        replace: "entry.withdrawn) parked[table] = reason;",
      },
    ],
    tests: [
      {
        file: "test/model/checkpoint/commit.test.ts",
        name: "a table is told by the first reason that parked it, and by none that came of it",
      },
    ],
  },
  {
    name: "update policies asked at the promotion",
    promise: "Before rows are shown it is asked once more whether an update policy would run on them.",
    edits: [
      {
        file: "orchestrators/promotion.ts",
        find: 'lane.windows === 0 ? checked : yield* holdPolicies(context, job, checked, iteration, "promotion");',
        replace: "checked;",
      },
    ],
    tests: [
      {
        file: "test/copy/updatePolicies.test.ts",
        name: "stop a table before its rows are shown, where somebody sets one in mid-iteration",
      },
    ],
  },
  {
    name: "a clock that runs ahead",
    promise: "A machine whose clock runs ahead keeps no other run out for longer than an hour.",
    edits: [
      {
        file: "activities/run/openRun.ts",
        find: "const LATE_DELIVERY_MS = 3_600_000;",
        replace: "const LATE_DELIVERY_MS = 86_400_000;",
      },
    ],
    tests: [{ file: PROMOTIONS, name: "that one ends, and stops nobody" }],
  },
];
