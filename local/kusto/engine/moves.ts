import { KustoError } from "../kustoError.ts";
import type { Engine } from "./engine.ts";
import { reborn } from "./extents.ts";
import { applyDerived, stamper } from "./ingest.ts";
import { findDatabase, findTable, withDatabase } from "./lookup.ts";
import { policyValue } from "./policies.ts";
import type { RequestContext } from "./request.ts";
import { type DatabaseState, type ExtentState, type TableState, withExtents, withTable } from "./state.ts";
import { deriveRows } from "./updatePolicies.ts";

export interface Picked {
  readonly table: string;
  readonly id: string;
}

export interface MoveRequest {
  readonly context: RequestContext;
  readonly destination: string;
  /** The extents to move, chosen from the state at the moment of the move. */
  readonly pick: (database: DatabaseState) => Promise<readonly Picked[]> | readonly Picked[];
  /** Extents of the destination to drop in the same transaction. */
  readonly drop?: (database: DatabaseState) => Promise<readonly string[]> | readonly string[];
  readonly setNewIngestionTime: boolean;
  readonly createdFrom: bigint | undefined;
  readonly createdTo: bigint | undefined;
}

export interface Moved {
  readonly original: string;
  /** Empty for an extent that was dropped. */
  readonly result: string;
}

function missingExtent(id: string, table: string): KustoError {
  return new KustoError(
    400,
    "BadRequest_EntityNotFound",
    "Kusto.DataNode.Exceptions.EntityNotFoundException",
    `Extent '${id}' was not found in table '${table}'.`,
    true,
  );
}

function withinRange(extent: ExtentState, request: MoveRequest): boolean {
  return (
    (request.createdFrom === undefined || extent.createdMax >= request.createdFrom) &&
    (request.createdTo === undefined || extent.createdMin <= request.createdTo)
  );
}

function checkColumns(source: TableState, destination: TableState): void {
  for (const column of source.columns) {
    const match = destination.columns.find((item) => item.name === column.name);
    if (match?.type !== column.type) {
      throw new KustoError(
        400,
        "General_BadRequest",
        "Kusto.Data.Exceptions.KustoBadRequestException",
        `Column '${column.name}' of type '${column.type}' of source table '${source.name}' doesn't exist in destination table '${destination.name}' with the same name and type.`,
        true,
      );
    }
  }
}

/**
 * Moves extents, all of them or none, and drops others in the same transaction (`kusto/management/move-extents.md`,
 * `replace-extents.md`). Moved extents get ids of their own. Rows keep their ingestion time and cursor unless a new
 * one is asked for. Update policies on the destination fire.
 */
export function moveExtents(engine: Engine, request: MoveRequest): Promise<readonly Moved[]> {
  const name = request.context.database;
  return engine.store.exclusive(name, async () => {
    // Keeps the rows readable for update policies, whatever merges meanwhile.
    const lease = engine.store.lease();
    try {
      return await moveUnder(engine, name, request);
    } finally {
      lease.release();
    }
  });
}

async function moveUnder(engine: Engine, name: string, request: MoveRequest): Promise<readonly Moved[]> {
  const before = findDatabase(engine.store.state(), name);
  const destination = findTable(before, request.destination);
  const picked = await request.pick(before);
  const dropping = (await request.drop?.(before)) ?? [];
  const database = findDatabase(engine.store.state(), name);
  const chosen = new Map<string, { source: TableState; extent: ExtentState }>();
  for (const { table, id } of picked) {
    const source = findTable(database, table);
    const extent = source.extents.get(id);
    if (extent === undefined || !withinRange(extent, request)) throw missingExtent(id, table);
    chosen.set(id, { source, extent });
  }
  for (const source of new Set([...chosen.values()].map((item) => item.source)))
    checkColumns(source, destination);
  for (const id of dropping) {
    const extent = destination.extents.get(id);
    if (extent === undefined || !withinRange(extent, request)) throw missingExtent(id, destination.name);
  }

  const renewed = request.setNewIngestionTime && policyValue(database, destination, "ingestiontime") === true;
  const moved = [...chosen.values()].map(({ source, extent }) => ({
    source: source.name,
    original: extent.id,
    extent: reborn(extent, { columns: columnsAt(source, extent) }),
  }));
  const derived = await engine.store.withConnection((connection) =>
    deriveRows(
      engine,
      connection,
      request.context,
      database,
      destination,
      moved.map((item) => item.extent),
      undefined,
    ),
  );
  const token = engine.cursors.token();
  await engine.store.change((state) => {
    let current = findDatabase(state, name);
    const stamp = stamper(engine, current, token);
    const arriving: ExtentState[] = [];
    for (const item of moved) {
      const source = findTable(current, item.source);
      const latest = source.extents.get(item.original);
      if (latest === undefined) throw missingExtent(item.original, item.source);
      // A cursor may have been assigned while update policies ran.
      const carried = {
        ...item.extent,
        ingested: latest.ingested,
        cursor: latest.cursor,
        pending: latest.pending,
      };
      arriving.push(renewed ? stamp(destination, carried) : carried);
      current = withTable(current, withExtents(source, [item.original], []));
    }
    const target = findTable(current, request.destination);
    for (const id of dropping) {
      if (!target.extents.has(id) && !chosen.has(id)) throw missingExtent(id, target.name);
    }
    current = withTable(current, withExtents(target, dropping, arriving));
    return withDatabase(state, applyDerived(current, derived, stamp, false));
  });
  engine.cursors.later(name, token);
  return [
    ...dropping.map((id) => ({ original: id, result: "" })),
    ...moved.map((item) => ({ original: item.original, result: item.extent.id })),
  ];
}

/** Columns that the source table has lost must not come to light again in another table. */
function columnsAt(source: TableState, extent: ExtentState): Readonly<Record<string, string>> {
  const names = new Set(source.columns.map((column) => column.name));
  return Object.fromEntries(Object.entries(extent.columns).filter(([name]) => names.has(name)));
}
