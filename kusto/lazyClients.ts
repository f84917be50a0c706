import type { KustoClient } from "./client.ts";
import type { KustoConnection } from "./connectionString.ts";
import type { IngestClient } from "./ingestClient.ts";

/*
 * Clients whose libraries are loaded at the first request. They are most of what the app loads, and a worker that
 * starts for a tick of the timer or for an orchestrator needs none of them.
 */

/** As `createKustoClient`; what is wrong with the connection is told by the first request. */
export function lazyKustoClient(connection: KustoConnection): KustoClient {
  const client = async () => (await import("./client.ts")).createKustoClient(connection);
  const opened = once(client);
  return {
    connection,
    query: async (...request) => (await opened.get()).query(...request),
    command: async (...request) => (await opened.get()).command(...request),
    close: opened.close,
  };
}

/** As `createIngestClient`; what is wrong with the connection is told by the first request. */
export function lazyIngestClient(connection: KustoConnection, database: string): IngestClient {
  const client = async () => (await import("./ingestClient.ts")).createIngestClient(connection, database);
  const opened = once(client);
  return {
    ingestBlob: async (request) => (await opened.get()).ingestBlob(request),
    close: opened.close,
  };
}

function once<Client extends { close(): void }>(
  open: () => Promise<Client>,
): { get: () => Promise<Client>; close: () => void } {
  let opening: Promise<Client> | undefined;
  return {
    get: () => {
      opening ??= open();
      return opening;
    },
    close: () => {
      // One that could not be opened has nothing to close, and who asked was told.
      void opening?.then((client) => client.close()).catch(() => undefined);
      opening = undefined;
    },
  };
}
