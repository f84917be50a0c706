import type { ExitCode } from "../output/exitCodes.ts";
import type { Io } from "../output/io.ts";
import type { Given } from "./given.ts";
import { type OptionSpec, VERB_OPTIONS } from "./options.ts";

/** A verb of the command. What runs it is loaded when it is called, so that the help doesn't wait for Azure's libraries. */
export interface Verb {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionSpec[];
  readonly examples: readonly string[];
  readonly run: (given: Given, io: Io) => Promise<ExitCode>;
}

const WHERE = "-l https://account.blob.core.windows.net/copy/folder";
const BOTH = `${WHERE} -s https://help.kusto.windows.net -d https://mycluster.eastus.kusto.windows.net --db Samples`;

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
];
