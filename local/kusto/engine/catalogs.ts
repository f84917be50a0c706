import type { DuckDBConnection } from "@duckdb/node-api";
import type { Catalog, ExternalData, KustoFunction, KustoRelation } from "../catalog.ts";
import { cursorBound } from "./cursors.ts";
import { literal } from "./names.ts";
import type { DataPart } from "./parts.ts";
import { tableRelation } from "./relations.ts";
import type { RequestContext } from "./request.ts";
import type { ClusterState, DatabaseState } from "./state.ts";
import { ticksOfIso } from "./ticks.ts";

export interface CatalogRequest {
  readonly state: ClusterState;
  readonly database: DatabaseState;
  readonly cluster: string;
  readonly connection: DuckDBConnection;
  readonly context: RequestContext;
  readonly now: bigint;
  readonly data: DataPart;
  /** Relations that stand in the place of tables, or beside them. */
  readonly overrides?: ReadonlyMap<string, KustoRelation>;
  /** Told how to let go of each relation that external data was read into. */
  readonly onTemporary: (release: () => Promise<void>) => void;
}

function optionText(context: RequestContext, name: string): string | undefined {
  const value = context.options.get(name);
  return typeof value === "string" ? value : undefined;
}

/** The database as a query sees it: one moment of the state, with what the request's properties override. */
export function buildCatalog(request: CatalogRequest): Catalog {
  const { context, database } = request;
  const queryNow = optionText(context, "query_now");
  const now =
    (queryNow === undefined ? undefined : ticksOfIso(queryNow.replace(/^datetime\((.*)\)$/s, "$1"))) ??
    request.now;
  const build = (of: DatabaseState, overrides?: ReadonlyMap<string, KustoRelation>): Catalog => {
    const relations = new Map<string, KustoRelation>();
    for (const table of of.tables.values()) relations.set(table.name, tableRelation(of, table));
    for (const [name, relation] of overrides ?? []) relations.set(name, relation);
    const functions = new Map<string, KustoFunction>();
    for (const item of of.functions.values()) functions.set(item.name, item);
    return {
      database: of.name,
      cluster: request.cluster,
      principal: context.principal,
      relations,
      functions,
      now,
      cursor: optionText(context, "query_cursor_current") ?? of.cursor.toString(),
      cursorBound,
      get extentTags() {
        return extentTagsRelation(of);
      },
      external: (data) => readExternal(request, data),
      sibling: (name) => {
        const other = request.state.databases.get(name.toLowerCase());
        return other === undefined ? undefined : build(other);
      },
    };
  };
  return build(database, request.overrides);
}

function extentTagsRelation(database: DatabaseState): string {
  const rows: string[] = [];
  for (const table of database.tables.values()) {
    for (const extent of table.extents.values())
      rows.push(`(${literal(extent.id)},${literal(JSON.stringify(extent.tags))})`);
  }
  if (rows.length === 0) return `(SELECT NULL::VARCHAR AS extent, NULL::VARCHAR AS tags WHERE false)`;
  return `(SELECT * FROM (VALUES ${rows.join(",")}) AS t(extent, tags))`;
}

async function readExternal(request: CatalogRequest, data: ExternalData): Promise<string> {
  const properties: Record<string, string> = {};
  for (const [key, value] of Object.entries(data.properties)) properties[key.toLowerCase()] = value;
  const mapping = properties.ingestionmapping;
  const { relation, release } = await request.data.readIntoRelation(request.connection, {
    sources: data.sources,
    format: properties.format ?? "csv",
    columns: data.columns,
    ...(mapping === undefined ? {} : { mapping }),
    ignoreFirstRecord: properties.ignorefirstrecord === "true",
    usage: "ExternalDataRequest",
    database: request.database.name,
    properties,
  });
  request.onTemporary(release);
  return relation;
}
