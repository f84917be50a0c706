import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { startChild } from "../../local/stack/childProcess.ts";
import { childOptionsOf } from "../../local/stack/parts.ts";
import { appFolder } from "../../local/stack/siblings.ts";
import type { Stack } from "../../local/stack/stack.ts";
import { waitReady } from "../../local/stack/waitReady.ts";
import { NO_TICK } from "./support.ts";

/** A Functions host beside the stack's own, with a task hub of its own, over the same lake and clusters. */
export interface ExtraHost {
  readonly url: string;
  readonly pid: number;
  readonly data: string;
  /** All that it has written. */
  readonly lines: readonly string[];
  /** Ends it as a lost machine does: nothing of it runs on, and what it kept is gone. */
  readonly kill: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface ExtraHostOptions {
  readonly settings?: Readonly<Record<string, string>>;
  /** Where it keeps its orchestrations: another one's folder is a restart of that one. Without it, a task hub of its own. */
  readonly data?: string;
  /** Flags of local/host/main.ts. */
  readonly flags?: readonly string[];
  /** The folder of the app; the project's own without it. */
  readonly app?: string;
}

export async function startExtraHost(stack: Stack, options: ExtraHostOptions = {}): Promise<ExtraHost> {
  const port = await freePort();
  const data = options.data ?? (await mkdtemp(join(stack.workspace, "host-")));
  const host = childOptionsOf("host", {
    ports: { ...stack.ports, functions: port },
    urls: stack.urls,
    keep: data,
    workspace: stack.workspace,
    databases: { source: [], destination: [], leader2: [] },
    kustos: [],
    regions: {},
    app: options.app ?? appFolder,
    settings: {
      ...stack.settings,
      KUSTO_COPY_TICK: NO_TICK,
      KUSTO_COPY_POLL: "100ms",
      KUSTO_COPY_QUERY_SLOTS: "4",
      ...options.settings,
    },
  });
  const lines: string[] = [];
  const child = startChild({
    ...host,
    arguments: [...host.arguments, ...(options.flags ?? [])],
    onLine: (line) => void lines.push(line),
  });
  const url = `http://127.0.0.1:${port}`;
  try {
    // With keys on, it is there when it asks for one.
    await waitReady(child, `${url}/api/health`, (status) => status === 200 || status === 401, 60_000);
  } catch (error) {
    await child.stop();
    throw error;
  }
  return {
    url,
    pid: child.pid,
    data,
    lines,
    kill: async () => {
      process.kill(child.pid, "SIGKILL");
      await child.exited;
    },
    stop: () => child.stop(),
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return address.port;
}
