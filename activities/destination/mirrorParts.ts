import { isDeepStrictEqual } from "node:util";
import { type KustoClient, rowsOf } from "../../kusto/client.ts";
import { STATUS_FUNCTION } from "../../kusto/commands/functions.ts";
import {
  alterPolicy,
  createOrAlterFunction,
  createOrAlterMapping,
  functionAnswer,
  hasHiddenText,
  MIRRORED_POLICIES,
  mappingAnswer,
  type PolicyName,
  showFunctions,
  showIngestionMappings,
  showPolicies,
  TOLD_POLICIES,
} from "../../kusto/commands/mirrored.ts";
import { readTablePolicies } from "../../kusto/commands/policies.ts";
import type { Parked } from "../../model/checkpoint/entries.ts";
import { parseDuration } from "../../model/durations.ts";
import { describe } from "../../model/errors.ts";
import type { Job } from "../../model/job.ts";
import { sideBySide } from "./sideBySide.ts";

/** What is mirrored between two databases, and what came of it. */
export interface Mirroring {
  readonly job: Job;
  readonly source: KustoClient;
  readonly destination: KustoClient;
  /** Tables of the job that both sides have. */
  readonly tables: readonly string[];
  /** What was created or altered, in words. */
  readonly changes: string[];
  readonly warnings: Parked[];
}

/**
 * Functions, but for the copies' own. One that would hide a table of the destination, as queries prefer functions, and one with
 * text that its database hides (`kusto/query/scalar-data-types/string.md`) are told and left.
 */
export async function mirrorFunctions(mirroring: Mirroring, tables: ReadonlySet<string>): Promise<void> {
  const read = async (client: KustoClient, database: string) =>
    rowsOf(functionAnswer, await client.command(database, showFunctions()));
  const here = await read(mirroring.source, mirroring.job.source.database);
  const there = new Map(
    (await read(mirroring.destination, mirroring.job.destination.database)).map((each) => [each.Name, each]),
  );
  for (const each of here.filter(({ Name }) => Name !== STATUS_FUNCTION)) {
    if (isDeepStrictEqual({ ...each }, { ...there.get(each.Name) })) continue;
    if (tables.has(each.Name)) {
      warn(
        mirroring,
        each.Name,
        `Function ${each.Name} is not mirrored: the destination has a table of this name, which it would hide.`,
      );
    } else if (hasHiddenText(each.Body)) {
      warn(
        mirroring,
        each.Name,
        `Function ${each.Name} is not mirrored: its body holds a hidden literal, which may be a credential.`,
      );
    } else await change(mirroring, `function ${each.Name}`, "", () => createOrAlterFunction(each));
  }
}

export async function mirrorMappings(mirroring: Mirroring): Promise<void> {
  const { job, source, destination, tables } = mirroring;
  const read = async (client: KustoClient, database: string, table: string) =>
    rowsOf(
      mappingAnswer,
      await client.command(database, showIngestionMappings(table), { context: { table } }),
    );
  await sideBySide(tables, async (table) => {
    const here = await read(source, job.source.database, table);
    if (here.length === 0) return;
    const there = await read(destination, job.destination.database, table);
    for (const each of here) {
      const same = there.some(
        (other) =>
          other.Name === each.Name && other.Kind === each.Kind && isSameJson(other.Mapping, each.Mapping),
      );
      if (!same)
        await change(
          mirroring,
          `ingestion mapping ${each.Name} (${each.Kind}) of table ${table}`,
          table,
          () => createOrAlterMapping(table, each),
        );
    }
  });
}

/** Why a policy is told and not mirrored. */
const NOT_MIRRORED: Readonly<Record<(typeof TOLD_POLICIES)[number], string>> = {
  update: "it would run on copied rows, and what it writes at the source is copied as it is",
  row_level_security: "whom it names may be others at the destination, where the rows are open without it",
  restricted_view_access: "it would hide the copy from its own verification; without it the rows are open",
  partitioning: "it rewrites extents, by whose tags an interrupted copy is found again",
  roworder: "the form in which it is shown can't be set",
};

/** Policies that a table has of its own; what it inherits from its database is the destination database's matter. */
export async function mirrorPolicies(mirroring: Mirroring): Promise<void> {
  const { job, source, destination } = mirroring;
  for (const policy of MIRRORED_POLICIES) {
    const here = await policies(mirroring, source, job.source.database, policy);
    const there = await policies(mirroring, destination, job.destination.database, policy);
    for (const [table, value] of here) {
      if (isDeepStrictEqual(value, there.get(table))) continue;
      await change(mirroring, `${policy} policy of table ${table}`, table, () =>
        alterPolicy(table, policy, value, milliseconds),
      );
    }
  }
  for (const policy of TOLD_POLICIES) {
    const here = await policies(mirroring, source, job.source.database, policy);
    const there = await policies(mirroring, destination, job.destination.database, policy);
    for (const [table, value] of here) {
      if (isOff(value) || isDeepStrictEqual(value, there.get(table))) continue;
      warn(
        mirroring,
        table,
        `The ${policy} policy of table ${table} is not mirrored: ${NOT_MIRRORED[policy]}.`,
      );
    }
  }
}

async function policies(
  { tables }: Mirroring,
  client: KustoClient,
  database: string,
  policy: PolicyName,
): Promise<Map<string, unknown>> {
  const rows = readTablePolicies(database, await client.command(database, showPolicies(policy)));
  return new Map(
    rows.flatMap(({ table, policy: value }) =>
      value === null || !tables.includes(table) ? [] : [[table, value] as const],
    ),
  );
}

function isOff(value: unknown): boolean {
  if (value === false || (Array.isArray(value) && value.length === 0)) return true;
  return typeof value === "object" && value !== null && "IsEnabled" in value && value.IsEnabled === false;
}

function isSameJson(a: string, b: string): boolean {
  if (a === b) return true;
  try {
    return isDeepStrictEqual(JSON.parse(a), JSON.parse(b));
  } catch {
    return false;
  }
}

function milliseconds(span: string): number {
  return parseDuration(span);
}

/** Changes one thing at the destination; what is refused is told, and keeps nothing else from being mirrored. */
async function change(
  mirroring: Mirroring,
  what: string,
  table: string,
  command: () => string,
): Promise<void> {
  const { job, destination } = mirroring;
  try {
    const context = table === "" ? {} : { table };
    await destination.command(job.destination.database, command(), { idempotent: true, context });
    mirroring.changes.push(what);
  } catch (error) {
    warn(mirroring, table, `The ${what} could not be mirrored: ${describe(error)}`);
  }
}

function warn({ warnings }: Mirroring, table: string, reason: string): void {
  warnings.push({ table, reason });
}
