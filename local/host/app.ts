import { globSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  type Binding,
  createRegistry,
  type RegisteredFunction,
  type Registry,
  registerInto,
} from "./coreModule.ts";
import { runHooks } from "./invoke.ts";
import type { HostLog } from "./logs.ts";
import { readEntryPoint } from "./settings.ts";

export interface AppFunction {
  name: string;
  registered: RegisteredFunction;
  triggerName: string;
  trigger: Binding;
  /** Bindings that ask for the durable client. */
  clientInputs: string[];
}

export interface App {
  directory: string;
  registry: Registry;
  http: AppFunction[];
  timers: AppFunction[];
  activities: Map<string, AppFunction>;
  orchestrators: Map<string, AppFunction>;
}

const loaded = new Map<string, Promise<Registry>>();

/**
 * Loads the app as the worker does and sorts its functions by trigger. What the local host doesn't have it
 * refuses by name. Modules load once in a process, so an app that is loaded again gives the same functions.
 */
export async function loadApp(directory: string, log: HostLog): Promise<App> {
  const path = realpathSync(directory);
  const loading = loaded.get(path) ?? load(path, log);
  loaded.set(path, loading);
  const registry = await loading;
  registry.log = (level, category, message) => log(`Worker.${category}`, level, message);
  return sortFunctions(path, registry);
}

/** The functions by trigger; throws at what the local host doesn't have. */
export function sortFunctions(directory: string, registry: Registry): App {
  const app: App = {
    directory,
    registry,
    http: [],
    timers: [],
    activities: new Map(),
    orchestrators: new Map(),
  };
  for (const registered of registry.functions.values()) place(app, registered);
  return app;
}

async function load(directory: string, log: HostLog): Promise<Registry> {
  const main = readEntryPoint(directory);
  const files = globSync(main, { cwd: directory }).sort();
  if (files.length === 0) throw new Error(`No file matches "${main}", the "main" of the app's package.json.`);
  const registry = createRegistry((level, category, message) => log(`Worker.${category}`, level, message));
  registerInto(registry);
  try {
    for (const file of files) await loadFile(join(directory, file));
    await runHooks(registry, "appStart", {
      hookData: {},
      appHookData: registry.appHookData,
      functionAppDirectory: directory,
    });
    await refuseHttpStreams(registry);
  } finally {
    registerInto(null);
  }
  return registry;
}

async function loadFile(file: string): Promise<void> {
  if (file.endsWith(".cjs")) createRequire(file)(file);
  else await import(pathToFileURL(file).href);
}

async function refuseHttpStreams(registry: Registry): Promise<void> {
  const capabilities: Record<string, string> = {};
  await registry.model?.getCapabilities?.(capabilities);
  if (capabilities.HttpUri !== undefined) {
    throw new Error(
      "app.setup({ enableHttpStream: true }): the local host has no HTTP streaming. Leave it off.",
    );
  }
}

function place(app: App, registered: RegisteredFunction): void {
  const refuse = (what: string): never => {
    throw new Error(`Function '${registered.name}': the local host has no ${what}.`);
  };
  const entries = Object.entries(registered.bindings);
  const triggers = entries.filter(([, binding]) => /trigger$/i.test(binding.type));
  const [found] = triggers;
  if (found === undefined || triggers.length > 1) {
    throw new Error(`Function '${registered.name}' has ${triggers.length} triggers, and needs one.`);
  }
  const clientInputs: string[] = [];
  for (const [name, binding] of entries) {
    if (name === found[0]) continue;
    const type = binding.type.toLowerCase();
    if (binding.direction === "in" && (type === "durableclient" || type === "orchestrationclient")) {
      clientInputs.push(name);
    } else if (!(binding.direction === "out" && type === "http" && name === "$return")) {
      refuse(`binding of type '${binding.type}'`);
    }
  }
  if (registered.retries) refuse("retry policy of functions (options.retry)");
  const item: AppFunction = {
    name: registered.name,
    registered,
    triggerName: found[0],
    trigger: found[1],
    clientInputs,
  };
  const key = item.name.toLowerCase();
  switch (found[1].type.toLowerCase()) {
    case "httptrigger":
      app.http.push(item);
      break;
    case "timertrigger":
      app.timers.push(item);
      break;
    case "activitytrigger":
      app.activities.set(key, item);
      break;
    case "orchestrationtrigger":
      app.orchestrators.set(key, item);
      break;
    case "entitytrigger":
      refuse("durable entities (entityTrigger)");
      break;
    default:
      refuse(`trigger of type '${found[1].type}'`);
  }
}
