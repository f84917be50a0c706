import type { Progress, Reporter } from "../output/events.ts";
import { type Out, painter } from "../output/terminal.ts";
import { progressLine, speaker } from "./words.ts";

/** Between two lines on the progress of a job, milliseconds; longer where nothing changes. */
const EVERY_MS = 5000;
const QUIET_EVERY_MS = 60_000;

/** Plain lines, for a pipe, a log, or a terminal that nothing can be drawn over. */
export function lineReporter(
  out: Out,
  options: { readonly many: boolean; readonly progress: boolean; readonly colours: boolean },
): Reporter {
  const began = Date.now();
  const last = new Map<string, { at: number; text: string }>();
  const words = speaker(options.many, painter(options.colours));
  const tell = (progress: Progress): void => {
    const now = Date.now();
    const before = last.get(progress.job) ?? { at: began - EVERY_MS + 2000, text: "" };
    if (now - before.at < EVERY_MS) return;
    const text = progressLine(progress, options.many);
    if (text === before.text && now - before.at < QUIET_EVERY_MS) return;
    last.set(progress.job, { at: now, text });
    out.write(`${text}\n`);
  };
  return {
    tell: (event) => {
      if (event.event === "progress") {
        if (options.progress) tell(event);
        return;
      }
      for (const line of words(event)) out.write(`${line}\n`);
    },
    stop: () => undefined,
  };
}
