import { z } from "zod";
import { Terminal } from "../../model/errors.ts";
import { type Column, guidLiteral, longLiteral, quoteName, quoteString } from "../names.ts";
import { type KustoRow, rowsOf, singleRow } from "../rows.ts";
import { rowText } from "./rowText.ts";

/**
 * How property bags count: `text` compares dynamics as they print, which is fast but finds equal bags different when their
 * entries are in another order (`kusto/query/scalar-data-types/dynamic.md`); `orderBlind` compares them in canonical form.
 */
export type BagComparison = "text" | "orderBlind";

export interface HashRequest {
  readonly table: string;
  /** The pipes between the table's name and the hash; left out for the whole table. */
  readonly filter?: string | undefined;
  readonly columns: readonly Column[];
  readonly bags?: BagComparison | undefined;
  /** Answer where the rows came from too: the ids of their extents, at most as many as this, and their last ingestion time. */
  readonly extents?: number | undefined;
}

/**
 * A hash of a multiset of rows that doesn't depend on their order: each row as a text in which no two different rows are
 * alike, the MD5 of it (an algorithm that is promised not to change, `kusto/query/hash-md5-function.md`), and the sums of three
 * of its 28-bit pieces. A sum of longs can't overflow below 2^35 rows.
 */
export function hashQuery({ table, filter = "", columns, bags = "text", extents }: HashRequest): string {
  const extentColumn =
    extents === undefined ? "" : ", Extent = tostring(extent_id()), Ingested = ingestion_time()";
  const extentSet =
    extents === undefined
      ? ""
      : `, Extents = make_set(Extent, ${longLiteral(extents)}), LastIngested = max(Ingested)`;
  return `${quoteName(table)}${filter} | project H = hash_md5(${rowText(columns, bags)})${extentColumn} | summarize ${SUMS}${extentSet}`;
}

/**
 * Where rows come from and nothing else: the ids of their extents, at most as many as this, and their last ingestion time. For
 * rows that a query changes, since an operator like project leaves neither (`kusto/query/ingestion-time-function.md`).
 */
export function originsQuery(table: string, filter: string, extents: number): string {
  return `${quoteName(table)}${filter} | project Extent = tostring(extent_id()), Ingested = ingestion_time() | summarize Extents = make_set(Extent, ${longLiteral(extents)}), LastIngested = max(Ingested)`;
}

export interface ExtentHashRequest {
  readonly table: string;
  readonly ids?: readonly string[] | undefined;
  readonly filter?: string | undefined;
  readonly columns: readonly Column[];
  readonly bags?: BagComparison | undefined;
}

/** The same hash for each extent by itself, of these extents or of all (`kusto/query/extent-id-function.md`). */
export function hashByExtent({ table, ids, filter = "", columns, bags = "text" }: ExtentHashRequest): string {
  const only = ids === undefined ? "" : ` | where extent_id() in (${ids.map(guidLiteral).join(", ")})`;
  if (ids?.length === 0) throw new Error("There are no extents to hash.");
  return `${quoteName(table)}${only}${filter} | project H = hash_md5(${rowText(columns, bags)}), Extent = tostring(extent_id()) | summarize ${SUMS} by Extent`;
}

/** By which day rows are told apart: that of their ingestion, or the one that a copy's tag on their extent names. */
export type DayOf = "ingestion" | "tag";

const DAY_TEXTS: Readonly<Record<DayOf, string>> = {
  ingestion: "format_datetime(ingestion_time(), 'yyyy-MM-dd')",
  tag: `extract('drop-by:kc-([0-9]{4}-[0-9]{2}-[0-9]{2})', 1, tostring(extent_tags()))`,
};

/**
 * The same hash for each day by itself; rows without a day have the empty one (`kusto/query/format-datetime-function.md`,
 * `kusto/query/extract-function.md`, `kusto/query/extent-tags-function.md`).
 */
export function hashByDay({ table, filter = "", columns, bags = "text" }: HashRequest, day: DayOf): string {
  return `${quoteName(table)}${filter} | project H = hash_md5(${rowText(columns, bags)}), Day = ${DAY_TEXTS[day]} | summarize ${SUMS} by Day`;
}

