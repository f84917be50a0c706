import { spawn as spawnChild } from "node:child_process";
import { fileURLToPath } from "node:url";
import { eventSchema } from "../../cli/output/events.ts";
import { nodeExecutable } from "../../local/stack/siblings.ts";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** What it has written to stdout so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly signal: (name: NodeJS.Signals) => void;
}

export interface Call {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Flags of Node itself. */
  readonly node?: readonly string[];
}

/** The environment of a person who has set nothing. */
export function plainEnvironment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept = Object.entries(process.env).flatMap(([name, value]): [string, string][] =>
    value === undefined || /^(KUSTO_COPY_|NO_COLOR|FORCE_COLOR|NODE_OPTIONS|VITEST|CI$|TERM$)/.test(name)
      ? []
      : [[name, value]],
  );
  return { ...Object.fromEntries(kept), ...more };
}

/** Starts the built command as a shell would, its output in pipes. */
export function start(args: readonly string[], { env = {}, cwd, node = [] }: Call = {}): Running {
  const child = spawnChild(nodeExecutable(), [...node, MAIN, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: plainEnvironment(env),
    ...(cwd === undefined ? {} : { cwd }),
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data) => {
    stdout += String(data);
  });
  child.stderr.on("data", (data) => {
    stderr += String(data);
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
  return {
    pid: child.pid ?? -1,
    ended,
    stdout: () => stdout,
    stderr: () => stderr,
    signal: (name) => void child.kill(name),
  };
}

/** Runs the built command to its end. */
export function command(args: readonly string[], call: Call = {}): Promise<Ended> {
  return start(args, call).ended;
}

/** The events of `--json`: each line of stdout is one, by the documented schema. */
export function eventsOf(stdout: string) {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => eventSchema.parse(JSON.parse(line)));
}

/** The last event: how it ended. */
export function summaryOf(stdout: string) {
  const last = eventsOf(stdout).at(-1);
  if (last?.event !== "summary") throw new Error(`No summary ends:\n${stdout}`);
  return last;
}

export { MAIN };
