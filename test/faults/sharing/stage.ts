import { z } from "zod";
import { createKustoClient, type KustoClient } from "../../../kusto/client.ts";
import { parseKustoConnection } from "../../../kusto/connectionString.ts";
import { type Stack, startStack } from "../../../local/stack/stack.ts";
import { FOLLOWER } from "../../followers/support.ts";
import { type App, startApp } from "../app.ts";
import { createDirector, type Director } from "../director.ts";
import { effectAt } from "../effects.ts";
import { startProxy } from "../proxy.ts";

/** The one place of this stage: one follower cluster, which takes one change at a time. */
export const PLACE = "sharing";

export const SHARED = ["Events", "Orders"] as const;

/** A leader, a follower and the resource manager, with a fault-injecting proxy before each, and one app. */
export interface SharingStage {
  readonly stack: Stack;
  readonly director: Director;
  readonly app: App;
  readonly follower: KustoClient;
  /** Names of the attached database configurations that the resource manager has, asked of itself. */
  readonly attached: () => Promise<string[]>;
  readonly stop: () => Promise<void>;
}

const listSchema = z.object({ value: z.array(z.object({ name: z.string() })) });

export async function startSharingStage(): Promise<SharingStage> {
  const stack = await startStack({
    host: false,
    without: ["events"],
    sourceDatabases: SHARED,
    destinationDatabases: ["Own"],
    regions: {},
  });
  const director = createDirector(effectAt(PLACE));
  const { sourceKusto, destinationKusto, arm } = stack.urls;
  const proxy = await startProxy({ source: sourceKusto, destination: destinationKusto, arm }, director.fate);
  const leader = createKustoClient(parseKustoConnection(sourceKusto));
  const follower = createKustoClient(parseKustoConnection(destinationKusto));
  for (const database of SHARED) await leader.command(database, `.set Logs <| print From = '${database}'`);
  const settings = { KUSTO_COPY_ARM: proxy.urls.arm, KUSTO_COPY_POLL: "100ms" };
  const app = await startApp(stack, settings, director.revive);
  return {
    stack,
    director,
    app,
    follower,
    attached: async () => {
      const path = `${FOLLOWER}/attachedDatabaseConfigurations?api-version=2025-02-14`;
      const answer: unknown = await (await fetch(`${arm}${path}`)).json();
      return listSchema.parse(answer).value.map(({ name }) => name.split("/").at(-1) ?? name);
    },
    stop: async () => {
      await app.stop();
      await proxy.close();
      leader.close();
      follower.close();
      await stack.stop();
    },
  };
}
