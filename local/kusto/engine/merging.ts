import type { Engine } from "./engine.ts";
import { isDropBy, writeExtents } from "./extents.ts";
import { isBag, policyValue } from "./policies.ts";
import { relationOver } from "./relations.ts";
import { maxExtentRows } from "./sharding.ts";
import {
  type DatabaseState,
  type ExtentState,
  type RowTime,
  type TableState,
  withExtents,
  withTable,
} from "./state.ts";
import { TICKS_PER_DAY, TICKS_PER_HOUR, ticksOfTimespan } from "./ticks.ts";

const MAX_TAG_TEXT = 1_000_000;

/**
 * Merges extents where the merge policy lets it (`kusto/management/merge-policy.md`, `extent-tags.md`): equal sets of
 * `drop-by:` tags, created within the lookback and within `MaxRangeInHours` of each other. The result has an id of
 * its own, the tags of all, and the least and greatest creation time. Groups stay within the sharding policy's row
 * count, as rebuilds do.
 */
export async function mergeOnce(engine: Engine, stopped: () => boolean): Promise<void> {
  for (const database of engine.store.state().databases.values()) {
    // The leader merges a database that is followed.
    if (database.following !== undefined) continue;
    for (const table of database.tables.values()) {
      if (stopped()) return;
      for (const group of mergeGroups(engine, database, table))
        await mergeGroup(engine, database, table, group);
    }
  }
}

function mergeGroups(engine: Engine, database: DatabaseState, table: TableState): ExtentState[][] {
  const policy = policyValue(database, table, "merge");
  if (!isBag(policy) || (policy.AllowMerge !== true && policy.AllowRebuild !== true)) return [];
  const number = (key: string): number => Number(policy[key]);
  const since = lookback(engine, database, table, policy.Lookback);
  const maxRows = Math.min(number("RowCountUpperBoundForMerge"), maxExtentRows(database, table));
  const maxSize = number("OriginalSizeMBUpperBoundForMerge") * 1024 * 1024;
  const range = BigInt(number("MaxRangeInHours")) * TICKS_PER_HOUR;
  const byTags = new Map<string, ExtentState[]>();
  for (const extent of table.extents.values()) {
    if (extent.pending !== undefined || extent.createdMax < since || extent.rows >= maxRows) continue;
    const key = JSON.stringify(extent.tags.filter(isDropBy).toSorted());
    byTags.set(key, [...(byTags.get(key) ?? []), extent]);
  }
  const groups: ExtentState[][] = [];
  for (const candidates of byTags.values()) {
    candidates.sort((a, b) => (a.createdMin < b.createdMin ? -1 : a.createdMin > b.createdMin ? 1 : 0));
    let group: ExtentState[] = [];
    let rows = 0;
    let size = 0;
    const close = (): void => {
      if (group.length > 1) groups.push(group);
      group = [];
      rows = 0;
      size = 0;
    };
    for (const extent of candidates) {
      const first = group[0];
      const fits =
        first === undefined ||
        (group.length < number("MaxExtentsToMerge") &&
          rows + extent.rows <= maxRows &&
          size + extent.size <= maxSize &&
          extent.createdMax - first.createdMin <= range);
      if (!fits) close();
      group.push(extent);
      rows += extent.rows;
      size += extent.size;
    }
    close();
  }
  return groups.filter((group) => group.flatMap((extent) => extent.tags).join("").length <= MAX_TAG_TEXT);
}

function lookback(engine: Engine, database: DatabaseState, table: TableState, policy: unknown): bigint {
  const now = engine.clock.now();
  const kind = typeof policy === "object" && policy !== null && "Kind" in policy ? policy.Kind : "Default";
  if (kind === "All") return 0n;
  if (kind === "HotCache") {
    const span = hotSpan(policyValue(database, table, "caching"));
    return span === undefined ? 0n : now - span;
  }
  if (kind === "Custom" && typeof policy === "object" && policy !== null && "CustomPeriod" in policy) {
    const period = ticksOfTimespan(String(policy.CustomPeriod));
    if (period !== undefined) return now - period;
  }
  return now - 14n * TICKS_PER_DAY;
}

/** The hot span of a caching policy, undefined where all data is hot (`kusto/management/cache-policy.md`). */
export function hotSpan(policy: unknown): bigint | undefined {
  if (typeof policy !== "object" || policy === null || !("DataHotSpan" in policy)) return undefined;
  const span = policy.DataHotSpan;
  const text = typeof span === "object" && span !== null && "Value" in span ? span.Value : span;
  return typeof text === "string" ? ticksOfTimespan(text) : undefined;
}

function common(values: readonly RowTime[]): RowTime {
  const [first = null] = values;
  return values.every((value) => value === first) ? first : "rows";
}

async function mergeGroup(
  engine: Engine,
  database: DatabaseState,
  table: TableState,
  group: readonly ExtentState[],
): Promise<void> {
  const lease = engine.store.lease();
  try {
    const latest = lease.state.databases.get(database.name.toLowerCase())?.tables.get(table.name);
    if (latest?.id !== table.id || group.some((extent) => latest.extents.get(extent.id) !== extent)) return;
    const merged = await engine.store.withConnection((connection) =>
      writeExtents(engine.store, connection, {
        columns: latest.columns,
        relation: relationOver(latest, group),
        tags: group.flatMap((extent) => extent.tags),
        createdMin: group.reduce(
          (least, extent) => (extent.createdMin < least ? extent.createdMin : least),
          group[0]?.createdMin ?? 0n,
        ),
        createdMax: group.reduce((most, extent) => (extent.createdMax > most ? extent.createdMax : most), 0n),
        ingested: common(group.map((extent) => extent.ingested)),
        cursor: common(group.map((extent) => extent.cursor)),
        maxRows: Number.POSITIVE_INFINITY,
      }),
    );
    let kept = false;
    await engine.store.change((state) => {
      const current = state.databases.get(database.name.toLowerCase());
      const target = current?.tables.get(table.name);
      if (current === undefined || target?.id !== table.id || target.columns !== latest.columns) return state;
      // Anything that touched one of the extents meanwhile wins; the merge is tried again later.
      if (group.some((extent) => target.extents.get(extent.id) !== extent)) return state;
      kept = true;
      const next = withTable(
        current,
        withExtents(
          target,
          group.map((extent) => extent.id),
          merged,
        ),
      );
      return { ...state, databases: new Map(state.databases).set(database.name.toLowerCase(), next) };
    });
    if (!kept) engine.store.discard(merged.map((extent) => extent.store));
  } finally {
    lease.release();
  }
}
