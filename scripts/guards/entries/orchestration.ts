import type { Guard } from "../guard.ts";

const COPY_TEST = "test/orchestrators/copyJob.test.ts";
const POLLS_TEST = "test/orchestrators/polls.test.ts";
const ENDINGS_TEST = "test/orchestrators/endings.test.ts";

/** What the orchestrators keep. */
export const orchestrationGuards: readonly Guard[] = [
  {
    name: "a task is yielded once",
    promise: "No task is handed to a second yield: the host would run it again and mix up the results.",
    edits: [
      {
        file: "orchestrators/calls.ts",
        find: "  const results = yield context.df.Task.all(\n    calls.map((call) => context.df.callActivity(call.name, call.input)),\n  );",
        replace:
          "  const tasks = calls.map((call) => context.df.callActivity(call.name, call.input));\n  yield context.df.Task.any(tasks);\n  const results = yield context.df.Task.all(tasks);",
      },
    ],
    tests: [
      { file: COPY_TEST, name: "stages each window once over many generations, and yields no task twice" },
    ],
  },
  {
    name: "the check of yields",
    promise:
      "An orchestrator that yields a task twice is stopped where it is tried, as the real host would not tell.",
    edits: [
      {
        file: "local/host/durable/decide.ts",
        find: "if (second !== null) return stop(secondYieldMessage(second));",
        replace: "",
      },
    ],
    tests: [
      {
        file: "test/local/host/tryOrchestrators.test.ts",
        name: "fails it where it yields a task a second time",
      },
    ],
  },
  {
    name: "promoted before committed",
    promise: "An iteration is committed after its windows are promoted.",
    edits: [
      {
        file: "orchestrators/promotion.ts",
        find: '  let carry = yield* promoteIntended(context, job, before, lane, false);\n  carry = yield* logRetriesOf(context, job, countWaits(context, carry), iteration);\n  carry = yield* record(context, job, carry, { kind: "iterationCommitted", iteration });',
        replace:
          '  let carry = yield* record(context, job, before, { kind: "iterationCommitted", iteration });\n  carry = yield* promoteIntended(context, job, carry, lane, false);\n  carry = yield* logRetriesOf(context, job, countWaits(context, carry), iteration);',
      },
    ],
    tests: [{ file: COPY_TEST, name: "stages each window once over many generations" }],
  },
  {
    name: "a run that is stale ends",
    promise: "A run that learns that another took over writes nothing more.",
    edits: [
      {
        file: "orchestrators/copyJob.ts",
        find: "if (!(error instanceof TakenOver)) yield*",
        replace: "yield*",
      },
    ],
    tests: [
      { file: ENDINGS_TEST, name: "ends, saying why, and writes nothing more where another run took over" },
    ],
  },
  {
    name: "order of calls",
    promise:
      "An orchestrator asks for the same in the same order as it did when its histories were recorded.",
    edits: [
      {
        file: "orchestrators/promotion.ts",
        find: `  const published = yield* tried<object>(context, ACTIVITY.publishEvent, { ...ref(job, carry), iteration });
  const done = yield* optional<CleanedUp>(context, ACTIVITY.cleanUp, { ...ref(job, carry), iteration });
`,
        replace: `  const done = yield* optional<CleanedUp>(context, ACTIVITY.cleanUp, { ...ref(job, carry), iteration });
  const published = yield* tried<object>(context, ACTIVITY.publishEvent, { ...ref(job, carry), iteration });
`,
      },
    ],
    tests: [
      {
        file: "test/orchestrators/histories.test.ts",
        name: "is replayed: each turn asks for what the history holds, in its order",
      },
    ],
  },
  {
    name: "a refused look waits",
    promise:
      "A cluster that refuses to tell what runs is asked again later each time, and the other one goes on.",
    edits: [
      {
        file: "orchestrators/polls.ts",
        find: 'stage !== undefined && (carry.polls?.[stage]?.notBefore ?? "") <= now',
        replace: "stage !== undefined",
      },
    ],
    tests: [
      {
        file: POLLS_TEST,
        name: "looks later each time at what a cluster refuses to tell, counts it once, and lets the rest go on",
      },
    ],
  },
  {
    name: "a refused look is counted",
    promise: "Each look that was refused is counted once among what was tried again, with its reason.",
    edits: [
      {
        file: "orchestrators/polls.ts",
        find: "carry: withRetries(after, counted, seen),",
        replace: "carry: after,",
      },
    ],
    tests: [{ file: POLLS_TEST, name: "counts a look that failed as a whole once" }],
  },
  {
    name: "what is new is due by the destination",
    promise: "While a backfill is under way, an iteration of days makes no lag longer than the RPO.",
    edits: [
      {
        file: "orchestrators/lanes.ts",
        find: "carry.countedFrom ?? carry.lastReadAt",
        replace: "carry.lastReadAt",
      },
    ],
    tests: [{ file: COPY_TEST, name: "looks for what is new by when the destination stands" }],
  },
  {
    name: "a pause waits",
    promise: "A pause waits for what is on its way and has it logged.",
    edits: [
      {
        file: "orchestrators/copyJob.ts",
        find: "if (pausing && isDrained(carry)) return",
        replace: "if (pausing) return",
      },
    ],
    tests: [{ file: ENDINGS_TEST, name: "pauses when all that is on its way is in the log" }],
  },
  {
    name: "update policies after a failure",
    promise: "Update policies that a run switched off are switched on again, though it fails.",
    edits: [
      {
        file: "orchestrators/copyJob.ts",
        find: "    { name: ACTIVITY.releaseUpdatePolicies, input: { ...known, ending: true, instance } },\n",
        replace: "",
      },
    ],
    tests: [
      {
        file: "test/orchestrators/updatePolicies.test.ts",
        name: "switches update policies on again that it switched off",
      },
    ],
  },
  {
    name: "exports of a parked table",
    promise: "What a table that is parked still exports is asked to stop.",
    edits: [
      {
        file: "orchestrators/rounds.ts",
        find: "  yield* stopExports(context, job, carry, [...seen.out, ...done.out]);\n",
        replace: "",
      },
    ],
    tests: [
      {
        file: "test/orchestrators/promotion.test.ts",
        name: "are asked to stop where they",
      },
    ],
  },
  {
    name: "a bounded carry",
    promise: "However long a plan, and whichever slots its windows wait for, a run carries few of them.",
    edits: [
      {
        file: "model/schedule.ts",
        find: '      flight.stage !== "exporting" &&\n      flight.stage !== "ingesting" &&\n',
        replace: '      (flight.stage === "toExport" || flight.stage === "toIngest") &&\n',
      },
    ],
    tests: [
      {
        file: "test/model/schedule.test.ts",
        name: "however long its plan, whatever it waits for and whatever an earlier run had staged, a run carries few windows",
      },
    ],
  },
];
