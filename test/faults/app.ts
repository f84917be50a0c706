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
  /** A regular expression that the input's JSON meets, beside what tells whose activity it is. */
  readonly of?: string;
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
   * were never delivered. Those that a killed host had made are forgotten; the others are the next one's to make.
   */
  readonly delivered: (text: string) => Promise<string[]>;
  /** Forgets all that was to be delivered more than once. */
  readonly deliverOnce: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** How long deliveries may take, the late ones included, milliseconds. */
const DELIVERED_MS = 120_000;

const faultsSchema = z.array(
  z.looseObject({ activity: z.string(), text: z.string(), struck: z.boolean(), over: z.boolean() }),
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
  const listed = async () => faultsSchema.parse(await (await fetch(await faults())).json());
  /** Asks the host that runs, and the next one where it is killed meanwhile. */
  const ofWhicheverRuns = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (;;) {
      const asked = host;
      try {
        await asked;
        return await ask();
      } catch (error) {
        if (host === asked) throw error;
      }
    }
  };
  const post = async (url: string, fault: object) => {
    const answer = await fetch(url, { method: "POST", body: JSON.stringify(fault) });
    if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  };
  return {
    url: async () => (await host).url,
    kill: async (hub) => {
      const dying = await host;
      const waiting = (await listed()).filter((fault) => !fault.struck);
      host = (async () => {
        await dying.kill();
        onDead();
        if (hub === "lost") data = await newHub();
        const next = await start(data);
        for (const { struck: _, over: __, ...fault } of waiting)
          await post(`${next.url}/local/faults`, fault);
        return next;
      })();
      await host;
    },
    deliver: async ({ of, text, ...delivery }, afterMs) => {
      const fault = { ...delivery, text: `${of === undefined ? "" : `(?=.*${of}).*`}${text}`, afterMs };
      await ofWhicheverRuns(async () => post(await faults(), fault));
    },
    delivered: async (text) => {
      const end = Date.now() + DELIVERED_MS;
      for (;;) {
        const own = (await ofWhicheverRuns(listed)).filter((fault) => fault.text.endsWith(text));
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
