import type { Engine } from "../engine/engine.ts";
import type { DataPart } from "../engine/parts.ts";
import { notSupported } from "../kustoError.ts";
import type { StorageAccess } from "./blobs.ts";
import { exportRelation } from "./export.ts";
import type { ExportFormat } from "./exportFormat.ts";
import { exportProperties } from "./exportProperties.ts";
import { createResources, identityToken, ingestionResources } from "./ingestionResources.ts";
import { allowsManagedIdentity } from "./managedIdentity.ts";
import { parseMapping } from "./mapping.ts";
import { isStrict } from "./queueMessage.ts";
import { startQueuePump } from "./queuePump.ts";
import { readIntoRelation } from "./read.ts";
import type { StorageEndpoints } from "./storageEndpoints.ts";

export interface DataSettings {
  /** Name of the cluster, which its queues and containers are named by. */
  readonly cluster: string;
  readonly endpoints: StorageEndpoints;
  readonly report: (error: unknown) => void;
}

const EXPORT_FORMATS: readonly ExportFormat[] = ["csv", "tsv", "json", "parquet"];

function exportFormat(name: string): ExportFormat {
  const found = EXPORT_FORMATS.find((format) => format === name.toLowerCase());
  if (found === undefined) throw notSupported(`Export to the format '${name}'`);
  return found;
}

/** What the engine asks of formats, storage and queued ingestion, for one cluster and the storage account beside it. */
export function createDataPart(settings: DataSettings): DataPart {
  const { cluster, endpoints } = settings;
  let running: Engine | undefined;
  let created: Promise<void> | undefined;
  const resourcesReady = async (): Promise<void> => {
    created ??= createResources(cluster, endpoints);
    await created.catch((error: unknown) => {
      created = undefined;
      throw error;
    });
  };
  const access = (database: string): StorageAccess => ({
    keys: new Map([[endpoints.account, endpoints.key]]),
    allowsManagedIdentity: (usage, identity) =>
      running !== undefined && allowsManagedIdentity(running, database, usage, identity),
  });
  return {
    readIntoRelation: async (connection, request) => {
      const limits = new Map<string, number>();
      for (const column of request.columns)
        if (column.maxValueSize !== undefined) limits.set(column.name, column.maxValueSize);
      return await readIntoRelation(connection, {
        sources: request.sources,
        ...(request.inline === undefined ? {} : { inline: request.inline }),
        // Where none was asked for, the name of each source says its format.
        ...(request.properties.format === undefined && request.inline === undefined
          ? {}
          : { format: request.format }),
        columns: request.columns,
        ...(request.mapping === undefined ? {} : { mapping: parseMapping(request.mapping) }),
        ignoreFirstRecord: request.ignoreFirstRecord,
        treatGzAsUncompressed: request.properties.treatgzasuncompressed?.toLowerCase() === "true",
        constantFields: isStrict(request.properties.validationpolicy),
        limits,
        access: access(request.database),
        usage: request.usage,
      });
    },
    exportRelation: async (connection, request) =>
      await exportRelation(connection, {
        sql: request.sql,
        columns: request.columns,
        format: exportFormat(request.format),
        compressed: request.compressed,
        targets: request.targets,
        pieces: request.pieces,
        ...(request.files === undefined ? {} : { files: request.files }),
        ...exportProperties(request.properties),
        access: access(request.database),
        signal: request.signal,
      }),
    ingestionResources: async () => {
      await resourcesReady();
      return ingestionResources(cluster, endpoints);
    },
    identityToken: async () => identityToken(cluster, endpoints),
    start: async (engine) => {
      running = engine;
      await resourcesReady();
      return await startQueuePump(engine, { cluster, endpoints, access, report: settings.report });
    },
  };
}
