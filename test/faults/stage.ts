import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { KustoClient } from "../../kusto/client.ts";
import type { ActivityFault } from "../../local/host/activityFaults.ts";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import { type ExtraHost, startExtraHost } from "../copy/hosts.ts";
import { type CopyStack, startCopyStack } from "../copy/support.ts";
import { createDirector, type Director } from "./director.ts";
import { type FaultProxy, startProxy } from "./proxy.ts";

/** Whether a host that is started anew finds the task hub of the one before. */
export type Hub = "kept" | "lost";

/** A whole local Azure with a fault-injecting proxy before each service, and one app that is killed and started again. */
export interface Stage {
  readonly places: readonly string[];
  readonly director: Director;
  readonly proxy: FaultProxy;
  readonly copies: CopyStack;
  readonly source: KustoClient;
  readonly destination: KustoClient;
  /** The app's address; while it is being started again, waits for it. */
  readonly app: () => Promise<string>;
  /** Kills the app as kill -9 does and starts it again, with its task hub or with an empty one. */
  readonly kill: (hub: Hub) => Promise<void>;
  /** Lets an activity of the copy into a lake folder be delivered more than once. */
  readonly deliver: (
    delivery: Pick<ActivityFault, "activity" | "action" | "nth">,
    folder: string,
  ) => Promise<void>;
  /** The activities of that copy that were to be, and were not. */
  readonly undelivered: (folder: string) => Promise<string[]>;
  readonly stop: () => Promise<void>;
}

const faultsSchema = z.array(z.object({ activity: z.string(), text: z.string(), struck: z.boolean() }));

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
  const start = async (data: string) => startExtraHost(stack, { settings, data });
  const newHub = () => mkdtemp(join(stack.workspace, "host-"));
  let data = await newHub();
  let host: Promise<ExtraHost> = start(data);
  await host;
  return {
    places,
    director,
    proxy,
    copies,
    source: copies.source,
    destination: copies.destination,
    app: async () => (await host).url,
    kill: async (hub) => {
      const dying = await host;
      host = (async () => {
        await dying.kill();
        director.revive();
        if (hub === "lost") data = await newHub();
        return start(data);
      })();
      await host;
    },
    deliver: async (delivery, folder) => {
      const fault = { ...delivery, text: folderPattern(folder), afterMs: 2000 };
      await fetch(`${(await host).url}/local/faults`, { method: "POST", body: JSON.stringify(fault) });
    },
    undelivered: async (folder) => {
      const answer: unknown = await (await fetch(`${(await host).url}/local/faults`)).json();
      return faultsSchema
        .parse(answer)
        .filter((fault) => fault.text === folderPattern(folder) && !fault.struck)
        .map((fault) => fault.activity);
    },
    stop: async () => {
      await (await host).stop();
      await proxy.close();
      await copies.stop();
    },
  };
}
