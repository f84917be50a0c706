import type { KustoClient } from "../../kusto/client.ts";
import {
  isEnabled,
  readTablePolicies,
  showRestrictedViewPolicies,
  showRowLevelSecurityPolicies,
} from "../../kusto/commands/policies.ts";
import { readCounts, readExtents } from "../../kusto/reads.ts";
import { chunked } from "../../model/chunked.ts";
import { readApart } from "./readApart.ts";

const TABLES_PER_QUERY = 50;

/**
 * Tables of which this identity may not see every row, with the reason: a copy would be a part of the table and look
 * whole. Row-level security filters what exports and counts see (`kusto/management/row-level-security-policy.md`); a table with
 * restricted view access looks empty without the role UnrestrictedViewer
 * (`kusto/management/restricted-view-access-policy.md`), which the rows of its extents give away.
 */
export async function hiddenRows(
  source: KustoClient,
  database: string,
  tables: readonly string[],
): Promise<Map<string, string>> {
  const [secured, restricted] = await Promise.all([
    enabledOn(source, database, showRowLevelSecurityPolicies()),
    enabledOn(source, database, showRestrictedViewPolicies()),
  ]);
  const hidden = new Map<string, string>();
  for (const table of tables.filter((name) => secured.has(name))) {
    hidden.set(
      table,
      `Table ${table} is under row-level security: only the rows that this identity may see would be copied, and nothing would tell. Disable the policy for the copy, or exclude the table.`,
    );
  }
  for (const some of chunked(
    tables.filter((name) => restricted.has(name)),
    TABLES_PER_QUERY,
  )) {
    const { answers, unread } = await readApart(
      source,
      database,
      some,
      (name) => name,
      (each) => seesNone(source, database, each),
    );
    for (const { table, reason } of unread) hidden.set(table, reason);
    for (const [table, kept] of answers.flat()) {
      hidden.set(
        table,
        `Table ${table} has restricted view access and holds ${kept} rows of which this identity sees none. Give it the role UnrestrictedViewer on database ${database}.`,
      );
    }
  }
  return hidden;
}

async function enabledOn(source: KustoClient, database: string, command: string): Promise<Set<string>> {
  const policies = readTablePolicies(database, await source.command(database, command));
  return new Set(policies.flatMap(({ table, policy }) => (isEnabled(policy) ? [table] : [])));
}

/** Tables that hold rows of which this identity sees none, with how many. */
async function seesNone(
  source: KustoClient,
  database: string,
  tables: readonly string[],
): Promise<[string, bigint][]> {
  const ranges = tables.map((table) => ({ table, filter: "" }));
  const counts = await readCounts(source, database, ranges);
  const seen = new Map(counts.map(({ table, rows }) => [table, rows]));
  const extents = await readExtents(source, database, tables, {});
  return tables.flatMap((table): [string, bigint][] => {
    const kept = extents
      .filter((extent) => extent.TableName === table)
      .reduce((sum, extent) => sum + extent.RowCount, 0n);
    return kept > 0n && (seen.get(table) ?? 0) === 0 ? [[table, kept]] : [];
  });
}
