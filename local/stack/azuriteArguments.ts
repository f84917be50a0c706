import type { Ports } from "./ports.ts";

/**
 * Azurite's flags. Without a folder to keep, all is in memory (start it in a folder of its own even then). Any API
 * version is taken, as clients are ahead of it; headers that it doesn't know stay errors.
 */
export function azuriteArguments(ports: Ports, keep: string | undefined): string[] {
  return [
    ...["--blobHost", "127.0.0.1", "--queueHost", "127.0.0.1", "--tableHost", "127.0.0.1"],
    ...[
      "--blobPort",
      String(ports.blob),
      "--queuePort",
      String(ports.queue),
      "--tablePort",
      String(ports.table),
    ],
    // Longer than any client keeps an idle connection, so that none is closed under a request.
    ...["--blobKeepAliveTimeout", "600", "--queueKeepAliveTimeout", "600", "--tableKeepAliveTimeout", "600"],
    ...["--silent", "--skipApiVersionCheck", "--disableTelemetry"],
    ...(keep === undefined ? ["--inMemoryPersistence"] : ["--location", keep]),
  ];
}
