import { type Retries, sumOfRetries } from "../../model/retries.ts";
import type { Committed, CopyEvent, Idle, Progress, Summary } from "../output/events.ts";
import { bytes, count, counted, seconds } from "../output/numbers.ts";
import { clipped, harmless, padded, painter, widthOf } from "../output/terminal.ts";

/**
 * Says events in plain words: lines to stay. Why a table failed is said at the end, once; by a copy that runs on with each
 * iteration, as its end may be far. Progress has its own forms, and says nothing here.
 */
export function speaker(many: boolean, paint = painter(false)): (event: CopyEvent) => string[] {
  const runOn = new Set<string>();
  return (event) => {
    if (event.event === "started" && event.continuous) runOn.add(event.job);
    return wordsOf(event, many, paint, runOn.has(event.job));
  };
}

function wordsOf(
  event: CopyEvent,
  many: boolean,
  paint: ReturnType<typeof painter>,
  runsOn: boolean,
): string[] {
  const lead = many ? `${event.job}: ` : "";
  switch (event.event) {
    case "started":
      return [
        `${lead}Copying ${event.source} to ${event.destination}, by way of ${event.lake}.${event.continuous ? " Ctrl-C stops." : ""}`,
      ];
    case "committed": {
      const lane = event.lane === "backfill" ? "history" : "new data";
      const what =
        event.tables === 0
          ? "nothing new"
          : `${counted(event.rows, "row")} of ${counted(event.tables, "table")} (${bytes(event.bytes)})`;
      const lag = event.lagSeconds === null ? "" : `; the replica is ${seconds(event.lagSeconds)} behind`;
      const nothing = event.tables === 0 && event.failed.length > 0;
      return [
        nothing
          ? paint("red", `${lead}Iteration ${event.iteration} (${lane}) failed: nothing was copied.`)
          : `${lead}Iteration ${event.iteration} (${lane}) is in: ${what}${lag}.`,
        ...failedLines(event.failed, runsOn).map((line) => paint("red", `${lead}  ${line}`)),
      ];
    }
    case "message":
      return [paint(event.level === "warning" ? "yellow" : "dim", `${lead}${harmless(event.text)}`)];
    case "summary":
      return summaryLines(event, lead, paint);
    case "asked":
      return [`${event.job}: ${event.text}`];
    case "idle":
      return event.why === null ? [] : [`${lead}${event.why}`];
    case "progress":
      return [];
  }
}

function failedLines(failed: Committed["failed"], runsOn: boolean): string[] {
  if (runsOn) return failed.map(({ table, error }) => `${harmless(table)}: ${harmless(error)}`);
  if (failed.length === 0) return [];
  const names = failed.slice(0, 5).map(({ table }) => harmless(table));
  const more =
    failed.length > names.length ? ` and ${counted(failed.length - names.length, "more table")}` : "";
  return [`${names.join(", ")}${more} failed: the end tells why.`];
}

const ENDINGS: Readonly<Record<Summary["outcome"], string>> = {
  done: "Done",
  failed: "FAILED",
  stopped: "Stopped",
  paused: "Paused",
  cancelled: "Cancelled",
  elsewhere: "Not done here",
};

/** Tables that a summary lists in full; what failed is always listed. */
const TABLES_LISTED = 20;

