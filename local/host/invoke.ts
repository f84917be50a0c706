import { randomUUID } from "node:crypto";
import type {
  FunctionCallback,
  RegisteredFunction,
  Registry,
  RpcLogLevel,
  RpcTypedData,
} from "./coreModule.ts";

export interface Invocation {
  inputData: { name: string; data: RpcTypedData }[];
  triggerMetadata?: Record<string, RpcTypedData>;
}

export interface Invoked {
  /** What the function returned, before it became a message. */
  result: unknown;
  returnValue: RpcTypedData | null;
}

export type FunctionLog = (
  functionName: string,
  level: RpcLogLevel,
  category: "user" | "system" | "customMetric",
  message: string,
) => void;

/** Runs a function as the worker does: arguments from the library's model, hooks around it, its answer converted. */
export async function invoke(
  registry: Registry,
  registered: RegisteredFunction,
  invocation: Invocation,
  log: FunctionLog,
): Promise<Invoked> {
  if (registry.model === null) throw new Error("The app has not loaded @azure/functions.");
  const invocationId = randomUUID();
  const core = {
    invocationId,
    request: {
      invocationId,
      functionId: registered.name,
      inputData: invocation.inputData,
      triggerMetadata: invocation.triggerMetadata ?? {},
      traceContext: null,
      retryContext: null,
    },
    metadata: { name: registered.name, bindings: registered.bindings },
    state: undefined,
    log: (level: RpcLogLevel, category: "user" | "system" | "customMetric", message: string) =>
      log(registered.name, level, category, message),
  };
  const model = await registry.model.getInvocationModel(core);
  const { context, inputs } = await model.getArguments();
  const hookData: Record<string, unknown> = {};
  const before = {
    hookData,
    appHookData: registry.appHookData,
    invocationContext: context,
    functionCallback: registered.callback,
    inputs,
  };
  await runHooks(registry, "preInvocation", before);
  const callback: FunctionCallback = before.functionCallback;
  const after: Record<string, unknown> = {
    hookData,
    appHookData: registry.appHookData,
    invocationContext: context,
    inputs: before.inputs,
    result: null,
    error: null,
  };
  try {
    after.result = await model.invokeFunction(context, before.inputs, callback);
  } catch (error) {
    after.error = error;
  }
  await runHooks(registry, "postInvocation", after);
  if (after.error !== null && after.error !== undefined) throw after.error;
  const response = await model.getResponse(context, after.result);
  return { result: after.result, returnValue: response.returnValue ?? null };
}

export async function runHooks(
  registry: Registry,
  name: string,
  context: Record<string, unknown>,
): Promise<void> {
  for (const hook of registry.hooks.get(name) ?? []) await hook(context);
}

/** The JSON of a returned value; null where there is none. */
export function jsonOf(data: RpcTypedData | null): string | null {
  if (data === null) return null;
  if (typeof data.json === "string") return data.json;
  if (typeof data.string === "string") return JSON.stringify(data.string);
  if (data.bytes !== undefined && data.bytes !== null) {
    return JSON.stringify(Buffer.from(data.bytes).toString("base64"));
  }
  const number = data.int ?? data.double;
  if (typeof number === "number") {
    if (!Number.isFinite(number))
      throw new Error(`${number} can't be a function's result: JSON has no such number.`);
    return JSON.stringify(number);
  }
  return null;
}

/** A JSON text as the host hands it to the worker: null is no value at all. */
export function typedJson(json: string | null): RpcTypedData {
  return json === null || json === "null" ? {} : { json };
}
