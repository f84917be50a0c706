import type { KustoClient } from "../../kusto/client.ts";
import {
  type BagComparison,
  type ContentHash,
  combineHashes,
  type DayOf,
  hashByDay,
  hashQuery,
  readHash,
  readHashByDay,
  subtractHashes,
} from "../../kusto/commands/contentHash.ts";
import { windowFilter } from "../../kusto/commands/windows.ts";
import type { Column } from "../../kusto/names.ts";
import type { Part } from "../../model/expected.ts";
import { ticksFromIso } from "../../model/ticks.ts";

const HOUR_MS = 3_600_000;

/** A table of a database, and what of it is compared. */
export interface Side {
  readonly client: KustoClient;
  readonly database: string;
  readonly table: string;
  /** Pipes that the rows are read through; empty for none. */
  readonly query: string;
  readonly columns: readonly Column[];
}

/** Rows and hash of these parts together. */
export async function contentOf(
  side: Side,
  parts: readonly Part[],
  bags: BagComparison,
): Promise<ContentHash> {
  const hashes = await Promise.all(
    parts.map(async ({ sign, ...part }) => {
      const text = hashQuery({ ...side, filter: `${filterOf(part)}${side.query}`, bags });
      return { sign, hash: readHash(await ask(side, text)) };
    }),
  );
  const ofSign = (sign: Part["sign"]) => hashes.filter((each) => each.sign === sign).map((each) => each.hash);
  return subtractHashes(ofSign(1), ofSign(-1));
}

/** The same by day; the empty text for rows without one. */
export async function contentByDay(
  side: Side,
  parts: readonly Part[],
  day: DayOf,
  bags: BagComparison,
): Promise<Map<string, ContentHash>> {
  const found = new Map<string, { in: ContentHash[]; out: ContentHash[] }>();
  for (const { sign, ...part } of parts) {
    const text = hashByDay({ ...side, filter: filterOf(part), bags }, day);
    for (const [name, hash] of readHashByDay(await ask(side, text))) {
      const known = found.get(name) ?? { in: [], out: [] };
      known[sign === 1 ? "in" : "out"].push(hash);
      found.set(name, known);
    }
  }
  return new Map([...found].map(([name, hashes]) => [name, subtractHashes(hashes.in, hashes.out)]));
}

/** All rows of a destination table are one part. */
export const EVERYTHING: readonly Part[] = [{ sign: 1, upTo: "", range: { kind: "whole" } }];

export const NOTHING: ContentHash = combineHashes([]);

function filterOf({ after, upTo, range }: Omit<Part, "sign">): string {
  if (range.kind === "whole") return "";
  if (range.kind === "untimed") return windowFilter({ nullIngestionTime: true });
  return windowFilter({
    after,
    upTo,
    from: range.from === undefined ? undefined : ticksFromIso(range.from),
    to: range.to === undefined ? undefined : ticksFromIso(range.to),
  });
}

function ask({ client, database, table }: Side, text: string) {
  return client.query(database, text, {
    consistency: "strong",
    noTruncation: true,
    timeoutMs: HOUR_MS,
    context: { table },
  });
}