function summaryLines(summary: Summary, lead: string, paint: ReturnType<typeof painter>): string[] {
  const copied = summary.tables.filter((table) => table.state !== "failed" && table.rows > 0);
  const failed = summary.tables.filter((table) => table.state === "failed");
  const what =
    copied.length === 0
      ? failed.length === 0
        ? "nothing new was found"
        : `nothing was copied, ${counted(failed.length, "table")} failed`
      : `${counted(summary.rows, "row")} of ${failed.length > 0 ? `${count(copied.length)} of ${counted(summary.tables.length, "table")}` : counted(copied.length, "table")} copied${failed.length > 0 ? `, ${counted(failed.length, "table")} failed` : ""}`;
  const style = summary.outcome === "done" ? "green" : summary.outcome === "failed" ? "red" : "yellow";
  const lag = summary.lagSeconds === null ? "" : `; the replica is ${seconds(summary.lagSeconds)} behind`;
  const told = summary.outcome === "done" || summary.tables.length > 0;
  const head = `${lead}${ENDINGS[summary.outcome]} after ${seconds(summary.seconds)}${told ? `: ${what}${lag}` : ""}.`;
  const width = Math.min(40, Math.max(0, ...summary.tables.map((table) => widthOf(table.name))));
  const row = (name: string, rest: string) => `  ${padded(clipped(harmless(name), width), width)}  ${rest}`;
  const listed = copied.toSorted((a, b) => b.rows - a.rows).slice(0, TABLES_LISTED);
  return [
    ...listed.map((table) =>
      row(
        table.name,
        `${count(table.rows).padStart(13)} rows  ${counted(table.windows.total, "window")}${table.state === "running" ? ", not all shown yet" : ""}`,
      ),
    ),
    ...(copied.length > listed.length
      ? [`  and ${counted(copied.length - listed.length, "more table")}`]
      : []),
    ...failed.map((table) => paint("red", row(table.name, `failed: ${harmless(table.error ?? "")}`))),
    paint(style, head),
    ...triedAgain(sumOfRetries(summary.tables.map(({ retries }) => retries)), 200).map((text) => `  ${text}`),
    ...(summary.reason === null ? [] : [`  ${harmless(summary.reason)}`]),
    ...(summary.next === null ? [] : [`  ${summary.next}`]),
  ];
}

/** Progress in one line, for a pipe. */
export function progressLine(progress: Progress, many: boolean): string {
  const { windows } = progress;
  const lead = many ? `${progress.job}: ` : "";
  if (windows.total === 0) return `${lead}${notYet(progress)}`;
  return `${lead}${percent(progress)}  windows: ${count(windows.exported)} exported, ${count(windows.staged)} verified, ${count(windows.promoted)} shown of ${count(windows.total)}; ${figures(progress).join(", ")}`;
}

/** Rows, speed, time left, lag, and what holds it up. */
export function figures(progress: Progress): string[] {
  const { rows, bytesPerSecond, secondsLeft, lagSeconds, refused, waiting } = progress;
  return [
    `${counted(rows, "row")}`,
    `${bytes(bytesPerSecond)}/s`,
    ...(secondsLeft === null || secondsLeft === 0 ? [] : [`${seconds(secondsLeft)} left`]),
    ...(lagSeconds === null ? [] : [`lag ${seconds(lagSeconds)}`]),
    ...(refused.windows === 0 ? [] : [`throttled: ${counted(refused.windows, "window")} wait`]),
    ...triedAgain({ steps: refused.tries, attempts: refused.attempts, reason: refused.reason }, 60),
    ...(waiting === null ? [] : [`waiting: ${harmless(waiting)}`]),
  ];
}

/** What was tried again, and why the last time; nothing where nothing was. `room`: how much of a reason is told, in columns. */
export function triedAgain({ steps, attempts, reason }: Retries, room: number): string[] {
  if (steps + attempts === 0) return [];
  const parts = [
    ...(steps === 0 ? [] : [counted(steps, "step")]),
    ...(attempts === 0 ? [] : [counted(attempts, "attempt")]),
  ];
  const why = reason === null ? "" : `: ${clipped(harmless(reason), room)}`;
  return [`${parts.join(" and ")} tried again${why}`];
}

export function percent({ fraction }: Progress): string {
  return `${Math.floor(fraction * 100)}%`.padStart(4);
}

/** What is said while no window is known. */
export function notYet({ waiting, iterations }: Progress): string {
  if (waiting !== null) return `waiting to try again: ${harmless(waiting)}`;
  return iterations.length === 0 ? "looking what there is to copy" : "planning";
}

/** What is said between two iterations. */
export function idleLine({ nextAt, lagSeconds, why }: Idle, now: number): string {
  const lag = lagSeconds === null ? "" : `, lag ${seconds(lagSeconds)}`;
  const left = Math.max(0, Date.parse(nextAt) - now) / 1000;
  return why ?? `up to date${lag}; next iteration in about ${seconds(left)}`;
}
