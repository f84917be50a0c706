import { configuredJob } from "../../activities/environment.ts";
import { parseKustoConnection } from "../../kusto/connectionString.ts";
import { parseLake } from "../../lake/location.ts";
import { describe, Terminal } from "../../model/errors.ts";
import type { Job } from "../../model/job.ts";
import { readSettings } from "../../model/settings.ts";
import { BadUse } from "../output/badUse.ts";
import type { Given } from "../program/given.ts";
import { applyOptions, nameOf, optionOf } from "./environment.ts";

/** The jobs of a call, from its options, its file and the environment. Throws BadUse that says what is wrong, and with what. */
export async function readJobs(given: Given): Promise<Job[]> {
  applyOptions(given, process.env);
  checkSettings(given);
  const missing = [
    "KUSTO_COPY_LAKE",
    "KUSTO_COPY_SOURCE",
    "KUSTO_COPY_DESTINATION",
    "KUSTO_COPY_DATABASE",
  ].filter((setting) => !process.env[setting]?.trim());
  if (missing.length > 0) {
    const options = missing.map(optionOf);
    throw new BadUse(
      `The copy is not fully described: ${options.join(", ")} ${missing.length === 1 ? "is" : "are"} missing. Give ${missing.length === 1 ? "it" : "them"}, or set ${missing.join(", ")} in the environment; kusto-copy --help shows an example.`,
    );
  }
  try {
    return [configuredJob(new Date())];
  } catch (error) {
    throw new BadUse(describe(error));
  }
}

function checkSettings(given: Given): void {
  const read = readSettings(process.env);
  if (!read.ok) {
    const wrong = read.problems.map(({ name, reason }) => `${nameOf(name, given)} ${reason}`);
    throw new BadUse(`${wrong.join("; ")}.`);
  }
  const check = (setting: string, parse: (text: string) => unknown): void => {
    const text = process.env[setting];
    if (!text?.trim()) return;
    try {
      parse(text);
    } catch (error) {
      if (!(error instanceof Terminal)) throw error;
      throw new BadUse(`${nameOf(setting, given)}: ${describe(error)}`);
    }
  };
  check("KUSTO_COPY_SOURCE", parseKustoConnection);
  check("KUSTO_COPY_DESTINATION", parseKustoConnection);
  check("KUSTO_COPY_LAKE", parseLake);
}
