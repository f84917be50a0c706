import { FOLLOWED } from "./checkpoint/entries.ts";
import type { State } from "./checkpoint/state.ts";
import { countedRows } from "./counted.ts";
import { copiedAsOf } from "./lag.ts";
import { dayTag } from "./naming.ts";
import { selectsTable } from "./tableSelection.ts";
import { dayOfTicks, TICKS_PER_DAY, ticksFromIso, ticksFromMs } from "./ticks.ts";

/** More days than these are a table to be copied whole. */
export const MOST_DAYS = 1000;

/**
 * UTC days as people write them, `2026-11-20` or from one to another `2026-11-20..2026-11-23`, each once and the oldest
 * first; and what is wrong with those that can't be read, by their place.
 */
export function readDays(texts: readonly string[]): {
  days: string[];
  problems: { at: number; detail: string }[];
} {
  const days = new Set<string>();
  const problems: { at: number; detail: string }[] = [];
  texts.forEach((text, at) => {
    const [first = "", last = first, more] = text.trim().split("..");
    const [from, to] = [ticksOfDay(first), ticksOfDay(last)];
    if (from === undefined || to === undefined || more !== undefined)
      problems.push({
        at,
        detail: `"${text}" is no day: write it as 2026-11-20, or several as 2026-11-20..2026-11-23.`,
      });
    else if (from > to) problems.push({ at, detail: `"${text}" ends before it begins.` });
    else if ((to - from) / TICKS_PER_DAY >= BigInt(MOST_DAYS)) problems.push({ at, detail: tooMany(text) });
    else for (let day = from; day <= to; day += TICKS_PER_DAY) days.add(dayOfTicks(day));
  });
  const all = [...days].toSorted();
  if (all.length > MOST_DAYS) problems.push({ at: 0, detail: tooMany("This") });
  return { days: all, problems };
}

function tooMany(what: string): string {
  return `${what} is more than ${MOST_DAYS} days: resynchronise the tables whole.`;
}

/** First tick of a UTC day that exists, or undefined. */
function ticksOfDay(text: string): bigint | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return undefined;
  try {
    return ticksFromIso(text);
  } catch {
    return undefined;
  }
}

/** Why days of tables that the log knows can't be resynchronised, as far as the log tells; empty where they can. */
export function refusedDays(
  state: State,
  tables: readonly string[],
  days: readonly string[],
  now: Date,
): { about: "tables" | "days"; detail: string }[] {
  const last = days.at(-1) ?? "";
  const today = dayOfTicks(ticksFromMs(now.getTime()));
  const asOf = copiedAsOf(state);
  const refusals: { about: "tables" | "days"; detail: string }[] = [];
  if (last > today)
    refusals.push({ about: "days", detail: `${last} is still to come: it is ${today} (UTC).` });
  else if (asOf !== undefined && last > asOf.slice(0, 10))
    refusals.push({
      about: "days",
      detail: `Nothing of ${last} is copied yet: the copy stands at ${asOf}. Its next iterations bring that day.`,
    });
  for (const name of tables) {
    const reason = unfitTable(name, state);
    if (reason !== undefined) refusals.push({ about: "tables", detail: reason });
  }
  return refusals;
}

function unfitTable(name: string, { tables, job }: State): string | undefined {
  const known = tables[name];
  if (known?.stopped !== undefined)
    return `The copy of table ${name} has stopped, and days of it don't make that good: resynchronise it whole.`;
  if (known?.signature !== undefined && known.signature !== FOLLOWED) return snapshotReason(name);
  const declared = job?.tables.snapshot ?? [];
  if (declared.length > 0 && selectsTable(name, declared, [])) return snapshotReason(name);
  return undefined;
}

/** Why days of a snapshot table can't be replaced. */
export function snapshotReason(name: string): string {
  return `Table ${name} is copied whole and has no days: resynchronise it whole.`;
}

/** An extent of the destination, as far as its days go. */
export interface TaggedExtent {
  readonly RowCount: bigint;
  readonly Tags: readonly string[];
}

const DAY_TAG = new RegExp(`^${dayTag("(\\d{4}-\\d\\d-\\d\\d)")}$`);

/** The days that an extent is tagged with: one for what a copy brought, none for rows without an ingestion time. */
export function daysOfExtent({ Tags }: TaggedExtent): string[] {
  return Tags.flatMap((tag) => DAY_TAG.exec(tag)?.[1] ?? []);
}

/**
 * The extents that hold what the destination has of these days, and nothing else. `problem` instead, where that can't be told:
 * an extent is of one of them and of another day too, or more rows than `undated` lie in extents without a day, so that rows
 * of these days may be among them.
 */
export function extentsOfDays<E extends TaggedExtent>(
  table: string,
  extents: readonly E[],
  days: readonly string[],
  undated: number,
): { readonly drop: E[]; readonly problem?: string } {
  const wanted = new Set(days);
  const drop: E[] = [];
  for (const extent of extents) {
    const own = daysOfExtent(extent);
    const other = own.find((day) => !wanted.has(day));
    const mine = own.find((day) => wanted.has(day));
    if (mine === undefined) continue;
    if (other !== undefined)
      return {
        drop: [],
        problem: `An extent of table ${table} at the destination carries the tags of two days, ${mine} and ${other}: rows of the one can't be replaced without the other's. Resynchronise both days together, or the table whole.`,
      };
    drop.push(extent);
  }
  const loose = undatedRows(extents);
  if (loose <= BigInt(undated)) return { drop };
  return { drop: [], problem: undatedReason(table, loose, BigInt(undated)) };
}

/** Rows in extents that carry the tag of no day. */
export function undatedRows(extents: readonly TaggedExtent[]): bigint {
  return extents.reduce(
    (sum, extent) => (daysOfExtent(extent).length === 0 ? sum + extent.RowCount : sum),
    0n,
  );
}

/** Why no day can be replaced in a table that holds more, or fewer, rows without a day than the copy brought. */
export function undatedReason(table: string, found: bigint, expected: bigint): string {
  return `Table ${table} holds ${countedRows(found)} at the destination in extents without a drop-by:kc-<day> tag where ${expected} should be, as many as have no ingestion time at the source: something else wrote them, or took the tags off, and rows of the days that were asked for may be among them. Resynchronise the table whole, which replaces all that it holds.`;
}
