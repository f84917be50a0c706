import { createRequire } from "node:module";
import type * as durableFunctions from "durable-functions";
import { type App, sortFunctions } from "./app.ts";
import { createClient } from "./client.ts";
import { createRegistry, registerInto } from "./coreModule.ts";
import type { DurableFunctions } from "./durable/decide.ts";
import { createEngine } from "./durable/engine.ts";
import type { StatusPayload } from "./durable/status.ts";
import { openStore, type Store } from "./durable/store.ts";
import { createRunner } from "./functionRunner.ts";

export interface Trial {
  orchestrators: Record<string, durableFunctions.OrchestrationHandler>;
  /** What each activity answers; it may throw. */
  activities: Record<string, durableFunctions.ActivityHandler>;
  /** The orchestrator to run. */
  start: string;
  input?: unknown;
  /** Raised once the orchestration has begun. */
  events?: { name: string; data: unknown }[];
}

/** What stands between the engine and what is tried, for who wants to see each turn or to keep the time. */
export interface Watch {
  readonly store?: Store;
  readonly around?: (functions: DurableFunctions) => DurableFunctions;
}

/**
 * Runs an orchestrator to its end over the real SDK and the local engine, with activities of the test's own and
 * timers that don't wait. What the host stops (a task yielded a second time, a function that nobody implements)
 * ends it as failed, so a test of an orchestrator is a check of its yields too.
 */
export async function tryOrchestration(trial: Trial, watch: Watch = {}): Promise<StatusPayload> {
  const functions = loadFunctions(trial.orchestrators, trial.activities);
  const engine = createEngine({
    store: watch.store ?? openStore(null),
    functions: watch.around?.(functions) ?? functions,
    maxConcurrentActivities: 100,
    maxConcurrentOrchestrators: 100,
    timers: "atOnce",
    log: () => {},
  });
  try {
    const client = createClient(engine);
    const id = client.startNew(trial.start, { instanceId: "trial", input: trial.input });
    for (const event of trial.events ?? []) client.raiseEvent(id, event.name, event.data);
    return await client.waitForCompletion(id);
  } finally {
    engine.stop();
  }
}

/** Orchestrators and activities over the real SDK, as the engine runs them. */
export function loadFunctions(
  orchestrators: Trial["orchestrators"],
  activities: Trial["activities"],
): DurableFunctions {
  const registry = createRegistry(() => {});
  registerInto(registry);
  try {
    const df: typeof durableFunctions = createRequire(import.meta.url)("durable-functions");
    for (const [name, handler] of Object.entries(orchestrators)) df.app.orchestration(name, handler);
    for (const [name, handler] of Object.entries(activities)) df.app.activity(name, { handler });
  } finally {
    registerInto(null);
  }
  const app: App = sortFunctions("", registry);
  return createRunner(
    app,
    () => {},
    () => Promise.reject(new Error("No durable client here.")),
  ).durable;
}
