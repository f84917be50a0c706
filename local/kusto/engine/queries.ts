import type { DuckDBConnection } from "@duckdb/node-api";
import type { KustoRelation, TranslatedQuery } from "../catalog.ts";
import { KustoError } from "../kustoError.ts";
import { buildCatalog } from "./catalogs.ts";
import type { Engine } from "./engine.ts";
import { findDatabase } from "./lookup.ts";
import { bindParameters } from "./parameters.ts";
import type { RequestContext } from "./request.ts";
import type { DatabaseState } from "./state.ts";

/** A query translated against one moment of the state, on a connection of its own for as long as it is used. */
export interface OpenQuery {
  readonly connection: DuckDBConnection;
  readonly database: DatabaseState;
  readonly query: TranslatedQuery;
  readonly cursor: string;
}

export interface QueryScope {
  readonly overrides?: (
    database: DatabaseState,
    connection: DuckDBConnection,
  ) => ReadonlyMap<string, KustoRelation> | Promise<ReadonlyMap<string, KustoRelation>>;
  /** A state to read that isn't committed yet. */
  readonly connection?: DuckDBConnection;
}

/** Translates a query, hands it to `use`, and takes away what it left behind. */
export async function withQuery<T>(
  engine: Engine,
  context: RequestContext,
  text: string,
  use: (open: OpenQuery) => Promise<T>,
  scope: QueryScope = {},
): Promise<T> {
  const lease = engine.store.lease();
  const state = isStrong(context)
    ? lease.state
    : (engine.faults.takeStale({ kind: "query", text, database: context.database }) ?? lease.state);
  const releases: (() => Promise<void>)[] = [];
  const work = async (connection: DuckDBConnection): Promise<T> => {
    const database = findDatabase(state, context.database);
    const overrides = await scope.overrides?.(database, connection);
    const catalog = buildCatalog({
      state,
      database,
      cluster: engine.clusterUri(),
      connection,
      context,
      now: engine.clock.now(),
      data: engine.data,
      ...(overrides === undefined ? {} : { overrides }),
      onTemporary: (release) => releases.push(release),
    });
    try {
      const query = await engine.language.translate(bindParameters(text, context.parameters), catalog);
      return await use({ connection, database, query, cursor: catalog.cursor });
    } finally {
      for (const release of releases) await release();
    }
  };
  try {
    return scope.connection === undefined
      ? await engine.store.withConnection(work)
      : await work(scope.connection);
  } catch (error) {
    throw asKustoError(error);
  } finally {
    lease.release();
  }
}

/** Whether the request asks to see all that was committed (`kusto/concepts/query-consistency.md`). */
function isStrong({ options }: RequestContext): boolean {
  return String(options.get("queryconsistency") ?? "").toLowerCase() === "strongconsistency";
}

/** What DuckDB says when a query can't be run, as the error Kusto would answer. */
export function asKustoError(error: unknown): unknown {
  if (error instanceof KustoError || !(error instanceof Error)) return error;
  if (/interrupt/i.test(error.message)) {
    return new KustoError(
      504,
      "Timeout",
      "Kusto.Data.Exceptions.KustoServiceTimeoutException",
      "Request execution has been cancelled or timed out.",
      false,
    );
  }
  if (/^(Out of Memory|IO) Error/.test(error.message)) {
    return new KustoError(
      520,
      "General_InternalServerError",
      "Kusto.Data.Exceptions.KustoServiceException",
      error.message,
      false,
    );
  }
  if (
    /^(Binder|Catalog|Conversion|Invalid Input|Out of Range|Parser|Constraint|Invalid|Not implemented) .*Error|^\w+ Error:/.test(
      error.message,
    )
  ) {
    return new KustoError(
      400,
      "General_BadRequest",
      "Kusto.Data.Exceptions.KustoBadRequestException",
      `Request is invalid and cannot be executed by the local Kusto: ${error.message}`,
      true,
    );
  }
  return error;
}
