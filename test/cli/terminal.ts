import { type IPty, spawn } from "@lydell/node-pty";
import xterm from "@xterm/headless";
import { nodeExecutable } from "../../local/stack/siblings.ts";
import { MAIN, plainEnvironment } from "./command.ts";

/** A person's terminal in which the command runs: what they see, and what they type. */
export interface Screen {
  /** The lines that are on the screen and above it, without blanks at their ends. */
  readonly lines: () => string[];
  readonly text: () => string;
  /** All that the command wrote, escape sequences included. */
  readonly raw: () => string;
  readonly type: (keys: string) => void;
  readonly resize: (columns: number, rows: number) => void;
  readonly exited: Promise<number>;
  readonly until: (what: string, seen: (text: string) => boolean, ms?: number) => Promise<void>;
}

export const CTRL_C = "\u0003";

export function openTerminal(
  args: readonly string[],
  options: { env?: Readonly<Record<string, string>>; columns?: number; rows?: number } = {},
): Screen {
  const { env = {}, columns = 100, rows = 30 } = options;
  const terminal = new xterm.Terminal({ cols: columns, rows, scrollback: 2000, allowProposedApi: true });
  const pty: IPty = spawn(nodeExecutable(), [MAIN, ...args], {
    name: "xterm-256color",
    cols: columns,
    rows,
    env: plainEnvironment(env),
  });
  let raw = "";
  pty.onData((data) => {
    raw += data;
    terminal.write(data);
  });
  const exited = new Promise<number>((resolve) => {
    // What was written last is still on its way to the screen.
    pty.onExit(({ exitCode }) => setTimeout(() => terminal.write("", () => resolve(exitCode)), 50));
  });
  const lines = (): string[] => {
    const buffer = terminal.buffer.active;
    const all = Array.from(
      { length: buffer.length },
      (_, y) => buffer.getLine(y)?.translateToString(true) ?? "",
    );
    while (all.at(-1) === "") all.pop();
    return all;
  };
  const text = (): string => lines().join("\n");
  return {
    lines,
    text,
    raw: () => raw,
    type: (keys) => pty.write(keys),
    resize: (cols, newRows) => {
      terminal.resize(cols, newRows);
      pty.resize(cols, newRows);
    },
    exited,
    until: async (what, seen, ms = 30_000) => {
      const end = Date.now() + ms;
      while (!seen(text())) {
        if (Date.now() > end) throw new Error(`After ${ms / 1000} s, ${what}. On the screen:\n${text()}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}
