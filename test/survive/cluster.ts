import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import type { Child } from "../../local/stack/childProcess.ts";
import { childOptionsOf } from "../../local/stack/parts.ts";
import { startUntilReadyLine } from "../../local/stack/readyLine.ts";
import { appFolder } from "../../local/stack/siblings.ts";
import type { Stack } from "../../local/stack/stack.ts";

/** A local cluster that a test stops and starts: its data stay, and its address. */
export interface Cluster {
  /** Starts it where it isn't running; `flags` of local/kusto/main.ts make it a larger or smaller one. */
  readonly start: (flags?: readonly string[]) => Promise<void>;
  /** As somebody stops a cluster: what runs is given up, and nobody answers any more. */
  readonly stop: () => Promise<void>;
  /** As a cluster that crashes. */
  readonly kill: () => Promise<void>;
}

/** The destination of a stack that was started without it. */
export async function ownDestination(stack: Stack, databases: readonly string[]): Promise<Cluster> {
  const keep = await mkdtemp(join(stack.workspace, "cluster-"));
  const options = childOptionsOf("destination", {
    ports: stack.ports,
    urls: stack.urls,
    keep,
    workspace: stack.workspace,
    databases: { source: [], destination: databases, leader2: [] },
    kustos: [],
    regions: {},
    app: appFolder,
    settings: {},
  });
  let child: Child | undefined;
  return {
    start: async (flags = []) => {
      const started = startUntilReadyLine(
        { ...options, arguments: [...options.arguments, ...flags] },
        60_000,
      );
      child = started.child;
      await started.ready;
    },
    stop: async () => child?.stop(),
    kill: async () => {
      if (child === undefined) return;
      process.kill(child.pid, "SIGKILL");
      await child.exited;
    },
  };
}
