import { countedRows } from "./counted.ts";
import type { DifferingDay, VerifiedTable } from "./reports/verification.ts";

/** What was seen of a table whose two sides are not equal. */
export interface Seen {
  readonly table: string;
  readonly source: { readonly rows: number };
  readonly destination: { readonly rows: number };
  /** Days on which they differ, all of them; undefined where days can't be told. */
  readonly days: readonly DifferingDay[] | undefined;
  /** Rows of extents at the destination that hold just the rows of another one. */
  readonly doubled: number;
  /** First day that each side's retention keeps, yyyy-mm-dd; undefined where it keeps all. */
  readonly keptFrom: { readonly source: string | undefined; readonly destination: string | undefined };
  /** A table that is copied whole, and that has changed at the source since. */
  readonly changedSince: boolean;
}

export type Explanation = Pick<VerifiedTable, "state" | "reason" | "advice">;

const RESYNC = "kusto-copy resync copies the table whole once more and replaces what the destination holds.";

/**
 * What a difference most likely is. A source that lost rows after they were copied (retention, deletion) is told as that and
 * not as a wrong copy, but only where every difference is of that kind: rows that are missing at the destination, that came
 * twice, or that this copy never brought, are told first.
 */
export function explained(seen: Seen): Explanation {
  const { source, destination, days, doubled } = seen;
  if (seen.changedSince) {
    return {
      state: "changed",
      reason: "The table is copied whole, and has changed at the source since its last copy.",
      advice: "The next iteration brings it; verify then.",
    };
  }
  const missing = days?.filter((each) => each.source > each.destination) ?? [];
  const lacking = days
    ? sum(missing, "source") - sum(missing, "destination")
    : source.rows - destination.rows;
  if (lacking > 0) return missingRows(seen, missing, lacking);
  if (doubled > 0) {
    return {
      state: "different",
      reason: `The destination holds ${countedRows(destination.rows)} where ${source.rows} should be, and ${countedRows(doubled)} lie there twice: extents with just the rows of other ones.`,
      advice: RESYNC,
    };
  }
  const strange = days?.find((each) => each.day === null && each.destination > each.source);
  if (strange) {
    return {
      state: "different",
      reason: `The destination holds ${countedRows(strange.destination - strange.source)} that this copy did not bring: their extents don't carry its tag.`,
      advice: `Find out what else writes into table ${seen.table}; a copy needs its destination tables for itself. ${RESYNC}`,
    };
  }
  const other = days?.filter((each) => each.source === each.destination) ?? [];
  if (destination.rows === source.rows || other.length > 0) {
    const where = other.length > 0 ? ` of ${named(other)}` : "";
    return {
      state: "different",
      reason: `Both sides hold as many rows${where}, and their contents differ.`,
      advice: `Rows were changed at the destination, or replaced at the source. ${RESYNC}`,
    };
  }
  return fewerAtSource(seen);
}

function missingRows(seen: Seen, missing: readonly DifferingDay[], lacking: number): Explanation {
  const where = missing.length > 0 ? ` (${named(missing)})` : "";
  const kept = seen.keptFrom.destination;
  const aged =
    kept !== undefined && missing.length > 0 && missing.every(({ day }) => day !== null && day <= kept);
  return {
    state: "different",
    reason: aged
      ? `The destination lacks ${lacking} of ${countedRows(seen.source.rows)}${where}, all older than what its retention keeps (from ${kept}).`
      : `The destination lacks ${lacking} of ${countedRows(seen.source.rows)}${where}.`,
    advice: aged
      ? "Lengthen the destination's retention and resynchronise the table if they should stay, or give the job a horizon."
      : `Rows were dropped at the destination after they were copied. ${RESYNC}`,
  };
}

function fewerAtSource({ source, destination, days, keptFrom }: Seen): Explanation {
  const fewer = destination.rows - source.rows;
  const where = days && days.length > 0 ? ` (${named(days)})` : "";
  const kept = keptFrom.source;
  const aged = kept !== undefined && days?.every(({ day }) => day !== null && day <= kept) === true;
  const doubt = days
    ? " Rows that came twice would look the same once their extents are merged."
    : " Days can't be told for this table, so rows that came twice would look the same.";
  return {
    state: "changed",
    reason: aged
      ? `The source holds ${countedRows(fewer)} fewer now than were copied${where}: its retention keeps rows from ${kept} on.`
      : `The source holds ${countedRows(fewer)} fewer now than were copied${where}: what is missing was deleted there since, which a copy doesn't follow.${doubt}`,
    advice: aged
      ? "Nothing, if the destination should keep them longer; else set the same retention there."
      : `Nothing, if the destination should keep them. Else: ${RESYNC}`,
  };
}

const DAYS_NAMED = 5;

function named(days: readonly DifferingDay[]): string {
  const texts = days.slice(0, DAYS_NAMED).map(({ day }) => day ?? "rows without a day");
  const more = days.length - texts.length;
  return `${texts.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function sum(days: readonly DifferingDay[], side: "source" | "destination"): number {
  return days.reduce((total, each) => total + each[side], 0);
}
