import { setTimeout as sleep } from "node:timers/promises";
import type { Child } from "./childProcess.ts";

const pauseMilliseconds = 60;

/** Why a child isn't there, with the end of what it wrote. */
export function childFailure(child: Child, what: string): Error {
  const output = child.lastOutput().trim();
  return new Error(
    `${child.name} ${what}.${output === "" ? " It wrote nothing." : ` Its last output:\n${output}`}`,
  );
}

/** Waits until the URL answers as it should; throws if the child ends before, or the time is over. */
export async function waitReady(
  child: Child,
  url: string,
  isReady: (status: number) => boolean,
  timeoutMilliseconds: number,
): Promise<void> {
  const end = Date.now() + timeoutMilliseconds;
  let last = "no answer";
  while (Date.now() < end) {
    if (child.hasExited()) {
      const exit = await child.exited;
      throw childFailure(child, `ended at its start (${exit.signal ?? `exit code ${exit.code}`})`);
    }
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
      await response.arrayBuffer();
      if (isReady(response.status)) return;
      last = `HTTP ${response.status}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await sleep(pauseMilliseconds);
  }
  throw childFailure(child, `was not ready after ${timeoutMilliseconds / 1000} s at ${url} (${last})`);
}
