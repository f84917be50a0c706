import type { Lake } from "../../lake/lake.ts";
import { entrySchema, type PlannedTable } from "../../model/checkpoint/entries.ts";

/** The tables that a copy's checkpoint log planned, windows and all. */
export async function readPlannedTables(lake: Lake): Promise<PlannedTable[]> {
  const tables: PlannedTable[] = [];
  for await (const blob of lake.container.listBlobsFlat({ prefix: lake.blobName("log/") })) {
    if (!/\d{20}\.json$/.test(blob.name)) continue;
    const text = (await lake.container.getBlobClient(blob.name).downloadToBuffer()).toString("utf8");
    const entry = entrySchema.parse(JSON.parse(text));
    if (entry.kind === "iterationPlanned") tables.push(...entry.tables);
  }
  return tables;
}
