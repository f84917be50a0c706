import type { Check, CheckupReport } from "../../model/reports/checkup.ts";
import type { PlanReport, PlanTable } from "../../model/reports/plan.ts";
import type { VerificationReport, VerifiedTable } from "../../model/reports/verification.ts";
import { bytes, count, counted, seconds } from "../output/numbers.ts";
import { harmless, type Painter } from "../output/terminal.ts";
import { textTable } from "../output/textTable.ts";

type Ends = Pick<PlanReport, "job" | "source" | "destination" | "lake">;

function head({ job, source, destination, lake }: Ends, paint: Painter): string[] {
  return [
    `${paint("bold", job)}: ${source.cluster}/${source.database} to ${destination.cluster}/${destination.database}`,
    `  in ${lake}`,
  ];
}

/** A plan, as a person reads it. */
export function planLines(report: PlanReport, paint: Painter): string[] {
  const { totals, estimate, follower } = report;
  const size = totals.bytes === null ? "" : `, ${bytes(totals.bytes)}`;
  return [
    ...head(report, paint),
    ...(report.log === "none" ? ["  Nothing was copied into this folder yet."] : []),
    ...report.iterations.map(
      (each) =>
        `  Iteration ${each.iteration} (${each.lane === "backfill" ? "history" : "new data"}${each.resumed ? ", begun already" : ""}): ${counted(each.rows, "row")} of ${counted(each.tables, "table")} in ${counted(each.windows, "window")}; nothing new in ${count(each.quiet)}.`,
    ),
    ...(report.tables.length === 0 ? [] : textTable(report.tables, PLAN_COLUMNS)),
    ...moreLine(report.more),
    ...report.tables.flatMap(tableNotes),
    ...report.warnings.map((text) => paint("yellow", `  Warning: ${harmless(text)}`)),
    `  Follower: ${follower.possible === "yes" ? "would do as well. " : ""}${harmless(follower.reason)}`,
    ...(estimate === null
      ? []
      : [
          `  Estimate: ${seconds(estimate.low)} to ${seconds(estimate.high)} with ${estimate.slots.export} export, ${estimate.slots.ingestion} ingestion and ${estimate.slots.query} query slots. ${harmless(estimate.how)}`,
        ]),
    paint(
      totals.refused > 0 ? "red" : "green",
      totals.copied + totals.prepared + totals.refused === 0
        ? "Nothing to copy."
        : `${counted(totals.rows, "row")}${size} of ${counted(totals.copied, "table")} would be copied${totals.prepared > 0 ? `, ${counted(totals.prepared, "empty table")} made` : ""}${totals.refused > 0 ? `, ${counted(totals.refused, "table")} REFUSED` : ""}. Nothing was changed.`,
    ),
  ];
}

const PLAN_COLUMNS = [
  { title: "table", text: ({ name }: PlanTable) => name },
  {
    title: "would be",
    text: (table: PlanTable) => stateWord(table),
  },
  { title: "windows", text: ({ windows }: PlanTable) => count(windows), right: true },
  { title: "rows", text: ({ rows }: PlanTable) => count(rows), right: true },
  {
    title: "size",
    text: (table: PlanTable) => (table.bytes === null ? "" : bytes(table.bytes)),
    right: true,
  },
  { title: "format", text: ({ format }: PlanTable) => format ?? "" },
];

function tableNotes({ name, reason, changes, dropped }: PlanTable): string[] {
  return [
    ...(reason === null ? [] : [`  ${harmless(name)}: ${harmless(reason)}`]),
    ...changes.map(({ text }) => `  ${harmless(name)}: ${harmless(text)}`),
    ...(dropped === null
      ? []
      : [
          `  ${harmless(name)}: ${counted(dropped.rows, "row")} or more, ingested before ${dropped.before}, would be dropped at once by the destination's retention of ${dropped.softDeletePeriod}.`,
        ]),
  ];
}

const VERIFIED_WORDS: Readonly<Record<VerifiedTable["state"], string>> = {
  equal: "equal",
  different: "DIFFERENT",
  changed: "CHANGED at the source",
  notCopied: "not copied yet",
  stopped: "STOPPED",
  gone: "GONE from the source",
  unknown: "not compared",
};

