import { type App, sortFunctions } from "../../local/host/app.ts";
import { createClient, type HostClient } from "../../local/host/client.ts";
import { createRegistry, registerInto } from "../../local/host/coreModule.ts";
import { createEngine } from "../../local/host/durable/engine.ts";
import { openStore } from "../../local/host/durable/store.ts";
import { createRunner } from "../../local/host/functionRunner.ts";

/** The app's orchestrators and activities, run by this process and kept in its memory: the lake's log outlives it. */
export interface Runtime {
  readonly client: HostClient;
  /** The name of the orchestration that runs a job. */
  readonly copyJob: string;
  readonly stop: () => void;
}

/** A call of an activity that has ended: its input, and what it answered. */
export interface CallSeen {
  readonly name: string;
  readonly input: unknown;
  readonly answer: unknown;
  readonly ms: number;
}

export interface RuntimeOptions {
  /** Hears of each call of an activity. */
  readonly onCall?: (call: CallSeen) => void;
  /** Hears what the engine and the functions log. */
  readonly onLog?: (level: string, text: string) => void;
}

/** As host.json bounds them in the deployed app. */
const MOST_ACTIVITIES = 32;
const MOST_ORCHESTRATORS = 8;

let loading: Promise<Loaded> | undefined;

interface Loaded {
  readonly app: App;
  readonly copyJob: string;
}

/**
 * Loads the app and starts an engine for it: no port, no timer trigger, nothing kept. What activities read of the
 * environment must be set before.
 */
export async function startRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  loading ??= loadFunctions();
  const { app, copyJob } = await loading;
  const runner = createRunner(
    app,
    (name, level, _, message) => options.onLog?.(level, `${name}: ${message}`),
    () => Promise.reject(new Error("No function that the command runs has a durable client.")),
  );
  const { runActivity } = runner.durable;
  const engine = createEngine({
    store: openStore(null),
    functions: {
      ...runner.durable,
      runActivity: async (name, input, instance) => {
        const began = Date.now();
        const answer = await runActivity(name, input, instance);
        options.onCall?.({ name, input: parsed(input), answer: parsed(answer), ms: Date.now() - began });
        return answer;
      },
    },
    maxConcurrentActivities: MOST_ACTIVITIES,
    maxConcurrentOrchestrators: MOST_ORCHESTRATORS,
    timers: "exact",
    log: (level, text) => options.onLog?.(level, text),
  });
  return { client: createClient(engine), copyJob, stop: () => engine.stop() };
}

/** Modules register once in a process: what they register is kept for every runtime of it. */
async function loadFunctions(): Promise<Loaded> {
  const registry = createRegistry(() => undefined);
  registerInto(registry);
  try {
    await import("../../activities/index.ts");
    const { COPY_JOB } = await import("../../orchestrators/index.ts");
    return { app: sortFunctions("", registry), copyJob: COPY_JOB };
  } finally {
    registerInto(null);
  }
}

function parsed(json: string | null): unknown {
  return json === null ? null : JSON.parse(json);
}
