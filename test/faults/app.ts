import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { ActivityFault } from "../../local/host/activityFaults.ts";
import type { Stack } from "../../local/stack/stack.ts";
import { type ExtraHost, startExtraHost } from "../copy/hosts.ts";

/** Whether a host that is started anew finds the task hub of the one before. */
export type Hub = "kept" | "lost";

/** An activity that is delivered more than once: the `nth` delivery of that activity, as far as its input is meant. */
export interface Delivery extends Pick<ActivityFault, "activity" | "nth"> {
  readonly action: Exclude<ActivityFault["action"], "held">;
}

/** A host with the app, which is killed and started again. */
export interface App {
  /** Its address; while it is being started again, waits for it. */
  readonly url: () => Promise<string>;
  /** Kills it as kill -9 does and starts it again, with its task hub or with an empty one. */
  readonly kill: (hub: Hub) => Promise<void>;
  /** Lets an activity whose input meets `text` be delivered more than once; late, so many milliseconds after its answer was taken. */
  readonly deliver: (delivery: Delivery & { readonly text: string }, afterMs: number) => Promise<void>;
  /**
   * Waits for the deliveries that were to be with this text, the late ones included. Answers the activities that
   * were never delivered; those of a killed host are forgotten.
   */
  readonly delivered: (text: string) => Promise<string[]>;
  /** Forgets all that was to be delivered more than once. */
  readonly deliverOnce: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** How long deliveries may take, the late ones included, milliseconds. */
const DELIVERED_MS = 120_000;

const faultsSchema = z.array(
  z.object({ activity: z.string(), text: z.string(), struck: z.boolean(), over: z.boolean() }),
);

/** Starts the app over a stack. `onDead` is told when nothing of the killed one runs any more, before the next one starts. */
export async function startApp(
  stack: Stack,
  settings: Readonly<Record<string, string>>,
  onDead: () => void,
): Promise<App> {
  const newHub = () => mkdtemp(join(stack.workspace, "host-"));
  const start = (hub: string) => startExtraHost(stack, { settings, data: hub });
  let data = await newHub();
  let host: Promise<ExtraHost> = start(data);
  await host;
  const faults = async () => `${(await host).url}/local/faults`;
  return {
    url: async () => (await host).url,
    kill: async (hub) => {
      const dying = await host;
      host = (async () => {
        await dying.kill();
        onDead();
        if (hub === "lost") data = await newHub();
        return start(data);
      })();
      await host;
    },
    deliver: async (delivery, afterMs) => {
      await fetch(await faults(), { method: "POST", body: JSON.stringify({ ...delivery, afterMs }) });
    },
    delivered: async (text) => {
      const end = Date.now() + DELIVERED_MS;
      for (;;) {
        const answer: unknown = await (await fetch(await faults())).json();
        const own = faultsSchema.parse(answer).filter((fault) => fault.text === text);
        if (own.every((fault) => fault.over || !fault.struck))
          return own.filter((fault) => !fault.struck).map((fault) => fault.activity);
        if (Date.now() > end)
          throw new Error(
            `After ${DELIVERED_MS / 1000} s deliveries are still under way: ${JSON.stringify(own)}`,
          );
        await sleep(100);
      }
    },
    deliverOnce: async () => {
      await fetch(await faults(), { method: "DELETE" });
    },
    stop: async () => (await host).stop(),
  };
}
