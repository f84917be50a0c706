import { z } from "zod";
import { type Child, type ChildOptions, startChild } from "./childProcess.ts";
import { childFailure } from "./waitReady.ts";

const ready = z.looseObject({ ready: z.literal(true) });

function isReadyLine(line: string): boolean {
  if (!line.startsWith("{")) return false;
  try {
    return ready.safeParse(JSON.parse(line)).success;
  } catch {
    return false;
  }
}

export interface ReadyChild {
  readonly child: Child;
  /** Resolves at the line `{"ready":true,…}` on the child's stdout; rejects if it ends before, or the time is over. */
  readonly ready: Promise<void>;
}

/** Starts a child that says on its stdout, in a line of JSON, that it is ready. */
export function startUntilReadyLine(options: ChildOptions, timeoutMilliseconds: number): ReadyChild {
  let told: () => void = () => undefined;
  const line = new Promise<void>((resolve) => {
    told = resolve;
  });
  const child = startChild({
    ...options,
    onLine: (text, stream) => {
      if (stream === "stdout" && isReadyLine(text)) told();
      options.onLine?.(text, stream);
    },
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(childFailure(child, `was not ready after ${timeoutMilliseconds / 1000} s`)),
      timeoutMilliseconds,
    );
  });
  const ended = child.exited.then((exit) => {
    throw childFailure(child, `ended at its start (${exit.signal ?? `exit code ${exit.code}`})`);
  });
  return { child, ready: Promise.race([line, late, ended]).finally(() => clearTimeout(timer)) };
}
