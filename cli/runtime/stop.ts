import { askToStop } from "../../activities/run/stopRequest.ts";
import { EXIT } from "../output/exitCodes.ts";

/** A wish to stop, by Ctrl-C or a signal. */
export interface Stop {
  readonly signal: AbortSignal;
  /** Gives Ctrl-C back to who started the process. */
  readonly release: () => void;
}

/**
 * The first Ctrl-C, or a SIGTERM, asks the runs of this process to stop; the second ends the process at once. Either
 * way nothing is lost: what was done is in the log.
 */
export function listenForStop(heard: (times: 1 | 2) => void): Stop {
  const controller = new AbortController();
  const once = (): void => {
    if (controller.signal.aborted) {
      heard(2);
      process.exit(EXIT.interrupted);
    }
    askToStop();
    controller.abort();
    heard(1);
  };
  process.on("SIGINT", once);
  process.on("SIGTERM", once);
  return {
    signal: controller.signal,
    release: () => {
      process.off("SIGINT", once);
      process.off("SIGTERM", once);
    },
  };
}

/** Waits, or less long where the wish to stop comes first. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
