import { z } from "zod";

/** Tables that a report has in full. */
export const TABLES_IN_FULL = 1000;
/** UTF-8 bytes of a report's list: with its frame it stays below the message of 1 MiB that one backend allows at most. */
const BYTES_IN_FULL = 700_000;
/** Characters of one text of a report: a cluster's own words may be long, and their beginning tells. */
const LONGEST_TEXT = 2000;

/** What a report says of the part of its list that it leaves out. */
export const listBounds = {
  more: z
    .number()
    .int()
    .nonnegative()
    .describe(
      `Tables that are counted in the totals and not listed: a report lists at most ${TABLES_IN_FULL}, those that need somebody first.`,
    ),
};

/**
 * The beginning of a list that a message can carry: at most a thousand items, of at most 700,000 bytes together. The
 * rest is counted.
 */
export function bounded<T>(items: readonly T[]): { items: T[]; more: number } {
  const kept: T[] = [];
  let bytes = 0;
  for (const item of items) {
    bytes += utf8Bytes(JSON.stringify(item)) + 1;
    if (kept.length === TABLES_IN_FULL || bytes > BYTES_IN_FULL) break;
    kept.push(item);
  }
  return { items: kept, more: items.length - kept.length };
}

/** A text of a report, cut where it is longer than one needs to read. */
export function shortText(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT - 1)}…`;
}

function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}
