import { addresses } from "../../activities/jobs/definition.ts";
import { parseKustoConnection } from "../../kusto/connectionString.ts";
import { parseLakes } from "../../lake/location.ts";
import { describe, Terminal } from "../../model/errors.ts";
import { type Job, jobSchema } from "../../model/job.ts";
import { type JobDefinition, jobOf } from "../../model/jobDefinition.ts";
import { type RawSettings, readSettings } from "../../model/settings.ts";
import { BadUse } from "../output/badUse.ts";
import type { Given } from "../program/given.ts";
import { prepareEnvironment } from "./environment.ts";
import { jobsOfFile } from "./jobsOfFile.ts";
import { definitionOf, sentence } from "./options.ts";

/** The jobs of a call, from its options, its file and the environment. Throws BadUse that says what is wrong, and with what. */
export async function readJobs(given: Given): Promise<Job[]> {
  const over = definitionOf(given);
  await prepareEnvironment(given);
  const settings = checkedSettings();
  return fileIsMeant(given, settings)
    ? jobsOfFile(given, over)
    : [jobOfOptions(given.job ?? [], over, settings)];
}

/**
 * Whether the jobs of a file are meant: one that the call names, or the environment where the call describes no job
 * itself.
 */
function fileIsMeant(given: Given, settings: RawSettings): boolean {
  if (given.config !== undefined) return true;
  const described = given.source ?? given.destination ?? given.db;
  return settings.KUSTO_COPY_JOBS !== "" && described === undefined;
}

function jobOfOptions(names: readonly string[], over: JobDefinition, settings: RawSettings): Job {
  const [name = settings.KUSTO_COPY_JOB, second] = names;
  if (second !== undefined) throw new BadUse("--job: several jobs need a file of them: give --config.");
  if (!jobSchema.shape.name.safeParse(name).success) {
    throw new BadUse(
      "--job: a name has up to 63 letters, digits, dots, dashes and underscores, and begins with a letter or digit.",
    );
  }
  refuseMissing(over, settings);
  return made(() => jobOf(name, over, { settings, addresses }, new Date()));
}

/** The settings of the environment, each held against its schema. Throws BadUse that names every wrong one. */
export function checkedSettings(): RawSettings {
  const read = readSettings(process.env);
  const wrong = [
    ...(read.ok ? [] : read.problems.map(({ name, reason }) => `${name} ${reason}`)),
    ...CONNECTIONS.flatMap(([name, parse]) => wrongConnection(name, process.env[name], parse)),
  ];
  if (!read.ok || wrong.length > 0)
    throw new BadUse(`The environment can't be used: ${wrong.map(sentence).join(" ")}`);
  return read.settings;
}

const CONNECTIONS: readonly (readonly [string, (text: string) => unknown])[] = [
  ["KUSTO_COPY_SOURCE", parseKustoConnection],
  ["KUSTO_COPY_DESTINATION", parseKustoConnection],
  ["KUSTO_COPY_LAKE", parseLakes],
];

function wrongConnection(name: string, text = "", parse: (text: string) => unknown): string[] {
  if (text.trim() === "") return [];
  try {
    parse(text);
    return [];
  } catch (error) {
    if (!(error instanceof Terminal)) throw error;
    return [`${name}: ${describe(error)}`];
  }
}

function made(make: () => Job): Job {
  try {
    return make();
  } catch (error) {
    throw new BadUse(describe(error));
  }
}

/** What a copy can't be without, by the options that give it. */
function refuseMissing(over: JobDefinition, settings: RawSettings): void {
  const database =
    over.source?.database ??
    (settings.KUSTO_COPY_DATABASE ||
      databaseOf(over.source?.cluster) ||
      databaseOf(settings.KUSTO_COPY_SOURCE));
  const missing = [
    ...(over.lake || settings.KUSTO_COPY_LAKE ? [] : ["--lake (KUSTO_COPY_LAKE)"]),
    ...(over.source?.cluster || settings.KUSTO_COPY_SOURCE ? [] : ["--source (KUSTO_COPY_SOURCE)"]),
    ...(over.destination?.cluster || settings.KUSTO_COPY_DESTINATION
      ? []
      : ["--destination (KUSTO_COPY_DESTINATION)"]),
    ...(database ? [] : ["--db (KUSTO_COPY_DATABASE)"]),
  ];
  if (missing.length === 0) return;
  throw new BadUse(
    `The copy is not fully described: ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} missing. Give ${missing.length === 1 ? "it as an option, or in the variable" : "them as options, or in the variables"}; kusto-copy --help shows an example.`,
  );
}

function databaseOf(cluster: string | undefined): string | undefined {
  return cluster ? addresses.cluster(cluster).database : undefined;
}
