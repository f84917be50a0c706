import type { KustoClient } from "../../kusto/client.ts";
import { rowsOf } from "../../kusto/client.ts";
import { showTablesDetails, type TableDetails, tableDetailsAnswer } from "../../kusto/commands/schema.ts";
import { chunked } from "../../model/chunked.ts";

const TABLES_PER_COMMAND = 100;

/**
 * Sizes and effective policies of these tables, by name; at most a quarter of an hour old
 * (`kusto/management/show-table-details-command.md`). All of them must be there.
 */
export async function readTableDetails(
  client: KustoClient,
  database: string,
  tables: readonly string[],
): Promise<Map<string, TableDetails>> {
  const found = new Map<string, TableDetails>();
  for (const some of chunked([...new Set(tables)], TABLES_PER_COMMAND)) {
    for (const row of rowsOf(tableDetailsAnswer, await client.command(database, showTablesDetails(some))))
      found.set(row.TableName, row);
  }
  return found;
}
