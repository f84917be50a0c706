import type { Reporter } from "../output/events.ts";
import type { Out } from "../output/terminal.ts";

/** Between two progress lines of a job, milliseconds. */
const EVERY_MS = 1000;

/** One JSON object a line, and nothing else. */
export function jsonReporter(out: Out, progress: boolean): Reporter {
  const last = new Map<string, number>();
  return {
    tell: (event) => {
      if (event.event === "progress") {
        const now = Date.now();
        if (!progress || now - (last.get(event.job) ?? 0) < EVERY_MS) return;
        last.set(event.job, now);
      }
      out.write(`${JSON.stringify(event)}\n`);
    },
    stop: () => undefined,
  };
}
