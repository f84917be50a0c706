import { z } from "zod";
import { createFrame } from "../output/frame.ts";
import type { Io } from "../output/io.ts";
import { seconds } from "../output/numbers.ts";
import { canRedraw, harmless } from "../output/terminal.ts";
import type { Given } from "../program/given.ts";

const progressSchema = z.object({
  step: z.string(),
  done: z.number().optional(),
  failed: z.number().optional(),
  of: z.number().optional(),
  waiting: z.string().optional(),
});

/** How an operation stands, in a line: `attaching 2 of 5, 1 failed, waiting: …`. Undefined where nothing is said. */
export function progressText(progress: unknown): string | undefined {
  const read = progressSchema.safeParse(progress);
  if (!read.success) return undefined;
  const { step, done, failed, of, waiting } = read.data;
  return [
    `${step}${of === undefined ? "" : done === undefined ? ` ${of}` : ` ${done} of ${of}`}`,
    ...(failed === undefined || failed === 0 ? [] : [`${failed} failed`]),
    ...(waiting === undefined || waiting === "" ? [] : [`waiting: ${harmless(waiting)}`]),
  ].join(", ");
}

/** Says on stderr how an operation stands: in one line that changes on a terminal, else a line for each change. */
export function showProgress(given: Given, io: Io): { told: (progress: unknown) => void; end: () => void } {
  if (given.json || !given.progress) return { told: () => undefined, end: () => undefined };
  let last = "";
  if (!canRedraw(io.err))
    return {
      told: (progress) => {
        const text = progressText(progress);
        if (text !== undefined && text !== last) io.err.write(`${text}\n`);
        last = text ?? last;
      },
      end: () => undefined,
    };
  const frame = createFrame(io.err);
  const began = Date.now();
  const draw = (): void =>
    frame.draw([`${last === "" ? "asking" : last} … ${seconds((Date.now() - began) / 1000)}`]);
  draw();
  const timer = setInterval(draw, 1000);
  return {
    told: (progress) => {
      last = progressText(progress) ?? last;
    },
    end: () => {
      clearInterval(timer);
      frame.clear();
    },
  };
}
