import { z } from "zod";
import { Terminal } from "../../model/errors.ts";
import { nameList, quoteName, quoteString } from "../names.ts";
import { type KustoRow, rowsOf } from "../rows.ts";
import { formatTimespan } from "../timespans.ts";

/** The answer of each `.show … policy` (columns as in `kusto/management/show-auto-delete-policy-command.md`). */
export const policyAnswer = z.object({
  EntityName: z.string(),
  /** JSON; empty or "null" where nothing is set. */
  Policy: z.string().nullable(),
});

export interface TablePolicy {
  readonly table: string;
  /** The parsed policy, null where nothing is set. */
  readonly policy: unknown;
}

/**
 * The policies of a `.show table * policy …` by table. An entity is written `[database].[table]` without any escaping, so
 * the table is what is left when the database's name, which is known, is taken away.
 */
export function readTablePolicies(database: string, rows: readonly KustoRow[]): TablePolicy[] {
  return rowsOf(policyAnswer, rows).map((row) => {
    const prefix = `[${database}].[`.toLowerCase();
    const qualified = row.EntityName.toLowerCase().startsWith(prefix) && row.EntityName.endsWith("]");
    if (!qualified)
      throw new Terminal(`The policy's entity ${row.EntityName} is not a table of the database`, {
        database,
      });
    const text = (row.Policy ?? "").trim();
    return { table: row.EntityName.slice(prefix.length, -1), policy: text === "" ? null : JSON.parse(text) };
  });
}

/** Whether a policy that is only on or off is on: `true` or `{"IsEnabled": true}`, off where nothing is set. */
export function isEnabled(policy: unknown): boolean {
  if (policy === null || policy === undefined) return false;
  if (typeof policy === "boolean") return policy;
  const parsed = z.object({ IsEnabled: z.boolean() }).safeParse(policy);
  if (!parsed.success)
    throw new Terminal(`A policy has an unknown form: ${JSON.stringify(policy).slice(0, 100)}`);
  return parsed.data.IsEnabled;
}

/**
 * The ingestion-time policies of all tables (`kusto/management/show-table-ingestion-time-policy-command.md`; the wildcard as in
 * `kusto/management/show-table-update-policy-command.md`).
 */
export function showIngestionTimePolicies(): string {
  return ".show table * policy ingestiontime";
}

/** Which tables have an ingestion time, by name. */
export function readIngestionTimePolicies(database: string, rows: readonly KustoRow[]): Map<string, boolean> {
  return new Map(readTablePolicies(database, rows).map(({ table, policy }) => [table, isEnabled(policy)]));
}

/** The restricted-view policies of all tables (`kusto/management/show-table-restricted-view-access-policy-command.md`). */
export function showRestrictedViewPolicies(): string {
  return ".show table * policy restricted_view_access";
}

/** The row-level security of all tables (`kusto/management/show-table-row-level-security-policy-command.md`). */
export function showRowLevelSecurityPolicies(): string {
  return ".show table * policy row_level_security";
}

/** The update policies of all tables (`kusto/management/show-table-update-policy-command.md`). */
export function showUpdatePolicies(): string {
  return ".show table * policy update";
}

/** Replaces a table's update policies (`kusto/management/alter-table-update-policy-command.md`). */
export function alterUpdatePolicies(table: string, policiesJson: string): string {
  return `.alter table ${quoteName(table)} policy update ${quoteString(policiesJson)}`;
}

/** The encoding policy of a column (`kusto/management/show-encoding-policy.md`). */
export function showEncodingPolicy(table: string, column: string): string {
  return `.show column ${quoteName(table)}.${quoteName(column)} policy encoding`;
}

/** The JSON of the answer, or null where the default is in effect. */
export function readEncodingPolicy(rows: readonly KustoRow[]): string | null {
  const [row] = rowsOf(z.object({ Policy: z.string().nullable() }), rows);
  const text = (row?.Policy ?? "").trim();
  return text === "" || text === "null" || text === "{}" ? null : text;
}

const MB = 1_000_000;
const PROFILES = ["Identifier", "BigObject", "BigObject32", "Vector16"] as const;
export type EncodingProfile = (typeof PROFILES)[number];

