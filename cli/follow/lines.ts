import { readClusterResource } from "../../model/followers/clusterResource.ts";
import type { Detached } from "../../model/followers/detach.ts";
import { hotText, type OverrideState } from "../../model/followers/overrides.ts";
import type {
  FollowedList,
  FollowerReport,
  FollowersList,
  OverrideReport,
} from "../../model/followers/reports.ts";
import type { SharingReport } from "../../model/followers/verification.ts";
import { counted } from "../output/numbers.ts";
import { harmless, type Painter } from "../output/terminal.ts";
import { textTable } from "../output/textTable.ts";

/* Reports and lists about followers, as a person reads them. */

export function reportLines(report: FollowerReport, paint: Painter): string[] {
  switch (report.operation) {
    case "attach":
      return [
        ...report.warnings.map((text) => paint("yellow", `  Warning: ${harmless(text)}`)),
        ...refusedLines(report.refused, paint),
        ...textTable(report.databases, [
          { title: "database", text: ({ database }) => database },
          { title: "configuration", text: ({ configuration }) => configuration },
          { title: "action", text: ({ action }) => action },
          { title: "error", text: ({ error }) => error ?? "" },
        ]),
        ...(report.sharing === null ? [] : sharingLines(report.sharing, paint)),
        endLine(
          report.outcome,
          {
            done: `${counted(report.databases.length, "attachment")} in place at ${shortName(report.follower)}.`,
            failed: "Not all is in place. Settle what is named, and send the same command again.",
            refused: "Nothing was sent.",
          },
          paint,
        ),
      ];
    case "detach":
      return [
        ...refusedLines(report.refused, paint),
        ...report.detached.map(({ error, ...each }) =>
          error === null ? `  ${lostText(each)}` : paint("red", `  ${lostText(each)}: ${harmless(error)}`),
        ),
        endLine(
          report.outcome,
          {
            done: `${counted(report.detached.length, "attachment")} detached.`,
            failed: "Not all is detached. Settle what is named, and send the same command again.",
            refused: "Nothing was sent.",
          },
          paint,
        ),
      ];
    case "override":
      return overrideLines(report, paint);
    case "verify":
      return [
        ...sharingLines(report.sharing, paint),
        endLine(
          report.outcome,
          {
            done: "All is shared, as both sides show it.",
            failed: "Not all is shared, or not all can be seen.",
            refused: "Nothing was asked.",
          },
          paint,
        ),
      ];
  }
}

function overrideLines(report: OverrideReport, paint: Painter): string[] {
  const rows = stateRows(report.before).map(([what, before], i) => ({
    what,
    before,
    after: stateRows(report.after)[i]?.[1] ?? "",
  }));
  return [
    ...textTable(rows, [
      { title: `${report.database} at ${shortName(report.follower)}`, text: ({ what }) => what },
      { title: "before", text: ({ before }) => before },
      { title: report.outcome === "planned" ? "would be" : "after", text: ({ after }) => after },
    ]),
    ...report.changes.map((text) => `  ${harmless(text)}`),
    ...report.warnings.map((text) => paint("yellow", `  Warning: ${harmless(text)}`)),
    ...report.errors.map((text) => paint("red", `  ${harmless(text)}`)),
    endLine(
      report.outcome,
      {
        done:
          report.changes.length === 0
            ? "All is as asked; nothing was sent."
            : `${counted(report.changes.length, "change")} made, in effect at the follower's next refresh.`,
        planned: `${counted(report.changes.length, "change")} would be made. Nothing was sent.`,
        failed: "Not all was changed.",
      },
      paint,
    ),
  ];
}

function stateRows({ caching, principals, prefetch }: OverrideState): [string, string][] {
  const entities = caching.entities.map(({ name, hotMs }) => `${name} ${hotText(hotMs)}`).join(", ");
  const listed = principals.listed
    .map(({ role, principal }) => `${role ?? ""} ${principal}`.trim())
    .join(", ");
  return [
    ["caching", hotText(caching.database)],
    ["caching of tables", entities || "not overridden"],
    ["caching kind", caching.kind],
    ["principals", listed || "none added"],
    ["principals kind", principals.kind],
    ["prefetch", prefetch ? "on" : "off"],
  ];
}

