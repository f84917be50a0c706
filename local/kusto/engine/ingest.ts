import type { DuckDBConnection } from "@duckdb/node-api";
import { writable } from "../following/readOnly.ts";
import { KustoError } from "../kustoError.ts";
import type { Engine } from "./engine.ts";
import { writeExtents } from "./extents.ts";
import { findDatabase, findTable, withDatabase } from "./lookup.ts";
import { isBag, policyValue } from "./policies.ts";
import type { RequestContext } from "./request.ts";
import { maxExtentRows } from "./sharding.ts";
import { type DatabaseState, type ExtentState, type TableState, withExtents, withTable } from "./state.ts";
import { ticksOfTimespan } from "./ticks.ts";
import { type Derived, deriveRows } from "./updatePolicies.ts";

export interface IngestRelationOptions {
  /** The connection that sees the relation, where it is a temporary table. */
  readonly connection?: DuckDBConnection;
  readonly tags?: readonly string[];
  readonly creationTime?: bigint;
  readonly ingestIfNotExists?: readonly string[];
  /** What the rows came from, for error messages and failures. */
  readonly source?: string;
  /** Replaces what the table holds, and what tables derived from it hold. */
  readonly replace?: boolean;
  /** For rows that stand in for an older ingestion. */
  readonly ingestedAt?: bigint;
  readonly maxRows?: number;
  readonly context?: RequestContext;
}

export interface IngestRelationResult {
  readonly extentIds: readonly string[];
  readonly extents: readonly ExtentState[];
  readonly rows: number;
  readonly skipped: boolean;
}

const SKIPPED: IngestRelationResult = { extentIds: [], extents: [], rows: 0, skipped: true };

/** Whether data tagged `ingest-by:` with one of the values is there (`kusto/management/extent-tags.md`). */
function alreadyIngested(table: TableState, values: readonly string[]): boolean {
  if (values.length === 0) return false;
  const tags = new Set(values.map((value) => `ingest-by:${value}`));
  return [...table.extents.values()].some((extent) => extent.tags.some((tag) => tags.has(tag)));
}

/** A soft-delete period of zero: rows go through update policies only (`kusto/management/update-policy.md`). */
function keepsNothing(database: DatabaseState, table: TableState): boolean {
  const policy = policyValue(database, table, "retention");
  const period = isBag(policy) ? policy.SoftDeletePeriod : undefined;
  return typeof period === "string" && ticksOfTimespan(period) === 0n;
}

/**
 * Ingests a DuckDB relation (columns by name, physical form) into a table: rows and what update policies derive
 * from them become visible in one step; their cursor comes a little later.
 */
export async function ingestRelation(
  engine: Engine,
  databaseName: string,
  tableName: string,
  relation: string,
  options: IngestRelationOptions,
): Promise<IngestRelationResult> {
  if (options.connection === undefined) {
    return engine.store.withConnection((connection) =>
      ingestRelation(engine, databaseName, tableName, relation, { ...options, connection }),
    );
  }
  const connection = options.connection;
  const context = options.context ?? engine.systemContext(databaseName, "");
  const database = writable(findDatabase(engine.store.state(), databaseName));
  const table = findTable(database, tableName);
  const unless = options.ingestIfNotExists ?? [];
  if (alreadyIngested(table, unless)) return SKIPPED;
  const created = options.creationTime ?? engine.clock.now();
  const tags = options.tags ?? [];
  const extents = await writeExtents(engine.store, connection, {
    columns: table.columns,
    relation,
    tags,
    createdMin: created,
    createdMax: created,
    ingested: null,
    cursor: null,
    maxRows: options.maxRows ?? maxExtentRows(database, table),
  });
  const discard = (more: readonly Derived[]): void =>
    engine.store.discard([...extents, ...more.flatMap((item) => item.extents)].map((extent) => extent.store));
  let derived: Derived[] = [];
  try {
    derived = await deriveRows(engine, connection, context, database, table, extents, { tags, created });
    return await commitIngestion(engine, database, table, extents, derived, context, options);
  } catch (error) {
    discard(derived);
    throw error;
  }
}

async function commitIngestion(
  engine: Engine,
  database: DatabaseState,
  table: TableState,
  extents: readonly ExtentState[],
  derived: readonly Derived[],
  context: RequestContext,
  options: IngestRelationOptions,
): Promise<IngestRelationResult> {
  const unless = options.ingestIfNotExists ?? [];
  if (context.signal.aborted)
    throw new KustoError(
      400,
      "RequestCanceled",
      "Kusto.Data.Exceptions.KustoRequestCanceledException",
      "The operation was canceled.",
      true,
    );
  let skipped = false;
  let committed: ExtentState[] = [];
  const token = engine.cursors.token();
  await engine.store.change((state) => {
    let current = findDatabase(state, database.name);
    const target = findTable(current, table.name);
    if (target.id !== table.id)
      throw new KustoError(
        409,
        "Conflict",
        "Kusto.Data.Exceptions.KustoConflictException",
        `Table '${table.name}' was replaced while data was ingested into it.`,
        false,
      );
    skipped = alreadyIngested(target, unless);
    if (skipped) return state;
    const stamp = stamper(engine, current, token, options.ingestedAt);
    committed = extents.map((extent) => stamp(target, extent));
    const dropped = options.replace === true ? [...target.extents.keys()] : [];
    current = withTable(
      current,
      withExtents(target, dropped, keepsNothing(current, target) ? [] : committed),
    );
    current = applyDerived(current, derived, stamp, options.replace === true);
    return withDatabase(state, current);
  });
  const unused = skipped
    ? [...extents, ...derived.flatMap((item) => item.extents)]
    : keepsNothing(database, table)
      ? extents
      : [];
  engine.store.discard(unused.map((extent) => extent.store));
  if (skipped) return SKIPPED;
  engine.cursors.later(database.name, token);
  return {
    extentIds: committed.map((extent) => extent.id),
    extents: committed,
    rows: committed.reduce((sum, extent) => sum + extent.rows, 0),
    skipped: false,
  };
}

export type Stamp = (table: TableState, extent: ExtentState) => ExtentState;

/** Gives extents their ingestion time, just before they are committed (`kusto/management/ingestion-time-policy.md`). */
export function stamper(engine: Engine, database: DatabaseState, token: string, at?: bigint): Stamp {
  const now = at ?? engine.clock.now();
  return (table, extent) =>
    policyValue(database, table, "ingestiontime") === true
      ? { ...extent, ingested: now, cursor: null, pending: token }
      : extent;
}

/** Puts derived rows in their tables. */
export function applyDerived(
  database: DatabaseState,
  derived: readonly Derived[],
  stamp: Stamp,
  replace: boolean,
): DatabaseState {
  let current = database;
  const emptied = new Set<string>();
  for (const { table: name, extents } of derived) {
    const target = findTable(current, name);
    const dropped = replace && !emptied.has(name) ? [...target.extents.keys()] : [];
    emptied.add(name);
    current = withTable(
      current,
      withExtents(
        target,
        dropped,
        extents.map((extent) => stamp(target, extent)),
      ),
    );
  }
  return current;
}