/**
 * The profile that a policy stands for: by its name where the policy tells it, else the one that holds as large values
 * (`MaxValueSize`: BigObject 2 MB, BigObject32 32 MB).
 */
export function encodingProfile(policyJson: string): EncodingProfile | undefined {
  const parsed = z.record(z.string(), z.unknown()).safeParse(JSON.parse(policyJson));
  if (!parsed.success) return undefined;
  const values = Object.values(parsed.data).map((value) => String(value).toLowerCase());
  const named = PROFILES.find((profile) => values.includes(profile.toLowerCase()));
  if (named !== undefined) return named;
  const size = Number(parsed.data.MaxValueSize ?? 0);
  if (size > 2.1 * MB) return "BigObject32";
  return size > 1.1 * MB ? "BigObject" : undefined;
}

/**
 * Gives a column the encoding policy of another (`kusto/management/alter-encoding-policy.md`). The documented form names a
 * profile; a policy that is none of the profiles is sent as its JSON, which only the parser's grammar has.
 */
export function alterEncodingPolicy(table: string, column: string, policyJson: string): string {
  const profile = encodingProfile(policyJson);
  const policy = profile === undefined ? quoteString(policyJson) : `type=${quoteString(profile)}`;
  return `.alter column ${quoteName(table)}.${quoteName(column)} policy encoding ${policy}`;
}

/** Merging on or off (`kusto/management/alter-table-merge-policy-command.md`, `merge-policy.md`). */
export function alterMergePolicy(
  table: string,
  policy: { readonly allowMerge: boolean; readonly allowRebuild: boolean },
): string {
  const json = JSON.stringify({ AllowRebuild: policy.allowRebuild, AllowMerge: policy.allowMerge });
  return `.alter-merge table ${quoteName(table)} policy merge ${quoteString(json)}`;
}

/**
 * Retention by days; `undefined` is the default of a thousand years, so that no old creation time is dropped
 * (`kusto/management/alter-table-retention-policy-command.md`, `retention-policy.md`).
 */
export function alterRetentionPolicy(table: string, days = 365_000, recoverable = false): string {
  const json = JSON.stringify({
    SoftDeletePeriod: formatTimespan(days * 86_400_000),
    Recoverability: recoverable ? "Enabled" : "Disabled",
  });
  return `.alter table ${quoteName(table)} policy retention ${quoteString(json)}`;
}

/** The hot cache in days (`kusto/management/alter-table-cache-policy-command.md`). */
export function alterCachingPolicy(tables: readonly string[], hotDays: number): string {
  if (!Number.isInteger(hotDays) || hotDays < 0) throw new Error(`${hotDays} is not a number of days.`);
  return `.alter tables ${nameList(tables)} policy caching hot = ${hotDays}d`;
}

export interface BatchingPolicy {
  readonly timeSpanMs: number;
  readonly items?: number;
  readonly rawSizeMb?: number;
}

/**
 * When a batch of queued ingestion is sealed: 10 s to 30 min, at most 25,000 blobs and 4096 MB, each kept within its
 * documented limits (`kusto/management/batching-policy.md`, `alter-table-ingestion-batching-policy.md`).
 */
export function alterIngestionBatchingPolicy(tables: readonly string[], policy: BatchingPolicy): string {
  const json = JSON.stringify({
    MaximumBatchingTimeSpan: formatTimespan(clamp(policy.timeSpanMs, 10_000, 1_800_000)),
    MaximumNumberOfItems: clamp(policy.items ?? 500, 1, 25_000),
    MaximumRawDataSizeMB: clamp(policy.rawSizeMb ?? 1024, 100, 4096),
  });
  return `.alter tables ${nameList(tables)} policy ingestionbatching ${quoteString(json)}`;
}

/** Restricts who may see a table (`kusto/management/alter-table-restricted-view-access-policy-command.md`). */
export function alterRestrictedViewPolicy(table: string, restricted: boolean): string {
  return `.alter table ${quoteName(table)} policy restricted_view_access ${restricted}`;
}

/** Turns the ingestion time on or off (`kusto/management/alter-ingestion-time-policy-command.md`). */
export function alterIngestionTimePolicy(table: string, enabled: boolean): string {
  return `.alter table ${quoteName(table)} policy ingestiontime ${enabled}`;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(Math.round(value), least), most);
}
