import { type SampleTable, sampleTables } from "./sampleTables.ts";

const hour = 3_600_000;

/** A name in brackets, as Kusto wants any that isn't a plain identifier (`kusto/query/schema-entities/entity-names.md`). */
function bracketed(name: string): string {
  return `['${name.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}']`;
}

async function post(url: string, body: unknown, what: string): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.text();
  if (!response.ok)
    throw new Error(`${what} failed at ${url}: HTTP ${response.status} ${answer.slice(0, 2000)}`);
}

export interface LoadOptions {
  /** The ingestion time of the newest part. */
  readonly newest?: Date;
  /** How far apart the ingestion times of a table's parts are. */
  readonly apartMilliseconds?: number;
}

/**
 * Creates tables in a local Kusto and loads their parts by the stand-in's bulk endpoint, each part as if it had been
 * ingested at a time of its own, so that there is a history to copy.
 */
export async function loadTables(
  kusto: string,
  database: string,
  tables: readonly SampleTable[],
  options: LoadOptions = {},
): Promise<void> {
  const newest = options.newest ?? new Date(Date.now() - hour);
  const apart = options.apartMilliseconds ?? 7 * hour;
  for (const table of tables) {
    const columns = table.columns.map(([name, type]) => `${bracketed(name)}:${type}`).join(", ");
    await post(
      `${kusto}/v1/rest/mgmt`,
      { db: database, csl: `.create table ${bracketed(table.name)} (${columns})` },
      `Creating the table ${table.name}`,
    );
    for (const [part, sql] of table.parts.entries()) {
      const at = new Date(newest.getTime() - (table.parts.length - 1 - part) * apart).toISOString();
      await post(
        `${kusto}/local/load`,
        { database, table: table.name, sql, ingestedAt: at, createdOn: at },
        `Loading part ${part + 1} of ${table.parts.length} of the table ${table.name}`,
      );
    }
  }
}

/** Fills a database with the small sample tables. */
export async function loadSamples(kusto: string, database: string): Promise<void> {
  await loadTables(kusto, database, sampleTables);
}
