import { addresses, readDefinition } from "../../activities/jobs/definition.ts";
import { parseLakes, publicLake } from "../../lake/location.ts";
import { describe } from "../../model/errors.ts";
import { dottedPath } from "../../model/fieldProblems.ts";
import type { JobDefinition } from "../../model/jobDefinition.ts";
import { BadUse } from "../output/badUse.ts";
import type { Given } from "../program/given.ts";

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
 * the whole connection strings are. Throws BadUse that names each wrong option.
 */
export function definitionOf(given: Given): JobDefinition {
  const read = readDefinition(
    withoutAbsent({
      source: withoutAbsent({ cluster: addressOf("--source", given.source), database: given.db }),
      destination: withoutAbsent({
        cluster: addressOf("--destination", given.destination),
        database: given.destinationDb,
      }),
      lake: given.lake?.flatMap((text) => inOption("--lake", () => parseLakes(text).map(publicLake))),
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
  if (read.ok) return read.definition;
  throw new BadUse(
    read.problems.map(({ path, detail }) => `${optionAt(path)}: ${sentence(detail)}`).join(" "),
  );
}

/** The address of a cluster without its login, the database it names kept: `https://help.kusto.windows.net/Samples`. */
function addressOf(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const { address, database } = inOption(option, () => addresses.cluster(text));
  return database === undefined ? address : `${address}/${encodeURIComponent(database)}`;
}

function inOption<T>(option: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new BadUse(`${option}: ${describe(error)}`);
  }
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

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
