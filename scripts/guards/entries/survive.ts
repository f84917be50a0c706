import type { Guard } from "../guard.ts";

const PROCESSES = "test/survive/processes.test.ts";
const CLUSTERS = "test/survive/clusters.test.ts";
const CHANGES = "test/survive/sourceChanges.test.ts";
const SCHEMA = "test/copy/schema.test.ts";
const READ_APART = "activities/plan/readApart.ts";
const PLANNED_WITHOUT = "is planned without tables that are dropped since it was read";
const LAKE = "test/survive/lake.test.ts";

/** What a copy survives as a whole: each is seen end to end, so that each takes the start of a stack. */
export const surviveGuards: readonly Guard[] = [
  {
    name: "tables are read apart",
    promise: "A table that can't be read for good while an iteration is planned keeps no other from it.",
    edits: [
      {
        file: READ_APART,
        find: "    if (!isOfOneTable(error)) throw error;\n    const [only",
        replace: "    if (isOfOneTable(error)) throw error;\n    const [only",
      },
    ],
    tests: [{ file: SCHEMA, name: PLANNED_WITHOUT }],
  },
  {
    name: "dropped while it is planned",
    promise: "A table that is dropped while an iteration is planned is no table of it, and no failure.",
    edits: [
      {
        file: READ_APART,
        find: "if (await tableExists(source, database, name))",
        replace: 'if (name !== "")',
      },
    ],
    tests: [{ file: SCHEMA, name: PLANNED_WITHOUT }],
  },
  {
    name: "rows that were hidden for a while",
    promise:
      "What a policy hid from an export and its hash is not taken for gone, though the policy is off again.",
    edits: [
      {
        file: "activities/plan/regainedRows.ts",
        find: "if (now !== undefined && now > exported)",
        replace: "if (now !== undefined && now < 0)",
      },
    ],
    tests: [
      {
        file: "test/activities/attempts.test.ts",
        name: "is not shown where rows of it that were hidden from its export are there again",
      },
    ],
  },
  {
    name: "fence of two processes",
    promise: "Of two runs that start at the same moment exactly one goes on.",
    edits: [{ file: "lake/log.ts", find: '      conditions: { ifNoneMatch: "*" },\n', replace: "" }],
    tests: [{ file: PROCESSES, name: "of two runs that start at the same moment exactly one goes on" }],
  },
  {
    name: "waking up after a takeover",
    promise: "A run that stood still while another took over stops, whatever it was about to do.",
    edits: [
      {
        file: "lake/log.ts",
        find: "if (there.run !== identity.run || there.step !== identity.step) {",
        replace: "if (there.run < 0) {",
      },
      {
        file: "lake/log.ts",
        find: "if (state.run?.id !== run)\n",
        replace: "if (state.run === undefined)\n",
      },
    ],
    tests: [{ file: PROCESSES, name: ": stops with a clear message and harms nothing" }],
  },
  {
    name: "what is exported stays so",
    promise: "A run that takes over goes on from each window's stage in the log.",
    edits: [
      {
        file: "model/checkpoint/flights.ts",
        find: 'if (window.stage === "planned")',
        replace: 'if (window.stage === "planned" || window.stage === "exported")',
      },
    ],
    tests: [{ file: PROCESSES, name: "a copy moves from the command to the app in its midst, and back" }],
  },
  {
    name: "clusters that don't answer",
    promise: "A cluster that isn't there for a while is waited for.",
    edits: [
      {
        file: "kusto/failure.ts",
        find: "if (code !== undefined && NETWORK_CODES.has(code)) {",
        replace: 'if (code === "none") {',
      },
      {
        file: "kusto/failure.ts",
        find: "/timeout|timed out|ECONN|ENOTFOUND|EAI_AGAIN|EPIPE|socket hang up|Network Error/i",
        replace: "/throttl/i",
      },
    ],
    tests: [
      { file: CLUSTERS, name: "a destination that is stopped in the midst of a copy, and started again" },
    ],
  },
  {
    name: "arrival by tag",
    promise: "A move whose answer never came is seen by its tag in the table, and not made again.",
    edits: [
      {
        file: "activities/promotion/promoteTable.ts",
        find: "? await readExtents(destination, database, [move.table], { tags: [window.tag] })",
        replace: "? []",
      },
    ],
    tests: [
      { file: CLUSTERS, name: "a destination that crashes when it has moved a table, before it says so" },
    ],
  },
  {
    name: "operations that a restart abandons",
    promise: "An operation that a cluster gave up is asked for again.",
    edits: [
      {
        file: "kusto/commands/operations.ts",
        find: '  abandoned: "failed-retryable",',
        replace: '  abandoned: "failed-terminal",',
      },
    ],
    tests: [{ file: CLUSTERS, name: "a destination that is scaled in the midst of a copy" }],
  },
  {
    name: "refused logins",
    promise: "A login that is refused is no window's fault, and no table is parked for it.",
    edits: [
      {
        file: "activities/outcome.ts",
        find: "if (error instanceof Stale || error instanceof LoginRefused) throw error;",
        replace: "if (error instanceof Stale) throw error;",
      },
    ],
    tests: [
      {
        file: CLUSTERS,
        name: "refuses for a while ends the run with the reason, gives no window up, and the next run goes on from there",
      },
    ],
  },
  {
    name: "refused storage",
    promise: "An attempt that storage refused is begun anew, with a SAS of its own.",
    edits: [
      {
        file: "activities/window/pollOperations.ts",
        find: " || isStorageRefusal(operation.Status);",
        replace: ";",
      },
    ],
    tests: [
      {
        file: CLUSTERS,
        name: "a SAS that runs out during an export or before an ingestion costs that attempt",
      },
    ],
  },
  {
    name: "a SAS for each further attempt",
    promise: "A SAS that storage may have refused isn't given out again.",
    edits: [
      {
        file: "lake/clusterAccess.ts",
        find: '(which === "new" ? NEW_MS : SAS_MS - RENEW_MS)',
        replace: "SAS_MS - RENEW_MS",
      },
    ],
    tests: [
      { file: "test/lake/clusterAccess.test.ts", name: "one that storage may have refused is made anew" },
    ],
  },
  {
    name: "another SAS asked for",
    promise: "A further attempt at a window asks for another SAS than the one that ran out.",
    edits: [{ file: "activities/lakes.ts", find: 'attempt > 1 ? "new" : "kept"', replace: '"kept"' }],
    tests: [
      {
        file: CLUSTERS,
        name: "a SAS that runs out during an export or before an ingestion costs that attempt",
      },
    ],
  },
  {
    name: "reasons of source changes",
    promise: "What failed as its table changed is told as that.",
    edits: [
      {
        file: "activities/window/pollOperations.ts",
        find: "change === undefined ? failure : failedFlight",
        replace: "change !== null ? failure : failedFlight",
      },
    ],
    tests: [{ file: CHANGES, name: "it stops with the reason, others go on" }],
  },
  {
    name: "the source as it was exported",
    promise: "What arrived is compared with what was exported, and not with what the source holds by then.",
    edits: [
      {
        file: "activities/window/verifyStaged.ts",
        find: "        isSame(found, content) ||\n",
        replace: "",
      },
    ],
    tests: [{ file: CHANGES, name: "rows that are deleted between their export and the verification" }],
  },
  {
    name: "rows deleted before they are measured",
    promise: "An export whose window holds other rows by then is made again.",
    edits: [
      {
        file: "activities/window/measureExport.ts",
        find: "if (exported !== measured.content.rows) {",
        replace: "if (exported < 0) {",
      },
    ],
    tests: [{ file: CHANGES, name: "rows that are deleted after their export, before it is measured" }],
  },
  {
    name: "retention of the destination",
    promise: "What is staged is kept, however old the destination's retention makes it.",
    edits: [
      {
        file: "activities/destination/prepareDestination.ts",
        find: "await destination.command(database, alterRetentionPolicy(name), IDEMPOTENT);",
        replace: "",
      },
    ],
    tests: [{ file: CHANGES, name: "retention of the destination that runs all the while" }],
  },
  {
    name: "answers of the lake that get lost",
    promise: "A run that finds its own entry goes on, though it never heard that it was written.",
    edits: [
      {
        file: "lake/log.ts",
        find: "if (there.run !== identity.run || there.step !== identity.step) {",
        replace: "if (there.run >= 0) {",
      },
    ],
    tests: [{ file: LAKE, name: "whose answers get lost though the work was done" }],
  },
  {
    name: "blob by blob where dfs refuses",
    promise: "A lake whose dfs endpoint refuses a folder, or can't be reached, is cleaned by its blobs.",
    edits: [
      {
        file: "lake/stagedFiles.ts",
        find: "if (!(error instanceof RestError) || isBusy(error.statusCode)) throw",
        replace: "throw",
      },
    ],
    tests: [
      { file: "test/lake/stagedFiles.test.ts", name: "or can't be reached, the folder goes blob by blob" },
    ],
  },
  {
    name: "snapshots of staged files",
    promise: "Staged files go though a backup has taken snapshots of them.",
    edits: [{ file: "lake/stagedFiles.ts", find: ', { deleteSnapshots: "include" }', replace: "" }],
    tests: [
      { file: LAKE, name: "that refuses to delete and to rename folders, and keeps snapshots of files" },
    ],
  },
  {
    name: "folders after what lies in them",
    promise: "Where folders can't be deleted as such, they go file by file.",
    edits: [{ file: "lake/stagedFiles.ts", find: "left.reverse()", replace: "left" }],
    tests: [
      { file: LAKE, name: "that refuses to delete and to rename folders, and keeps snapshots of files" },
    ],
  },
  {
    name: "unreadable log entries",
    promise: "An entry that can't be read is no end of the log.",
    edits: [
      {
        file: "lake/log.ts",
        find: "  const parsed = entrySchema.safeParse(knownJson(lake, path, text));\n",
        replace:
          "  const parsed = entrySchema.safeParse(knownJson(lake, path, text));\n  if (!parsed.success) return undefined;\n",
      },
    ],
    tests: [{ file: LAKE, name: "a copy is refused by the name of the file, and touches nothing" }],
  },
  {
    name: "a lake that is full",
    promise: "A write that storage refused for another reason than that the entry is there is told as that.",
    edits: [
      {
        file: "lake/log.ts",
        find: 'return isStatus(error, 412) || (error instanceof RestError && /AlreadyExists$/.test(error.code ?? ""));',
        replace: "return isStatus(error, 412) || isStatus(error, 409);",
      },
    ],
    tests: [{ file: LAKE, name: "that takes no more writes: the run ends with the reason" }],
  },
  {
    name: "a run that can't be opened",
    promise: "Why no run can be opened is told, though the log says nothing of it.",
    edits: [
      {
        file: "activities/run/recordFailure.ts",
        find: "} else await noteUnopened(lake, state, reason);",
        replace: "}",
      },
    ],
    tests: [
      {
        file: "test/activities/promotions.test.ts",
        name: "is not touched by a run that could not be opened, nor is the status of one that is at work",
      },
    ],
  },
  {
    name: "the status of a run at work",
    promise: "A run that can't be opened writes over no status, and no sign of life, of one that is at work.",
    edits: [
      {
        file: "activities/run/recordFailure.ts",
        find: "  if (mayBeAtWork(await readState(lake))) return;\n",
        replace: "",
      },
    ],
    tests: [
      {
        file: "test/activities/promotions.test.ts",
        name: "is not touched by a run that could not be opened, nor is the status of one that is at work",
      },
    ],
  },
  {
    name: "the job as it is now",
    promise: "A copy that is resumed or resynchronised by an older id runs its job as it is configured now.",
    edits: [
      {
        file: "functions/copies/controlCopies.ts",
        find: "const job = configured ?? copy?.job;",
        replace: "const job = copy?.job ?? configured;",
      },
    ],
    tests: [
      {
        file: "test/functions/jobs.test.ts",
        name: "keeps jobs over HTTP, refuses what isn't its own or would be written over, and runs them by name",
      },
    ],
  },
];
