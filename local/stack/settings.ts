import type { Ports } from "./ports.ts";
import { storageAccount } from "./storageAccount.ts";

export interface Urls {
  readonly functions: string;
  readonly sourceKusto: string;
  readonly destinationKusto: string;
  /** Answers only where the stack was started with a second leader. */
  readonly leader2Kusto: string;
  readonly arm: string;
  readonly events: string;
  /** With the account in the path, as clients want them. */
  readonly blob: string;
  readonly queue: string;
  readonly table: string;
  readonly lake: string;
}

export function urlsOf(ports: Ports): Urls {
  const at = (port: number) => `http://127.0.0.1:${port}`;
  return {
    functions: at(ports.functions),
    sourceKusto: at(ports.sourceKusto),
    destinationKusto: at(ports.destinationKusto),
    leader2Kusto: at(ports.leader2Kusto),
    arm: at(ports.arm),
    events: at(ports.events),
    blob: `${at(ports.blob)}/${storageAccount.name}`,
    queue: `${at(ports.queue)}/${storageAccount.name}`,
    table: `${at(ports.table)}/${storageAccount.name}`,
    lake: `${at(ports.lake)}/${storageAccount.name}`,
  };
}

export function storageConnectionString(urls: Urls): string {
  return [
    "DefaultEndpointsProtocol=http",
    `AccountName=${storageAccount.name}`,
    `AccountKey=${storageAccount.key}`,
    `BlobEndpoint=${urls.blob}`,
    `QueueEndpoint=${urls.queue}`,
    `TableEndpoint=${urls.table}`,
  ]
    .map((part) => `${part};`)
    .join("");
}

/** The app settings that the local host gives to the app: the job copies `Samples` from the source to the destination. */
export function appSettings(urls: Urls): Record<string, string> {
  return {
    KUSTO_COPY_SOURCE: urls.sourceKusto,
    KUSTO_COPY_DESTINATION: urls.destinationKusto,
    KUSTO_COPY_DATABASE: "Samples",
    KUSTO_COPY_LAKE: `${urls.lake}/copy/demo;${storageAccount.key}`,
    KUSTO_COPY_RPO: "00:05:00",
    KUSTO_COPY_TICK: "0 * * * * *",
    KUSTO_COPY_TASK_HUB: "KustoCopyLocal",
    KUSTO_COPY_EVENTS_TOPIC: `${urls.events}/api/events`,
    KUSTO_COPY_EVENTS_KEY: "local",
    KUSTO_COPY_ARM: urls.arm,
    FUNCTIONS_WORKER_RUNTIME: "node",
    AzureWebJobsStorage: storageConnectionString(urls),
  };
}
