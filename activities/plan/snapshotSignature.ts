import { createHash } from "node:crypto";
import type { KustoClient } from "../../kusto/client.ts";
import { readExtents } from "../../kusto/reads.ts";

/**
 * Tells whether a snapshot table may have changed: a digest over its extents. Equal digests mean that nothing was
 * ingested, replaced, dropped or merged since; a merge changes it though the rows are the same, which costs a copy
 * and loses nothing.
 */
export async function readSignature(
  source: KustoClient,
  database: string,
  table: string,
): Promise<{ signature: string; rows: number }> {
  const extents = await readExtents(source, database, [table], {});
  const lines = extents.map((extent) => `${extent.ExtentId} ${extent.RowCount}`).toSorted();
  return {
    signature: createHash("sha256").update(lines.join("\n")).digest("hex"),
    rows: extents.reduce((sum, extent) => sum + Number(extent.RowCount), 0),
  };
}
