import cliProgress from "cli-progress";
import type { Idle, Progress, Reporter, TableProgress } from "../output/events.ts";
import { createFrame, sizeOf } from "../output/frame.ts";
import { bytes, count, counted } from "../output/numbers.ts";
import { clipped, harmless, type Out, padded, painter, widthOf } from "../output/terminal.ts";
import { figures, idleLine, notYet, percent, speaker } from "./words.ts";

/** A terminal that tells when its size changes. */
export interface LiveOut extends Out {
  on?(event: "resize", listener: () => void): unknown;
  off?(event: "resize", listener: () => void): unknown;
}

/** The live display of a terminal: per job an overall bar, and a line for each of the busiest tables that fit. */
export function barReporter(
  out: LiveOut,
  options: { readonly many: boolean; readonly colours: boolean },
): Reporter {
  const frame = createFrame(out);
  const paint = painter(options.colours);
  const words = speaker(options.many, paint);
  const jobs = new Map<string, Progress | Idle>();
  const draw = (): void => {
    const { columns, rows } = sizeOf(out);
    frame.draw(displayLines([...jobs.values()], { columns, rows: rows - 1, many: options.many, paint }));
  };
  out.on?.("resize", draw);
  let stopped = false;
  return {
    tell: (event) => {
      if (event.event === "progress" || event.event === "idle") {
        if (stopped) return;
        jobs.set(event.job, event);
        draw();
        return;
      }
      if (event.event === "summary") jobs.delete(event.job);
      const lines = words(event);
      if (stopped) for (const line of lines) out.write(`${line}\n`);
      else {
        if (event.event === "summary") draw();
        frame.print(lines.join("\n"));
      }
    },
    stop: () => {
      if (stopped) return;
      stopped = true;
      out.off?.("resize", draw);
      frame.clear();
    },
  };
}

interface Room {
  readonly columns: number;
  readonly rows: number;
  readonly many: boolean;
  readonly paint: ReturnType<typeof painter>;
}

/** The lines of the display, no more than the room has rows. Each job gets its own share of them. */
export function displayLines(jobs: readonly (Progress | Idle)[], room: Room): string[] {
  const lines: string[] = [];
  jobs.forEach((job, i) => {
    const share = Math.floor((room.rows - lines.length) / (jobs.length - i));
    if (share > 0) lines.push(...jobLines(job, { ...room, rows: share }));
  });
  return lines;
}

function jobLines(job: Progress | Idle, room: Room): string[] {
  const { paint } = room;
  const name = room.many ? `${clipped(harmless(job.job), 16)} ` : "";
  if (job.event === "idle") return [`${paint("bold", name)}${idleLine(job, Date.now())}`];
  const lead = paint("bold", `${name}${bar(job.fraction, barSize(room.columns))}${percent(job)}`);
  const head =
    job.windows.total === 0
      ? `${lead}  ${notYet(job)}`
      : `${lead}  ${count(job.windows.staged)}/${counted(job.windows.total, "window")}  ${figures(job).join("  ")}`;
  return [head, ...tableLines(job, { ...room, rows: room.rows - 1 })];
}

function tableLines({ busiest, tables }: Progress, room: Room): string[] {
  if (room.rows <= 0 || tables.total === 0) return [];
  const shown =
    busiest.length <= room.rows && busiest.length === tables.total
      ? busiest
      : busiest.slice(0, room.rows - 1);
  const width = Math.min(
    Math.floor(room.columns / 3),
    Math.max(0, ...shown.map(({ name }) => widthOf(name))),
  );
  const lines = shown.map((table) => tableLine(table, width, room));
  const rest = tables.total - shown.length;
  if (rest === 0) return lines;
  const failedShown = shown.filter((table) => table.state === "failed").length;
  const going = tables.total - tables.done - tables.failed - (shown.length - failedShown);
  const parts = [
    ...(tables.done > 0 ? [`${count(tables.done)} done`] : []),
    ...(going > 0 ? [`${count(going)} under way or waiting`] : []),
    ...(tables.failed > failedShown ? [`${count(tables.failed - failedShown)} failed`] : []),
  ];
  return [...lines, room.paint("dim", `  ${counted(rest, "more table")}: ${parts.join(", ")}`)];
}

function tableLine(table: TableProgress, width: number, { columns, paint }: Room): string {
  const name = padded(clipped(harmless(table.name), width), width);
  if (table.state === "failed") return `  ${name}  ${paint("red", `failed: ${harmless(table.error ?? "")}`)}`;
  const { total, exported, staged, promoted } = table.windows;
  const fraction = total === 0 ? 0 : (exported + staged) / (2 * total);
  const shown = promoted > 0 ? `, ${count(promoted)} shown` : "";
  return `  ${name}  ${bar(fraction, barSize(columns))}  ${count(exported)} exported, ${count(staged)} verified${shown} of ${count(total)}  ${counted(table.rows, "row")}  ${bytes(table.bytes)}`;
}

function barSize(columns: number): number {
  return Math.max(5, Math.min(24, Math.floor(columns / 5)));
}

function bar(fraction: number, size: number): string {
  const { barCompleteChar, barIncompleteChar } = cliProgress.Presets.shades_classic;
  return cliProgress.Format.BarFormat(Math.min(1, Math.max(0, fraction)), {
    barsize: size,
    barCompleteString: barCompleteChar.repeat(size),
    barIncompleteString: barIncompleteChar.repeat(size),
    barGlue: "",
  });
}
