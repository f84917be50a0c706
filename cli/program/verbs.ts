import type { ExitCode } from "../output/exitCodes.ts";
import type { Io } from "../output/io.ts";
import type { Given } from "./given.ts";
import { JOB_OPTIONS, type OptionSpec, OUTPUT, VERB_OPTIONS } from "./options.ts";

/** A verb of the command. What runs it is loaded when it is called, so that the help doesn't wait for Azure's libraries. */
export interface Verb {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionSpec[];
  /** Options that are taken, as a copy's command line is used again with another verb, and change nothing here. */
  readonly unused?: readonly OptionSpec[];
  readonly examples: readonly string[];
  readonly run: (given: Given, io: Io) => Promise<ExitCode>;
}

const WHERE = "-l https://account.blob.core.windows.net/copy/folder";
const BOTH = `${WHERE} -s https://help.kusto.windows.net -d https://mycluster.eastus.kusto.windows.net --db Samples`;

/** Of verbs that begin no copy. */
const TO_RUN = [VERB_OPTIONS.continuous, VERB_OPTIONS.takeOver];
/** Of verbs that only look for the folder: how rows are copied is no matter there. */
const TO_COPY = [...TO_RUN, ...JOB_OPTIONS.filter(({ group }) => group !== "Job")];

export const VERBS: readonly Verb[] = [
  {
    name: "copy",
    description: "copy the job's tables: their history and what is new, then stop (the verb may be left out)",
    options: [VERB_OPTIONS.continuous, VERB_OPTIONS.takeOver],
    examples: [
      `kusto-copy ${BOTH} --tables-include StormEvents US_States`,
      `kusto-copy ${BOTH} --continuous --rpo 5m`,
      "kusto-copy --config jobs.yaml --job telemetry --continuous",
    ],
    run: async (given, io) => {
      const { readJobs } = await import("../jobs/readJobs.ts");
      const jobs = await readJobs(given);
      const { copyJobs } = await import("../verbs/copy.ts");
      return copyJobs(jobs, given, io);
    },
  },
  {
    name: "plan",
    description: "what a copy would do: tables, windows, rows, an estimate, what would be changed or refused",
    options: [],
    unused: TO_RUN,
    examples: [`kusto-copy plan ${BOTH}`],
    run: async (given, io) => {
      const { PLAN, report } = await import("../verbs/reports.ts");
      return report(PLAN, given, io);
    },
  },
  {
    name: "verify",
    description: "compare source and destination by count and content, table by table",
    options: [],
    unused: TO_RUN,
    examples: [`kusto-copy verify ${WHERE}`, `kusto-copy verify ${BOTH} --json`],
    run: async (given, io) => {
      const { report, VERIFY } = await import("../verbs/reports.ts");
      return report(VERIFY, given, io);
    },
  },
  {
    name: "doctor",
    description: "check every permission, policy, network path and setting that the job needs, with the fix",
    options: [],
    unused: TO_RUN,
    examples: [`kusto-copy doctor ${BOTH}`],
    run: async (given, io) => {
      const { DOCTOR, report } = await import("../verbs/reports.ts");
      return report(DOCTOR, given, io);
    },
  },
  {
    name: "status",
    description: "how a copy stands, by its lake folder alone",
    options: [VERB_OPTIONS.watch],
    unused: [...TO_COPY, OUTPUT.verbose, OUTPUT.noProgress, OUTPUT.yes],
    examples: [`kusto-copy status ${WHERE} --watch`, "kusto-copy status --config jobs.yaml --json"],
    run: async (given, io) => (await import("../verbs/status.ts")).showStatus(given, io),
  },
  {
    name: "pause",
    description: "let what is on its way arrive, then stop, wherever the copy runs",
    options: [],
    unused: [...TO_COPY, OUTPUT.verbose, OUTPUT.noProgress, OUTPUT.yes],
    examples: [`kusto-copy pause ${WHERE}`],
    run: async (given, io) => (await import("../verbs/control.ts")).pauseCopies(given, io),
  },
  {
    name: "resume",
    description:
      "let a paused or cancelled copy go on, or start over; runs it here unless another run is at work",
    options: [VERB_OPTIONS.startOver, VERB_OPTIONS.noRun, VERB_OPTIONS.continuous],
    examples: [`kusto-copy resume ${WHERE}`, `kusto-copy resume ${WHERE} --start-over --yes`],
    run: async (given, io) => (await import("../verbs/control.ts")).resumeCopies(given, io),
  },
  {
    name: "cancel",
    description: "give up what isn't shown yet; what is shown stays",
    options: [VERB_OPTIONS.noRun],
    unused: TO_COPY,
    examples: [`kusto-copy cancel ${WHERE} --yes`],
    run: async (given, io) => (await import("../verbs/control.ts")).cancelCopies(given, io),
  },
  {
    name: "resync",
    description: "copy tables once more, whole or days of them, in the place of what the destination holds",
    options: [VERB_OPTIONS.tables, VERB_OPTIONS.days, VERB_OPTIONS.noRun, VERB_OPTIONS.continuous],
    examples: [
      `kusto-copy resync ${WHERE} --tables StormEvents --yes`,
      `kusto-copy resync ${WHERE} --tables StormEvents --days 2026-11-20 2026-11-22..2026-11-23 --yes`,
    ],
    run: async (given, io) => (await import("../verbs/control.ts")).resyncCopies(given, io),
  },
];
