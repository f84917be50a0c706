import Module from "node:module";
import { z } from "zod";

/**
 * The module `@azure/functions-core`, which the Functions host's worker offers to the libraries of an app and no
 * package provides. `@azure/functions` registers an app's functions through it and asks it for nothing else.
 */

export type RpcLogLevel = "trace" | "debug" | "information" | "warning" | "error" | "critical" | "none";

/** A value on its way between host and function. */
export interface RpcTypedData {
  string?: string | null;
  json?: string | null;
  bytes?: Uint8Array | null;
  int?: number | null;
  double?: number | null;
  http?: RpcHttpData | null;
}

export interface RpcHttpData {
  method?: string;
  url?: string;
  nullableHeaders?: Record<string, { value: string }>;
  nullableQuery?: Record<string, { value: string }>;
  nullableParams?: Record<string, { value: string }>;
  body?: RpcTypedData | null;
  headers?: Record<string, string>;
  cookies?: RpcHttpCookie[];
  statusCode?: string;
}

export interface RpcHttpCookie {
  name?: string | null;
  value?: string | null;
  domain?: { value?: string | null } | null;
  path?: { value?: string | null } | null;
  expires?: { value?: unknown } | null;
  secure?: { value?: boolean | null } | null;
  httpOnly?: { value?: boolean | null } | null;
  sameSite?: string | null;
  maxAge?: { value?: number | null } | null;
}

export type FunctionCallback = (...args: unknown[]) => unknown;

export interface InvocationRequest {
  invocationId: string;
  functionId: string;
  inputData: { name: string; data: RpcTypedData }[];
  triggerMetadata: Record<string, RpcTypedData>;
  traceContext: null;
  retryContext: null;
}

export interface CoreInvocationContext {
  invocationId: string;
  request: InvocationRequest;
  metadata: { name: string; bindings: Record<string, Binding> };
  state?: "preInvocationHooks" | "invocation" | "postInvocationHooks" | undefined;
  log(level: RpcLogLevel, category: "user" | "system" | "customMetric", message: string): void;
}

export interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], callback: FunctionCallback): Promise<unknown>;
  getResponse(
    context: unknown,
    result: unknown,
  ): Promise<{
    returnValue?: RpcTypedData | null;
    outputData?: { name: string; data: RpcTypedData }[];
  }>;
}

export interface ProgrammingModel {
  name: string;
  version: string;
  getInvocationModel(context: CoreInvocationContext): InvocationModel | Promise<InvocationModel>;
  getCapabilities?(defaults: Record<string, string>): unknown;
}

const bindingSchema = z.looseObject({
  type: z.string(),
  direction: z.string().optional(),
});
export type Binding = z.infer<typeof bindingSchema>;

const metadataSchema = z.looseObject({
  name: z.string(),
  functionId: z.string().optional(),
  bindings: z.record(z.string(), bindingSchema),
  retryOptions: z.unknown().optional(),
});

export interface RegisteredFunction {
  name: string;
  bindings: Record<string, Binding>;
  retries: boolean;
  callback: FunctionCallback;
}

export type Hook = (context: Record<string, unknown>) => unknown;
export type LogSink = (level: RpcLogLevel, category: string, message: string) => void;

/** What one app registers while it loads. */
export interface Registry {
  functions: Map<string, RegisteredFunction>;
  hooks: Map<string, Hook[]>;
  appHookData: Record<string, unknown>;
  model: ProgrammingModel | null;
  log: LogSink;
}

export function createRegistry(log: LogSink): Registry {
  return { functions: new Map(), hooks: new Map(), appHookData: {}, model: null, log };
}

let current: Registry | null = null;
let lastModel: ProgrammingModel | null = null;

/** Functions that load between this and the next call go to the registry; null ends registering. */
export function registerInto(registry: Registry | null): void {
  if (registry !== null) {
    installCoreModule();
    registry.model ??= lastModel;
  }
  current = registry;
}

function registering(what: string): Registry {
  if (current === null) throw new Error(`${what} only while the app starts.`);
  return current;
}

class Disposable {
  static from(...others: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const other of others) other.dispose();
    });
  }
  readonly #onDispose: () => unknown;
  constructor(onDispose: () => unknown) {
    this.#onDispose = onDispose;
  }
  dispose(): unknown {
    return this.#onDispose();
  }
}

const coreModule = {
  version: "3.9.1",
  hostVersion: "4.1037.0",
  Disposable,
  registerFunction(metadata: unknown, callback: FunctionCallback): Disposable {
    const registry = registering("A function can be registered");
    const parsed = metadataSchema.parse(metadata);
    const id = parsed.functionId ?? parsed.name;
    if (registry.functions.has(id)) {
      throw new Error(`A function with id "${id}" has already been registered.`);
    }
    registry.functions.set(id, {
      name: parsed.name,
      bindings: parsed.bindings,
      retries: parsed.retryOptions !== undefined && parsed.retryOptions !== null,
      callback,
    });
    return new Disposable(() => registering("A function can be disposed").functions.delete(id));
  },
  setProgrammingModel(model: ProgrammingModel): void {
    lastModel = model;
    if (current !== null) current.model = model;
  },
  getProgrammingModel: (): ProgrammingModel | null => current?.model ?? lastModel,
  registerHook(name: string, hook: Hook): Disposable {
    const { hooks } = registering("A hook can be registered");
    const list = hooks.get(name) ?? [];
    list.push(hook);
    hooks.set(name, list);
    return new Disposable(() => {
      const index = list.indexOf(hook);
      if (index >= 0) list.splice(index, 1);
    });
  },
  log(level: RpcLogLevel, category: string, message: string): void {
    current?.log(level, category, message);
  },
};

let installed = false;

/** `@azure/functions` is CommonJS and requires the module, whether an app imports or requires it. */
function installCoreModule(): void {
  if (installed) return;
  installed = true;
  const require = Module.prototype.require;
  Module.prototype.require = function (this: Module, id: string): unknown {
    return id === "@azure/functions-core" ? coreModule : require.call(this, id);
  };
}
