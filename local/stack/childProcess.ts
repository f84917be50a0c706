import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { localFile, nodeExecutable } from "./siblings.ts";

export interface ChildOptions {
  /** As people call it, in messages. */
  readonly name: string;
  readonly file: string;
  readonly arguments: readonly string[];
  /** For Node itself. */
  readonly nodeArguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
  /** Each line that the child writes. */
  readonly onLine?: (line: string, stream: "stdout" | "stderr") => void;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the process is gone; never rejects. */
  readonly exited: Promise<Exit>;
  readonly hasExited: () => boolean;
  /** The end of what it wrote. */
  readonly lastOutput: () => string;
  readonly stop: () => Promise<void>;
}

const preload = pathToFileURL(localFile("stack/preload")).href;
const keptLines = 40;
const graceMilliseconds = 6000;

/**
 * Starts a Node process that ends with this one: by a signal when it is stopped, by its closed channel (exitWithParent.ts)
 * if this one is killed. It is out of the terminal's group, so that Ctrl-C reaches this process only, which ends the
 * children in their order.
 */
export function startChild(options: ChildOptions): Child {
  const child: ChildProcess = spawn(
    nodeExecutable(),
    [...(options.nodeArguments ?? []), "--import", preload, options.file, ...options.arguments],
    {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      detached: true,
      env: { ...process.env, ...options.environment },
      ...(options.directory === undefined ? {} : { cwd: options.directory }),
    },
  );
  const lines: string[] = [];
  const read = (stream: "stdout" | "stderr") => {
    const source = child[stream];
    if (source === null) return;
    createInterface({ input: source }).on("line", (line) => {
      lines.push(line);
      if (lines.length > keptLines) lines.shift();
      options.onLine?.(line, stream);
    });
  };
  read("stdout");
  read("stderr");
  let gone = false;
  const exited = new Promise<Exit>((resolve) => {
    child.once("error", (error) => {
      lines.push(error.message);
      gone = true;
      resolve({ code: null, signal: null });
    });
    child.once("close", (code, signal) => {
      gone = true;
      resolve({ code, signal });
    });
  });
  return {
    name: options.name,
    pid: child.pid ?? -1,
    exited,
    hasExited: () => gone,
    lastOutput: () => lines.join("\n"),
    stop: async () => {
      if (gone) return;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), graceMilliseconds);
      await exited;
      clearTimeout(timer);
    },
  };
}