function sharingLines({ databases, missing }: SharingReport, paint: Painter): string[] {
  const worth = databases.flatMap(({ name, checks }) =>
    checks.filter(({ state }) => state !== "passed").map((check) => ({ name, ...check })),
  );
  return [
    ...textTable(databases, [
      { title: "at the follower", text: ({ name }) => name },
      { title: "of", text: ({ database, leader }) => `${database} at ${shortName(leader)}` },
      { title: "state", text: ({ state }) => (state === "passed" ? "shared" : state) },
    ]),
    ...worth.map(({ name, side, check, state, seen }) =>
      paint(state === "failed" ? "red" : "yellow", `  ${name}, ${side}, ${check}: ${harmless(seen)}`),
    ),
    ...missing.map((text) => paint("red", `  ${harmless(text)}`)),
  ];
}

export function followedLines({ follower, attachments }: FollowedList): string[] {
  const rows = attachments.flatMap((each) =>
    (each.databases.length > 0 ? each.databases : [{ name: "", overrides: null, error: null }]).map(
      (database) => ({
        ...each,
        ...database,
        configuration: each.name,
        at: database.name,
      }),
    ),
  );
  return [
    `${shortName(follower.id)} (${follower.location}, ${follower.state}) follows ${counted(attachments.length, "attachment")}:`,
    ...(rows.length === 0
      ? []
      : textTable(rows, [
          { title: "at the follower", text: ({ at }) => at },
          { title: "of", text: ({ database, leader }) => `${database} at ${shortName(leader)}` },
          { title: "state", text: ({ provisioningState }) => provisioningState },
          { title: "principals", text: ({ principals }) => principals },
          { title: "shares", text: ({ sharing }) => (sharing === undefined ? "" : sharingText(sharing)) },
          {
            title: "overrides",
            text: ({ overrides, error }) => error ?? (overrides === null ? "" : overrideText(overrides)),
          },
        ])),
  ];
}

export function followersLines({ leader, followers }: FollowersList): string[] {
  return [
    `${shortName(leader)} is followed by ${counted(followers.length, "attachment")}:`,
    ...(followers.length === 0
      ? []
      : textTable(followers, [
          { title: "database", text: ({ database }) => database },
          {
            title: "follower",
            text: ({ follower, isCluster }) => (isCluster ? shortName(follower) : `${follower} (no cluster)`),
          },
          { title: "configuration", text: ({ configuration }) => configuration },
          { title: "principals", text: ({ settings }) => settings?.principals ?? "" },
          { title: "origin", text: ({ origin }) => origin ?? "" },
          { title: "error", text: ({ error }) => error ?? "" },
        ])),
  ];
}

/** What users lose by a detaching. */
export function lostText({ follower, configuration, databases }: Detached): string {
  const names = databases.length === 0 ? "no database yet" : databases.join(", ");
  return `${names} at ${shortName(follower)} (configuration ${configuration})`;
}

function overrideText(state: OverrideState): string {
  const parts = stateRows(state).filter(([, text]) => !/^(not overridden|none added|off|union)$/.test(text));
  return parts.map(([what, text]) => `${what}: ${text}`).join("; ");
}

function sharingText(sharing: Readonly<Record<string, readonly string[] | undefined>>): string {
  return Object.entries(sharing)
    .flatMap(([list, names]) => (names === undefined ? [] : [`${list} ${names.join(" ")}`]))
    .join("; ");
}

function refusedLines(refused: readonly string[], paint: Painter): string[] {
  return refused.map((text) => paint("red", `  Refused: ${harmless(text)}`));
}

function endLine(outcome: string, texts: Readonly<Record<string, string>>, paint: Painter): string {
  return paint(outcome === "done" || outcome === "planned" ? "green" : "red", texts[outcome] ?? outcome);
}

function shortName(id: string): string {
  return readClusterResource(id)?.name ?? id;
}
