import type { KustoClient } from "../../kusto/client.ts";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import { type CopyStack, startCopyStack } from "../copy/support.ts";
import { type Delivery, type Hub, startApp } from "./app.ts";
import { createDirector, type Director } from "./director.ts";
import { type FaultProxy, startProxy } from "./proxy.ts";

/** A whole local Azure with a fault-injecting proxy before each service, and one app that is killed and started again. */
export interface Stage {
  readonly places: readonly string[];
  readonly director: Director;
  readonly proxy: FaultProxy<"source" | "destination" | "lake" | "queue" | "events">;
  readonly copies: CopyStack;
  readonly source: KustoClient;
  readonly destination: KustoClient;
  /** The app's address; while it is being started again, waits for it. */
  readonly app: () => Promise<string>;
  /** Kills the app as kill -9 does and starts it again, with its task hub or with an empty one. */
  readonly kill: (hub: Hub) => Promise<void>;
  /** Lets an activity of the copy into a lake folder be delivered more than once. */
  readonly deliver: (delivery: Delivery, folder: string) => Promise<void>;
  /** Waits for those, late ones included; answers the activities that were to be and were not. */
  readonly delivered: (folder: string) => Promise<string[]>;
  readonly stop: () => Promise<void>;
}

/** How long after its answer was taken an activity is delivered late, milliseconds. */
const LATE_MS = 2000;

function folderPattern(folder: string): string {
  return `${folder}\\b`;
}

export async function startStage(placeCount: number): Promise<Stage> {
  const places = Array.from({ length: placeCount }, (_, i) => `Fault${String(i).padStart(2, "0")}`);
  const copies = await startCopyStack({
    host: false,
    without: ["arm"],
    sourceDatabases: places,
    destinationDatabases: places,
  });
  const { stack } = copies;
  const director = createDirector();
  const { sourceKusto, destinationKusto, lake, queue, events } = stack.urls;
  const targets = { source: sourceKusto, destination: destinationKusto, lake, queue, events };
  const proxy = await startProxy(targets, director.fate);
  const settings = {
    KUSTO_COPY_SOURCE: proxy.urls.source,
    KUSTO_COPY_DESTINATION: proxy.urls.destination,
    KUSTO_COPY_LAKE: `${proxy.urls.lake}/${storageAccount.name}/copy/unused;${storageAccount.key}`,
    KUSTO_COPY_EVENTS_TOPIC: `${proxy.urls.events}/api/events`,
    KUSTO_COPY_POLL: "100ms",
    KUSTO_COPY_INGESTION_TIMEOUT: "20s",
    KUSTO_COPY_MAX_ATTEMPTS: "3",
  };
  const app = await startApp(stack, settings, director.revive);
  return {
    places,
    director,
    proxy,
    copies,
    source: copies.source,
    destination: copies.destination,
    app: app.url,
    kill: app.kill,
    deliver: (delivery, folder) => app.deliver({ ...delivery, text: folderPattern(folder) }, LATE_MS),
    delivered: (folder) => app.delivered(folderPattern(folder)),
    stop: async () => {
      await app.stop();
      await proxy.close();
      await copies.stop();
    },
  };
}
