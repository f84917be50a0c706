import { addresses, readDefinition } from "../../activities/jobs/definition.ts";
import { parseLakes, publicLake } from "../../lake/location.ts";
import { describe } from "../../model/errors.ts";
import { dottedPath, type FieldProblem } from "../../model/fieldProblems.ts";
import type { JobDefinition } from "../../model/jobDefinition.ts";
import { BadUse } from "../output/badUse.ts";
import { longOf } from "../program/forms.ts";
import type { Given } from "../program/given.ts";
import { JOB_OPTIONS } from "../program/options.ts";

/** The option that gives a field of a job's definition, by the field's place in it. */
const OPTION_OF: Readonly<Record<string, string>> = {
  "source.cluster": "--source",
  "source.database": "--db",
  "destination.cluster": "--destination",
  "destination.database": "--destination-db",
  lake: "--lake",
  "tables.include": "--tables-include",
  "tables.exclude": "--tables-exclude",
  "tables.snapshot": "--tables-snapshot",
  query: "--query",
  rpo: "--rpo",
  backfillHorizon: "--backfillHorizon",
  mode: "--mode",
  visibility: "--visibility",
  schema: "--schema",
  updatePolicies: "--update-policies",
  existingRows: "--existing-rows",
  format: "--format",
  ingestion: "--ingestion",
  "slots.query": "--query-slots",
  "slots.export": "--export-slots",
  "slots.ingestion": "--ingestion-slots",
  windowRows: "--window-rows",
  maxAttempts: "--max-attempts",
  poll: "--poll",
  ingestionTimeout: "--ingestion-timeout",
  clusterAccess: "--cluster-access",
};

/** The option that gives what is at this place of a definition; the place itself where none does. */
export function optionAt(path: readonly string[]): string {
  const place = path.filter((part) => !/^\d+$/.test(part)).join(".");
  return OPTION_OF[place] ?? dottedPath(path);
}

/**
 * What the options of a call say of a job. Logins are left out of it: activities look them up in the environment, where
 * the whole connection strings are. Throws BadUse that names every wrong option.
 */
export function definitionOf(given: Given): JobDefinition {
  const wrong: string[] = [];
  const inOption = <T>(option: string, text: string, read: (text: string) => T): T | undefined => {
    try {
      return read(text);
    } catch (error) {
      wrong.push(`${option}: ${sentence(describe(error))}`);
      return undefined;
    }
  };
  const cluster = (option: string, text: string | undefined) =>
    text === undefined ? undefined : inOption(option, text, addressOf);
  const lakes = given.lake?.flatMap(
    (text) => inOption("--lake", text, (each) => parseLakes(each).map(publicLake)) ?? [],
  );
  const read = readDefinition(
    withoutAbsent({
      source: withoutAbsent({ cluster: cluster("--source", given.source), database: given.db }),
      destination: withoutAbsent({
        cluster: cluster("--destination", given.destination),
        database: given.destinationDb,
      }),
      // Of a list of which nothing could be read, what was wrong is told already.
      lake: lakes?.length === 0 ? undefined : lakes,
      tables: withoutAbsent({
        include: given.tablesInclude,
        exclude: given.tablesExclude,
        snapshot: given.tablesSnapshot,
      }),
      query: given.query,
      mode: given.mode,
      backfillHorizon: given.backfillHorizon,
      rpo: given.rpo,
      visibility: given.visibility,
      schema: given.schema,
      updatePolicies: given.updatePolicies,
      existingRows: given.existingRows,
      format: given.format,
      ingestion: given.ingestion,
      slots: withoutAbsent({
        export: given.exportSlots,
        ingestion: given.ingestionSlots,
        query: given.querySlots,
      }),
      windowRows: numberOf(given.windowRows),
      maxAttempts: numberOf(given.maxAttempts),
      poll: given.poll,
      ingestionTimeout: given.ingestionTimeout,
      clusterAccess: given.clusterAccess,
    }) ?? {},
  );
  if (!read.ok) wrong.push(...read.problems.map(problemOf));
  if (!read.ok || wrong.length > 0) throw new BadUse(wrong.join(" "));
  return read.definition;
}

function problemOf({ path, detail }: FieldProblem): string {
  const option = optionAt(path);
  const choices = JOB_OPTIONS.find(({ flags }) => longOf(flags) === option)?.choices;
  if (choices !== undefined) return `${option}: Allowed choices are ${choices.join(", ")}.`;
  return `${option}: ${/^Invalid input: expected number/.test(detail) ? "Write a whole number." : sentence(detail)}`;
}

/** The address of a cluster without its login, the database it names kept: `https://help.kusto.windows.net/Samples`. */
function addressOf(text: string): string {
  const { address, database } = addresses.cluster(text);
  return database === undefined ? address : `${address}/${encodeURIComponent(database)}`;
}

/** A number where the text is one; else the text, which the definition's schema refuses. */
function numberOf(text: string | undefined): number | string | undefined {
  if (text === undefined) return undefined;
  return /^\s*[\d_,]+\s*$/.test(text) ? Number(text.replace(/[\s_,]/g, "")) : text;
}

function withoutAbsent(value: Record<string, unknown>): Record<string, unknown> | undefined {
  const kept = Object.entries(value).filter(([, each]) => each !== undefined);
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

/** A text that another may follow. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
