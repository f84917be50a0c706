import { setTimeout as sleep } from "node:timers/promises";
import { type KustoClient, rowsOf } from "../../kusto/client.ts";
import { exportAsync, exportedFile } from "../../kusto/commands/exportData.ts";
import { exportProjection } from "../../kusto/commands/exportQuery.ts";
import { operationIdAnswer } from "../../kusto/commands/ingest.ts";
import {
  operationAnswer,
  operationOutcome,
  showOperationDetails,
  showOperations,
} from "../../kusto/commands/operations.ts";
import { alterMergePolicy, createMergeTable } from "../../kusto/commands/schema.ts";
import { filterOfWindow } from "../../kusto/commands/windowRange.ts";
import { createIngestClient } from "../../kusto/ingestClient.ts";
import { moveTheseExtents } from "../../kusto/moves.ts";
import { quoteName } from "../../kusto/names.ts";
import { readExtents, readExtentsContent, readWindowContent } from "../../kusto/reads.ts";
import type { Lake } from "../../lake/lake.ts";
import type { PlannedTable, WindowRange } from "../../model/checkpoint/entries.ts";

export interface FloorOptions {
  readonly source: KustoClient;
  readonly destination: KustoClient;
  readonly sourceDatabase: string;
  readonly destinationDatabase: string;
  readonly lake: Lake;
  readonly folder: string;
  readonly table: PlannedTable;
  readonly exportSlots: number;
  readonly ingestionSlots: number;
  readonly verify: boolean;
}

const POLL_MS = 100;
const STAGING = "Floor_Staging";

/**
 * The work of a copy by bare commands: the same windows exported, ingested, hashed on both sides and moved, as many at
 * once as the slots allow, with no log, no orchestration and no recovery. Answers the milliseconds it took.
 */
export async function runFloor(options: FloorOptions): Promise<number> {
  const { destination, destinationDatabase, table } = options;
  await destination.command(destinationDatabase, createMergeTable(table.name, table.columns));
  await destination.command(destinationDatabase, createMergeTable(STAGING, table.columns));
  await destination.command(
    destinationDatabase,
    alterMergePolicy(STAGING, { allowMerge: false, allowRebuild: false }),
  );
  const began = Date.now();
  const exporting = limiter(options.exportSlots);
  const ingesting = limiter(options.ingestionSlots);
  await Promise.all(
    table.windows.map(async (range, w) => {
      const { files, rows, hash } = await exporting(() => exported(options, range, w));
      await ingesting(() => ingested(options, files, rows, hash, w));
    }),
  );
  const extents = await readExtents(destination, destinationDatabase, [STAGING], {});
  await moveTheseExtents(
    destination,
    destinationDatabase,
    { from: STAGING, to: table.name, extents },
    { table: table.name },
  );
  return Date.now() - began;
}

async function exported(options: FloorOptions, range: WindowRange, w: number) {
  const { source, sourceDatabase, lake, table } = options;
  const suffix = await lake.clusterSuffix({ kind: "sas" });
  const url = `${lake.location.blobEndpoint}/${lake.location.container}/${options.folder}/${w}${suffix}`;
  const filter = filterOfWindow(table, range);
  const command = exportAsync({
    format: table.format,
    targets: [url],
    namePrefix: "part",
    compressed: true,
    sizeLimitBytes: 1_000_000_000,
    parquetDatetimePrecision: "microsecond",
    distribution: "single",
    query: `${quoteName(table.name)}${filter} | ${exportProjection(table.columns, table.format)}`,
  });
  const id = rowsOf(operationIdAnswer, await source.command(sourceDatabase, command))[0]?.OperationId ?? "";
  for (;;) {
    const [operation] = rowsOf(operationAnswer, await source.command(sourceDatabase, showOperations([id])));
    const outcome = operation ? operationOutcome(operation.State) : "unknown";
    if (outcome === "completed") break;
    if (outcome !== "running")
      throw new Error(`The export ended as ${operation?.State}: ${operation?.Status}`);
    await sleep(POLL_MS);
  }
  const details = rowsOf(exportedFile, await source.command(sourceDatabase, showOperationDetails(id)));
  const content = options.verify
    ? (await readWindowContent(source, sourceDatabase, table, range, { extents: 1000 })).content
    : undefined;
  return {
    files: details.map((file) => `${file.Path}${suffix}`),
    rows: details.reduce((sum, file) => sum + file.NumRecords, 0n),
    hash: content?.hash,
  };
}

async function ingested(
  options: FloorOptions,
  files: readonly string[],
  rows: bigint,
  hash: string | undefined,
  w: number,
): Promise<void> {
  const { destination, destinationDatabase, table } = options;
  const client = createIngestClient(destination.connection, destinationDatabase);
  const tag = `floor/${w}`;
  for (const url of files) {
    await client.ingestBlob({
      url,
      table: STAGING,
      format: table.format,
      tags: [tag],
      flushImmediately: true,
    });
  }
  for (;;) {
    const extents = await readExtents(destination, destinationDatabase, [STAGING], { tags: [tag] });
    if (extents.reduce((sum, extent) => sum + extent.RowCount, 0n) >= rows) {
      if (hash === undefined) return;
      const ids = extents.map((extent) => extent.ExtentId);
      const content = await readExtentsContent(destination, destinationDatabase, STAGING, table, ids, "text");
      if (content.hash !== hash) throw new Error(`The floor's own copy of window ${w} is not exact.`);
      return;
    }
    await sleep(POLL_MS);
  }
}

function limiter(slots: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = slots;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    else free -= 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
