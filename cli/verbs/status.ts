import { readControl } from "../../lake/control.ts";
import { readState } from "../../lake/log.ts";
import { readStanding } from "../../lake/unopened.ts";
import { formatDuration } from "../../model/durations.ts";
import { readTargets, type Target } from "../jobs/targets.ts";
import { EXIT, type ExitCode, worst } from "../output/exitCodes.ts";
import { createFrame } from "../output/frame.ts";
import type { Io } from "../output/io.ts";
import { count, counted, seconds } from "../output/numbers.ts";
import { canRedraw, harmless, hasColours, painter } from "../output/terminal.ts";
import { textTable } from "../output/textTable.ts";
import type { Given } from "../program/given.ts";
import { triedAgain } from "../progress/words.ts";
import { runAtWork } from "../runtime/atWork.ts";
import { listenForStop, pause } from "../runtime/stop.ts";
import { type StatusReport, type StatusTable, statusReport } from "./statusReport.ts";

/** Between two looks with --watch, milliseconds. */
const LOOK_MS = 2000;

/** Shows how copies stand, by their lake folders alone. */
export async function showStatus(given: Given, io: Io): Promise<ExitCode> {
  const targets = await readTargets(given);
  if (given.watch) return watch(targets, given, io);
  const reports = await Promise.all(targets.map(reportOf));
  if (given.json) for (const report of reports) io.out.write(`${JSON.stringify(report)}\n`);
  else io.out.write(`${linesOf(reports, hasColours(io.out)).join("\n")}\n`);
  return worst(reports.map(codeOf));
}

/** Looks again and again until Ctrl-C: a display on a terminal, and elsewhere what has changed. */
async function watch(targets: readonly Target[], given: Given, io: Io): Promise<ExitCode> {
  const stop = listenForStop(() => undefined);
  const frame = !given.json && canRedraw(io.out) ? createFrame(io.out) : null;
  let before = "";
  let lines: string[] = [];
  const redraw = (): void => frame?.draw(lines);
  io.out.on("resize", redraw);
  try {
    while (!stop.signal.aborted) {
      const reports = await Promise.all(targets.map(reportOf));
      lines = linesOf(reports, hasColours(io.out));
      const same = JSON.stringify(reports.map(({ at, lagSeconds, run, ...rest }) => rest));
      if (frame !== null) frame.draw(lines);
      else if (given.json) for (const report of reports) io.out.write(`${JSON.stringify(report)}\n`);
      else if (same !== before) io.out.write(`${lines.join("\n")}\n`);
      before = same;
      await pause(LOOK_MS, stop.signal);
    }
  } finally {
    io.out.off("resize", redraw);
    frame?.end();
    stop.release();
  }
  return EXIT.done;
}

async function reportOf(target: Target): Promise<StatusReport> {
  const { lake } = target;
  const [state, control] = await Promise.all([readStanding(lake), readControl(lake)]);
  const atWork = await runAtWork(lake, await readState(lake));
  const job = target.job ?? state.job ?? null;
  return statusReport({ ...target, state, job }, control, atWork, new Date());
}

/** 1 where nothing was ever copied, the last run failed, or a table is not copied. */
function codeOf({ state, tables }: StatusReport): ExitCode {
  if (state === "none" || state === "failed") return EXIT.failed;
  return tables.some((table) => table.state === "failed" || table.state === "stopped")
    ? EXIT.failed
    : EXIT.done;
}

const WORDS: Readonly<Record<StatusReport["state"], string>> = {
  none: "nothing was copied into this folder yet",
  idle: "idle",
  running: "running",
  interrupted: "interrupted: no run is at work on what is open; run the copy again to go on",
  paused: "paused; kusto-copy resume lets it go on",
  cancelled: "cancelled; kusto-copy resume copies the rest",
  failed: "FAILED",
};

const TABLE_WORDS: Readonly<Record<StatusTable["state"], string>> = {
  upToDate: "up to date",
  copying: "copying",
  history: "history not copied yet",
  behind: "behind the others",
  failed: "FAILED",
  stopped: "STOPPED",
};

function linesOf(reports: readonly StatusReport[], colours: boolean): string[] {
  const paint = painter(colours);
  return reports.flatMap((report) => [
    ...(report.source === null || report.destination === null
      ? [paint("bold", report.lake)]
      : [`${paint("bold", report.job)}: ${report.source} to ${report.destination}`, `  in ${report.lake}`]),
    `  ${stateLine(report)}`,
    ...(report.error === null ? [] : [paint("red", `  ${harmless(report.error)}`)]),
    ...report.warnings.map((text) => paint("yellow", `  Warning: ${harmless(text)}`)),
    ...(report.last === null
      ? []
      : [
          `  last iteration: ${report.last.iteration} (${laneWord(report.last.lane)}), ${counted(report.last.rows, "row")} of ${counted(report.last.tables, "table")}, committed ${report.last.committedAt}`,
        ]),
    ...report.open.flatMap((each) => [
      `  open: iteration ${each.iteration} (${laneWord(each.lane)}), ${count(each.staged)} of ${counted(each.windows, "window")} verified`,
      ...triedAgain(each.retries, 200).map((text) => `    ${text}`),
    ]),
    ...(report.resyncsWaiting === 0
      ? []
      : [`  ${counted(report.resyncsWaiting, "request")} to resynchronise waiting`]),
    ...(report.tables.length === 0 ? [] : tableLines(report.tables)),
  ]);
}

function stateLine({ state, run, lagSeconds, rpoSeconds, asked }: StatusReport): string {
  const seen = run?.lastSeenSecondsAgo;
  const parts = [
    WORDS[state],
    ...(state === "running" && run && typeof seen === "number"
      ? [`run ${run.id} by ${run.instance}, seen ${seconds(seen)} ago`]
      : []),
    ...(asked !== null && asked.wanted !== "run"
      ? [`asked to ${asked.wanted} by ${asked.by}, ${asked.at}`]
      : []),
    ...(lagSeconds === null ? [] : [lagWords(lagSeconds, rpoSeconds)]),
  ];
  return parts.join("; ");
}

function lagWords(lag: number, rpo: number | null): string {
  const behind = `the replica is ${seconds(lag)} behind`;
  if (rpo === null) return behind;
  const over = lag > rpo ? `, ${seconds(lag - rpo)} more than its RPO of ` : ", RPO ";
  return `${behind}${over}${formatDuration(rpo * 1000)}`;
}

function laneWord(lane: "forward" | "backfill"): string {
  return lane === "backfill" ? "history" : "new data";
}

function tableLines(tables: readonly StatusTable[]): string[] {
  return textTable(tables, [
    { title: "table", text: ({ name }) => name },
    {
      title: "state",
      text: ({ state, resync, days }) => `${TABLE_WORDS[state]}${anew(resync, days)}`,
    },
    {
      title: "windows",
      text: ({ windows }) => (windows === null ? "" : `${windows.staged}/${windows.total}`),
      right: true,
    },
    { title: "rows copied last", text: ({ rows }) => count(rows), right: true },
    { title: "retries", text: retriesCell, right: true },
    { title: "error", text: ({ error, warning }) => error ?? warning ?? "" },
  ]);
}

function anew(resync: boolean, days: readonly string[]): string {
  if (resync) return ", to be copied anew";
  if (days.length === 0) return "";
  return `, ${days.length > 3 ? `${days.length} days` : days.join(", ")} to be copied anew`;
}

function retriesCell({ retries: { steps, attempts } }: StatusTable): string {
  return steps + attempts === 0 ? "" : count(steps + attempts);
}