const SUMS = [
  "Rows = count()",
  ...[0, 7, 14].map(
    (start, index) => `H${index + 1} = sum(tolong(strcat(${quoteString("0x")}, substring(H, ${start}, 7))))`,
  ),
].join(", ");

const sum = z
  .bigint()
  .nullable()
  .transform((value) => value ?? 0n);

const hashAnswer = z.object({
  Rows: z.bigint(),
  H1: sum,
  H2: sum,
  H3: sum,
  Extents: z.string().optional(),
  LastIngested: z.string().nullish(),
});

export interface ContentHash {
  readonly rows: bigint;
  /** Three sums as one text; equal for equal multisets of rows. */
  readonly hash: string;
}

const originsAnswer = z.object({ Extents: z.string().nullish(), LastIngested: z.string().nullish() });

export interface Origins {
  readonly extents: readonly string[];
  readonly lastIngested: string | null;
}

/** The answer of `originsQuery`. */
export function readOrigins(rows: readonly KustoRow[]): Origins {
  return origins(singleRow(originsAnswer, rows));
}

function origins({ Extents, LastIngested }: z.infer<typeof originsAnswer>): Origins {
  const extents: unknown = Extents ? JSON.parse(Extents) : [];
  return { extents: z.array(z.string()).parse(extents), lastIngested: LastIngested ?? null };
}

/** The answer of `hashQuery`. */
export function readHash(rows: readonly KustoRow[]): ContentHash & Origins {
  const answer = singleRow(hashAnswer, rows);
  return { ...contentHash(answer), ...origins(answer) };
}

/** The answer of `hashByExtent`, by extent id. */
export function readHashByExtent(rows: readonly KustoRow[]): Map<string, ContentHash> {
  const answers = rowsOf(hashAnswer.extend({ Extent: z.string() }), rows);
  return new Map(answers.map((answer) => [answer.Extent, contentHash(answer)]));
}

/** The answer of `hashByDay`, by day; the empty text for rows without one. */
export function readHashByDay(rows: readonly KustoRow[]): Map<string, ContentHash> {
  const answers = rowsOf(hashAnswer.extend({ Day: z.string().nullable() }), rows);
  return new Map(answers.map((answer) => [answer.Day ?? "", contentHash(answer)]));
}

/** The hash of some sets of rows less those of others, all of which they hold. */
export function subtractHashes(all: readonly ContentHash[], less: readonly ContentHash[]): ContentHash {
  const [from, taken] = [combineHashes(all), combineHashes(less)];
  const others = taken.hash.split("-");
  const sums = from.hash
    .split("-")
    .map((part, index) => BigInt(`0x${part}`) - BigInt(`0x${others[index] ?? "0"}`));
  return { rows: from.rows - taken.rows, hash: sums.map(hex).join("-") };
}

/** The hash of several disjoint sets of rows together: the sums add up. */
export function combineHashes(hashes: readonly ContentHash[]): ContentHash {
  const sums = [0n, 0n, 0n];
  let rows = 0n;
  for (const item of hashes) {
    rows += item.rows;
    for (const [index, part] of item.hash.split("-").entries())
      sums[index] = (sums[index] ?? 0n) + BigInt(`0x${part}`);
  }
  return { rows, hash: sums.map(hex).join("-") };
}

function contentHash({ Rows, H1, H2, H3 }: z.infer<typeof hashAnswer>): ContentHash {
  // Sums over nothing would make any two tables look alike.
  if (Rows > 0n && H1 === 0n && H2 === 0n && H3 === 0n) {
    throw new Terminal(
      "The cluster answered an empty content hash for rows that exist",
      {},
      {
        advice: "The cluster doesn't read hexadecimal numbers as expected; the copy can't be verified on it.",
      },
    );
  }
  if (Rows >= 2n ** 35n)
    throw new Terminal(
      `A content hash covers fewer than 2^35 rows, not ${Rows}`,
      {},
      { advice: "Use smaller windows." },
    );
  return { rows: Rows, hash: [H1, H2, H3].map(hex).join("-") };
}

function hex(value: bigint): string {
  return value.toString(16).padStart(16, "0");
}
