import { createKustoClient, type KustoClient } from "../../kusto/client.ts";
import { hashQuery, readHash } from "../../kusto/commands/contentHash.ts";
import type { TableSchema } from "../../kusto/commands/schema.ts";
import { parseKustoConnection } from "../../kusto/connectionString.ts";
import { readTables } from "../../kusto/reads.ts";

export interface Difference {
  readonly table: string;
  readonly sourceRows: bigint;
  readonly destinationRows: bigint;
  readonly equal: boolean;
}

export function client(cluster: string): KustoClient {
  return createKustoClient(parseKustoConnection(cluster));
}

/**
 * Compares each table of a database of the source with the destination's, row by row as multisets: by count and by
 * content hash over every column, blind to the order of entries in property bags.
 */
export async function compareDatabases(
  source: KustoClient,
  destination: KustoClient,
  database: string,
): Promise<Difference[]> {
  const tables = await readTables(source, database);
  const there = await readTables(destination, database);
  const results: Difference[] = [];
  for (const table of tables) {
    const from = await content(source, database, table);
    const known = there.some((each) => each.name === table.name);
    const to = known ? await content(destination, database, table) : { rows: 0n, hash: "" };
    results.push({
      table: table.name,
      sourceRows: from.rows,
      destinationRows: to.rows,
      equal: from.rows === to.rows && from.hash === to.hash,
    });
  }
  return results;
}

async function content(client: KustoClient, database: string, table: TableSchema) {
  const text = hashQuery({ table: table.name, columns: table.columns, bags: "orderBlind" });
  return readHash(await client.query(database, text, { consistency: "strong", timeoutMs: 600_000 }));
}