/** A verification, as a person reads it. */
export function verificationLines(report: VerificationReport, paint: Painter): string[] {
  const { totals, verdict } = report;
  const others = Object.entries(VERIFIED_WORDS).flatMap(([state, word]) => {
    const number = Object.entries(totals).find(([name]) => name === state)?.[1] ?? 0;
    return state === "equal" || number === 0 ? [] : [`${count(number)} ${word}`];
  });
  return [
    ...head(report, paint),
    ...(report.tables.length === 0 ? [] : textTable(report.tables, VERIFIED_COLUMNS)),
    ...moreLine(report.more),
    ...report.tables.flatMap((table) => verifiedNotes(table)),
    paint(
      verdict === "equal" ? "green" : verdict === "different" ? "red" : "yellow",
      verdict === "equal"
        ? `Equal: ${counted(totals.equal, "table")}, ${counted(totals.rows, "row")}, by count and content.`
        : `${verdict === "different" ? "DIFFERENT" : "Incomplete"}: ${[`${count(totals.equal)} equal`, ...others].join(", ")}.`,
    ),
  ];
}

const VERIFIED_COLUMNS = [
  { title: "table", text: ({ name }: VerifiedTable) => name },
  {
    title: "source",
    text: ({ source }: VerifiedTable) => (source === null ? "" : count(source.rows)),
    right: true,
  },
  {
    title: "destination",
    text: ({ destination }: VerifiedTable) => (destination === null ? "" : count(destination.rows)),
    right: true,
  },
  { title: "content", text: ({ state }: VerifiedTable) => VERIFIED_WORDS[state] },
];

/** Days that a table lists on a screen; --json has them all. */
const DAYS_SHOWN = 5;

function verifiedNotes({ name, reason, advice, days, moreDays }: VerifiedTable): string[] {
  const rest = days.length - DAYS_SHOWN + moreDays;
  return [
    ...(reason === null
      ? []
      : [`  ${harmless(name)}: ${harmless(reason)}${advice === null ? "" : ` ${harmless(advice)}`}`]),
    ...days
      .slice(0, DAYS_SHOWN)
      .map(
        ({ day, source, destination }) =>
          `    ${day ?? "no ingestion time"}: ${count(source)} at the source, ${count(destination)} at the destination`,
      ),
    ...(rest > 0 ? [`    and ${counted(rest, "more day")}`] : []),
  ];
}

const MARKS: Readonly<Record<Check["state"], { mark: string; style: "green" | "yellow" | "red" }>> = {
  ok: { mark: "ok", style: "green" },
  warning: { mark: "WARNING", style: "yellow" },
  failed: { mark: "FAILED", style: "red" },
  unknown: { mark: "unknown", style: "yellow" },
};

/** A checkup, as a person reads it. */
export function checkupLines(report: CheckupReport, paint: Painter): string[] {
  const { totals, verdict, checks } = report;
  const width = Math.max(0, ...checks.map(({ family, name }) => family.length + name.length + 2));
  return [
    ...head(report, paint),
    ...checks.flatMap(({ family, name, state, seen, why, fix }) => {
      const { mark, style } = MARKS[state];
      const line = `  ${paint(style, mark.padEnd(7))}  ${`${family}: ${name}`.padEnd(width)}  ${harmless(seen)}`;
      if (state === "ok") return [line];
      return [
        line,
        `           ${harmless(why)}`,
        ...(fix === null ? [] : [`           To do: ${harmless(fix)}`]),
      ];
    }),
    paint(
      verdict === "ok" ? "green" : verdict === "failed" ? "red" : "yellow",
      `${verdict === "ok" ? "All is well" : verdict === "failed" ? "The job can't run as it is" : "The job runs, with warnings"}: ${counted(totals.ok, "check")} passed, ${count(totals.failed)} failed, ${counted(totals.warning, "warning")}, ${count(totals.unknown)} unknown.`,
    ),
  ];
}

function moreLine(more: number): string[] {
  return more === 0 ? [] : [`  and ${counted(more, "more table")}`];
}

function stateWord({ state, whole, days }: PlanTable): string {
  if (state === "refused") return "REFUSED";
  if (days.length > 0) return days.length === 1 ? `${days[0]} anew` : `${days.length} days anew`;
  return whole ? "copied whole" : state;
}
