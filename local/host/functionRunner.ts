import type { App, AppFunction } from "./app.ts";
import type { RpcTypedData } from "./coreModule.ts";
import type { DurableFunctions } from "./durable/decide.ts";
import { type FunctionLog, type Invoked, invoke, jsonOf, typedJson } from "./invoke.ts";

/** Runs an app's functions, each with what its trigger and its bindings give it. */
export interface FunctionRunner {
  run(
    item: AppFunction,
    data: RpcTypedData,
    triggerMetadata?: Record<string, RpcTypedData>,
  ): Promise<Invoked>;
  durable: DurableFunctions;
}

export function createRunner(
  app: App,
  log: FunctionLog,
  clientBinding: () => Promise<object>,
): FunctionRunner {
  const run: FunctionRunner["run"] = async (item, data, triggerMetadata = {}) => {
    const inputData = [{ name: item.triggerName, data }];
    for (const name of item.clientInputs) {
      inputData.push({ name, data: { json: JSON.stringify(await clientBinding()) } });
    }
    return invoke(app.registry, item.registered, { inputData, triggerMetadata }, log);
  };
  const find = (functions: Map<string, AppFunction>, name: string): AppFunction => {
    const item = functions.get(name.toLowerCase());
    if (item === undefined) throw new Error(`No function implements '${name}'.`);
    return item;
  };
  return {
    run,
    durable: {
      hasActivity: (name) => app.activities.has(name.toLowerCase()),
      hasOrchestrator: (name) => app.orchestrators.has(name.toLowerCase()),
      async runActivity(name, input, instanceId) {
        const item = find(app.activities, name);
        const given = activityInput(item.triggerName, input, instanceId);
        const { returnValue } = await run(item, given.data, given.metadata);
        return jsonOf(returnValue);
      },
      async runOrchestrator(name, trigger) {
        const { result, returnValue } = await run(find(app.orchestrators, name), typedJson(trigger));
        return { answer: result, text: jsonOf(returnValue) ?? "null" };
      },
    },
  };
}

/**
 * An activity's input as the worker gets it (recordings/bindings.json). The SDK sends a text already quoted, and
 * the library unquotes it; the metadata repeat the input, once under the trigger's name and once as `data`.
 */
function activityInput(
  triggerName: string,
  input: string | null,
  instanceId: string,
): { data: RpcTypedData; metadata: Record<string, RpcTypedData> } {
  const metadata: Record<string, RpcTypedData> = { instanceId: { string: instanceId } };
  const value: unknown = input === null ? null : JSON.parse(input);
  if (input === null || value === null) return { data: {}, metadata };
  const data: RpcTypedData = typeof value === "string" ? { string: value } : { json: input };
  metadata[triggerName] = data;
  metadata.data = { json: input };
  if (typeof value === "object" && !Array.isArray(value)) {
    for (const [name, property] of Object.entries(value)) {
      metadata[name] =
        typeof property === "string" ? { string: property } : typedJson(JSON.stringify(property));
    }
  }
  return { data, metadata };
}
