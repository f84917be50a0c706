import type { Out } from "./terminal.ts";

/** Where the command reads and writes: the process's own streams. */
export interface Io {
  readonly out: Out & NodeJS.WriteStream;
  readonly err: Out;
  readonly input: NodeJS.ReadStream;
  /** Whether a person sits at both ends. */
  readonly person: boolean;
}

export function processIo(): Io {
  const { stdin: input, stdout: out, stderr: err } = process;
  return { input, out, err, person: input.isTTY === true && (out.isTTY === true || err.isTTY === true) };
}
