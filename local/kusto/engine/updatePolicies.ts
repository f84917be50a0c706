import type { DuckDBConnection } from "@duckdb/node-api";
import type { KustoRelation } from "../catalog.ts";
import { KustoError } from "../kustoError.ts";
import type { Engine } from "./engine.ts";
import { writeExtents } from "./extents.ts";
import { badRequest } from "./lookup.ts";
import { identifier, kustoName } from "./names.ts";
import { policyValue, updatePolicySchema } from "./policies.ts";
import { withQuery } from "./queries.ts";
import { relationOver, tableRelation } from "./relations.ts";
import type { RequestContext } from "./request.ts";
import { maxExtentRows } from "./sharding.ts";
import type { DatabaseState, ExtentState, TableState } from "./state.ts";

export interface Derived {
  readonly table: string;
  readonly extents: readonly ExtentState[];
}

export interface Propagation {
  readonly tags: readonly string[];
  readonly created: bigint;
}

function matches(pattern: string, wildcard: boolean, name: string): boolean {
  if (!wildcard) return pattern === name;
  return new RegExp(
    `^${pattern
      .split("*")
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*")}$`,
  ).test(name);
}

/**
 * Runs the update policies whose source is the table, over rows that are about to be committed to it, and theirs in
 * turn; each table gets data once in a chain (`kusto/management/update-policy.md`). A transactional policy that
 * fails takes the whole ingestion with it; another is recorded as an ingestion failure.
 */
export async function deriveRows(
  engine: Engine,
  connection: DuckDBConnection,
  context: RequestContext,
  database: DatabaseState,
  source: TableState,
  extents: readonly ExtentState[],
  propagation: Propagation | undefined,
  visited: ReadonlySet<string> = new Set([source.name]),
): Promise<Derived[]> {
  const derived: Derived[] = [];
  if (extents.length === 0) return derived;
  for (const target of database.tables.values()) {
    for (const policy of updatePolicySchema.parse(policyValue(database, target, "update"))) {
      if (!policy.IsEnabled || !matches(policy.Source, policy.SourceIsWildCard, source.name)) continue;
      if (visited.has(target.name)) continue;
      try {
        const given = policy.PropagateIngestionProperties ? propagation : undefined;
        const made = await runPolicy(
          engine,
          connection,
          context,
          source,
          extents,
          target,
          database,
          policy.Query,
          given,
        );
        derived.push({ table: target.name, extents: made });
        derived.push(
          ...(await deriveRows(
            engine,
            connection,
            context,
            database,
            target,
            made,
            given,
            new Set([...visited, target.name]),
          )),
        );
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        engine.recordIngestionFailure({
          database: database.name,
          table: target.name,
          source: "",
          details: message,
          permanent: !(error instanceof KustoError) || error.permanent,
          operationKind: "UpdatePolicy",
          errorCode: "UpdatePolicy_QueryError",
          fromUpdatePolicy: true,
          context,
        });
        if (policy.IsTransactional) {
          throw new KustoError(
            400,
            "UpdatePolicy_QueryError",
            "Kusto.DataNode.Exceptions.UpdatePolicyFailureException",
            `Failed to invoke the update policy of table '${target.name}': ${message}`,
            !(error instanceof KustoError) || error.permanent,
          );
        }
      }
    }
  }
  return derived;
}

async function runPolicy(
  engine: Engine,
  connection: DuckDBConnection,
  context: RequestContext,
  source: TableState,
  extents: readonly ExtentState[],
  target: TableState,
  database: DatabaseState,
  text: string,
  propagation: Propagation | undefined,
): Promise<ExtentState[]> {
  const scoped: KustoRelation = {
    ...tableRelation(database, source),
    columns: source.columns,
    from: relationOver(source, extents),
  };
  const query = text.replaceAll("$source_table", kustoName(source.name));
  return withQuery(
    engine,
    { ...context, database: database.name },
    query,
    async (open) => {
      const produced = open.query.columns;
      const same =
        produced.length === target.columns.length &&
        produced.every((column, index) => column.type === target.columns[index]?.type);
      if (!same) {
        throw badRequest(
          `Query schema does not match table schema. QuerySchema=('${produced.map((column) => column.type).join(",")}'), TableSchema=('${target.columns.map((column) => column.type).join(",")}').`,
        );
      }
      const now = engine.clock.now();
      const names = target.columns.map((column) => identifier(column.name)).join(", ");
      return writeExtents(engine.store, connection, {
        columns: target.columns,
        relation: `(SELECT * FROM (${open.query.sql}) AS derived(${names}))`,
        tags: propagation?.tags ?? [],
        createdMin: propagation?.created ?? now,
        createdMax: propagation?.created ?? now,
        ingested: null,
        cursor: null,
        maxRows: maxExtentRows(database, target),
      });
    },
    { connection, overrides: () => new Map([[source.name, scoped]]) },
  );
}
