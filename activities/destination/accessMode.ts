import type { KustoClient } from "../../kusto/client.ts";
import { singleRow } from "../../kusto/client.ts";
import { databaseIdentity, showDatabaseIdentity } from "../../kusto/commands/databases.ts";

/**
 * Why nothing can be copied into a database, whatever the table: it is a follower, or read-only for another reason
 * (`DatabaseAccessMode` of `kusto/management/show-database.md`). Undefined where it can be written to.
 */
export async function readOnlyReason(
  destination: KustoClient,
  database: string,
): Promise<string | undefined> {
  const rows = await destination.command(database, showDatabaseIdentity());
  const mode = singleRow(databaseIdentity, rows).DatabaseAccessMode;
  if (/^ReadWrite/i.test(mode)) return undefined;
  if (/following/i.test(mode)) {
    return `The destination database ${database} is a follower (${mode}): it shows what its leader holds, and takes no data of its own. Copy into another database, or into the leader's.`;
  }
  return `The destination database ${database} is read-only (${mode}). Make it writable, or copy into another database.`;
}
