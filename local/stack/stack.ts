import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Child, startChild } from "./childProcess.ts";
import { workspaceVariable } from "./exitWithParent.ts";
import { isFresh, markFilled } from "./freshness.ts";
import { childOptionsOf, type KustoName, type PartName, type PartOptions, portsOfPart } from "./parts.ts";
import { checkPorts, freePorts, type Ports } from "./ports.ts";
import { startUntilReadyLine } from "./readyLine.ts";
import { loadSamples } from "./samples.ts";
import { appSettings, type Urls, urlsOf } from "./settings.ts";
import { appFolder } from "./siblings.ts";
import { childFailure, waitReady } from "./waitReady.ts";

export interface StackOptions {
  /** Free ones, chosen anew, if left out. */
  readonly ports?: Ports;
  /** Where data is kept between runs. Without it all starts fresh and nothing stays. */
  readonly data?: string;
  /** Whether the Functions host runs the app too. */
  readonly host: boolean;
  /** Processes to leave out, for who needs a part of the stack only. */
  readonly without?: readonly PartName[];
  /** App settings over those of settings.ts. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Fills the source's `Samples` with the small sample tables, where the data is fresh. */
  readonly samples?: boolean;
  readonly sourceDatabases?: readonly string[];
  readonly destinationDatabases?: readonly string[];
  /** A second cluster to follow, `leader2`, with these databases. */
  readonly leader2Databases?: readonly string[];
  /** Regions of Kustos, for the resource manager: `westus` where none is told. */
  readonly regions?: Readonly<Partial<Record<KustoName, string>>>;
  /** The folder of the app that the host runs. */
  readonly app?: string;
  /** Each line that a process writes. */
  readonly onLine?: (part: PartName, line: string) => void;
  /** What is being done, for a person who waits. */
  readonly onProgress?: (text: string) => void;
  /** Ends the start: what runs is stopped. */
  readonly signal?: AbortSignal;
}

export interface Stack {
  readonly urls: Urls;
  readonly ports: Ports;
  /** The app settings, as the host gives them to the app. */
  readonly settings: Readonly<Record<string, string>>;
  readonly pids: Readonly<Partial<Record<PartName, number>>>;
  /** A folder for what lives as long as the stack. */
  readonly workspace: string;
  /** Whether the data was fresh at the start. */
  readonly fresh: boolean;
  /** Resolves when a process has ended by itself and the rest has been stopped; never if all goes well. */
  readonly failed: Promise<Error>;
  readonly stop: () => Promise<void>;
}

const startTimeout = 60_000;
const allSupports: readonly PartName[] = ["lake", "source", "destination", "leader2", "arm", "events"];
const kustoNames: readonly KustoName[] = ["source", "destination", "leader2"];

/** Starts the stack; on free ports once more if another process took one of them meanwhile. */
export async function startStack(options: StackOptions): Promise<Stack> {
  if (options.ports !== undefined) return startOn(options.ports, options);
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOn(await freePorts(), options);
    } catch (error) {
      const taken = error instanceof Error && /EADDRINUSE|is in use/.test(error.message);
      if (!taken || attempt === 3) throw error;
    }
  }
}

async function startOn(ports: Ports, options: StackOptions): Promise<Stack> {
  const without = [
    ...(options.without ?? []),
    ...(options.leader2Databases === undefined ? ["leader2"] : []),
  ];
  const supports = allSupports.filter((part) => !without.includes(part));
  const parts: PartName[] = ["azurite", ...supports, ...(options.host ? (["host"] as const) : [])];
  await checkPorts(
    ports,
    parts.flatMap((part) => portsOfPart[part]),
  );
  const keep = options.data === undefined ? undefined : resolve(options.data);
  if (keep !== undefined) await mkdir(keep, { recursive: true });
  const workspace = await mkdtemp(join(tmpdir(), "kusto-copy-local-"));
  const urls = urlsOf(ports);
  const settings = { ...appSettings(urls), ...options.settings };
  const partOptions: PartOptions = {
    ports,
    urls,
    keep,
    workspace,
    databases: {
      source: options.sourceDatabases ?? ["Samples"],
      destination: options.destinationDatabases ?? ["Samples"],
      leader2: options.leader2Databases ?? [],
    },
    // One that was left out is known to the resource manager, and doesn't answer it.
    kustos: kustoNames.filter((name) => name !== "leader2" || supports.includes(name)),
    regions: options.regions ?? {},
    app: options.app ?? appFolder,
    settings,
  };
  const children = new Map<PartName, Child>();
  let stopping: Promise<void> | undefined;

  const stop = () => {
    stopping ??= stopAll();
    return stopping;
  };
  async function stopAll(): Promise<void> {
    // From the app down: what is still running asks only what is still there.
    await children.get("host")?.stop();
    await Promise.all(supports.map((part) => children.get(part)?.stop()));
    await children.get("azurite")?.stop();
    await rm(workspace, { recursive: true, force: true });
  }

  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<Error>((done) => {
    fail = done;
  });
  let death: Error | undefined;
  const watch = (part: PartName, child: Child) => {
    children.set(part, child);
    child.exited.then(async (exit) => {
      if (stopping !== undefined) return;
      death = childFailure(child, `ended unexpectedly (${exit.signal ?? `exit code ${exit.code}`})`);
      await stop();
      fail(death);
    });
  };
  const childOf = (part: PartName) => {
    const child = childOptionsOf(part, partOptions);
    return {
      ...child,
      environment: { ...child.environment, [workspaceVariable]: workspace },
      onLine: (line: string) => options.onLine?.(part, line),
    };
  };

  const progress = (text: string) => {
    options.signal?.throwIfAborted();
    options.onProgress?.(text);
  };
  const onAbort = () => void stop();
  options.signal?.addEventListener("abort", onAbort);
  try {
    const fresh = await isFresh(keep);
    const startSome = (some: readonly PartName[]) =>
      some
        .filter((part) => supports.includes(part))
        .map((part) => {
          const { child, ready } = startUntilReadyLine(childOf(part), startTimeout);
          watch(part, child);
          return ready;
        });
    progress("Azurite, data lake, resource manager, event topic");
    const azurite = startChild(childOf("azurite"));
    watch("azurite", azurite);
    await Promise.all([
      waitReady(azurite, urls.table, isStorageAnswer, startTimeout),
      waitReady(azurite, urls.blob, isStorageAnswer, startTimeout),
      waitReady(azurite, urls.queue, isStorageAnswer, startTimeout),
      ...startSome(["lake", "arm", "events"]),
    ]);
    progress("Kusto");
    await Promise.all(startSome(kustoNames));
    if (fresh && options.samples === true) {
      progress("Sample tables");
      await loadSamples(urls.sourceKusto, "Samples");
    }
    await markFilled(keep);
    if (options.host) {
      progress("Functions host");
      const host = startChild(childOf("host"));
      watch("host", host);
      await waitReady(host, `${urls.functions}/api/health`, (status) => status === 200, startTimeout);
    }
    options.signal?.throwIfAborted();
    const pids = Object.fromEntries([...children].map(([part, child]) => [part, child.pid]));
    return { urls, ports, settings, pids, workspace, fresh, failed, stop };
  } catch (error) {
    await stop();
    // What a process died of tells more than that it didn't answer.
    throw death ?? error;
  } finally {
    options.signal?.removeEventListener("abort", onAbort);
  }
}

/** Azurite answers what is not signed with an error of its own: it is there. */
function isStorageAnswer(status: number): boolean {
  return status >= 400 && status < 500;
}
