import type { Reporter } from "../output/events.ts";
import type { Io } from "../output/io.ts";
import { canRedraw, hasColours } from "../output/terminal.ts";
import type { Given } from "../program/given.ts";
import { barReporter } from "./bars.ts";
import { jsonReporter } from "./json.ts";
import { lineReporter } from "./lines.ts";

/** The display that fits the output: JSON lines, a live one on a terminal, or plain lines. */
export function reporterFor(io: Io, given: Given, many: boolean): Reporter {
  const { out } = io;
  const colours = hasColours(out);
  if (given.json) return jsonReporter(out, given.progress);
  if (given.progress && canRedraw(out)) return barReporter(out, { many, colours });
  return lineReporter(out, { many, progress: given.progress, colours });
}
