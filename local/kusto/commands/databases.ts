import { newDatabase } from "../engine/engine.ts";
import { alreadyExists, badRequest, findDatabase } from "../engine/lookup.ts";
import { hotSpan } from "../engine/merging.ts";
import { checkEntityName } from "../engine/names.ts";
import { policyValue } from "../engine/policies.ts";
import { type CommandResult, result, type Value } from "../engine/result.ts";
import type { DatabaseState, ExtentState, TableState } from "../engine/state.ts";
import { type CommandContext, changeDatabase, current } from "./context.ts";
import type { Reader } from "./reader.ts";

const IDENTITY = [
  "DatabaseName:string",
  "PersistentStorage:string",
  "Version:string",
  "IsCurrent:bool",
  "DatabaseAccessMode:string",
  "PrettyName:string",
];

function identity(database: DatabaseState, context: CommandContext): Value[] {
  const isCurrent = database.name.toLowerCase() === context.request.database.toLowerCase();
  return [
    database.name,
    database.persistent ? "local" : "",
    `v1.${database.version}`,
    isCurrent,
    database.following === undefined ? "ReadWrite" : "ReadOnlyFollowing",
    database.prettyName,
  ];
}

/** Extents in the hot cache by the caching policy (`kusto/management/cache-policy.md`). */
export function isHot(
  context: CommandContext,
  database: DatabaseState,
  table: TableState,
  extent: ExtentState,
): boolean {
  const span = hotSpan(policyValue(database, table, "caching"));
  return span === undefined || extent.createdMax >= context.engine.clock.now() - span;
}

export interface Totals {
  extents: number;
  size: number;
  rows: number;
  hotExtents: number;
  hotSize: number;
  hotRows: number;
}

export function totalsOf(
  context: CommandContext,
  database: DatabaseState,
  tables: Iterable<TableState>,
): Totals {
  const totals: Totals = { extents: 0, size: 0, rows: 0, hotExtents: 0, hotSize: 0, hotRows: 0 };
  for (const table of tables) {
    for (const extent of table.extents.values()) {
      totals.extents += 1;
      totals.size += extent.size;
      totals.rows += extent.rows;
      if (!isHot(context, database, table, extent)) continue;
      totals.hotExtents += 1;
      totals.hotSize += extent.size;
      totals.hotRows += extent.rows;
    }
  }
  return totals;
}

const POLICY_COLUMNS = [
  "RetentionPolicy:string",
  "MergePolicy:string",
  "CachingPolicy:string",
  "ShardingPolicy:string",
  "StreamingIngestionPolicy:string",
  "IngestionBatchingPolicy:string",
];

function policyTexts(database: DatabaseState): Value[] {
  return ["retention", "merge", "caching", "sharding", "streamingingestion", "ingestionbatching"].map(
    (kind) => JSON.stringify(policyValue(database, undefined, kind)),
  );
}

/** `.show databases` and `.show database` in their forms (`show-databases.md`, `show-database.md`). */
function showDatabases(
  context: CommandContext,
  databases: readonly DatabaseState[],
  form: string,
): CommandResult {
  switch (form) {
    case "details":
      return result(
        [
          ...IDENTITY,
          "AuthorizedPrincipals:string",
          ...POLICY_COLUMNS,
          "TotalSize:real",
          "DatabaseId:guid",
          "InTransitionTo:string",
          "NumberOfTables:int",
          "NumberOfExternalTables:int",
          "NumberOfMaterializedViews:int",
          "EncryptionScope:string",
          "SuspensionState:string",
        ],
        databases.map((database) => [
          ...identity(database, context),
          JSON.stringify(database.principals),
          ...policyTexts(database),
          totalsOf(context, database, database.tables.values()).size,
          database.id,
          "",
          database.tables.size,
          0,
          0,
          "",
          "",
        ]),
      );
    case "policies":
      return result(
        [...IDENTITY, "DatabaseId:guid", "AuthorizedPrincipals:string", ...POLICY_COLUMNS],
        databases.map((database) => [
          ...identity(database, context),
          database.id,
          JSON.stringify(database.principals),
          ...policyTexts(database),
        ]),
      );
    case "datastats":
      return result(
        [
          ...IDENTITY,
          "DatabaseId:guid",
          "OriginalSize:real",
          "ExtentSize:real",
          "CompressedSize:real",
          "IndexSize:real",
          "RowCount:long",
          "HotOriginalSize:real",
          "HotExtentSize:real",
          "HotCompressedSize:real",
          "HotIndexSize:real",
          "HotRowCount:long",
          "TotalExtents:long",
          "HotExtents:long",
        ],
        databases.map((database) => {
          const totals = totalsOf(context, database, database.tables.values());
          return [
            ...identity(database, context),
            database.id,
            totals.size,
            totals.size,
            totals.size,
            0,
            totals.rows,
            totals.hotSize,
            totals.hotSize,
            totals.hotSize,
            0,
            totals.hotRows,
            totals.extents,
            totals.hotExtents,
          ];
        }),
      );
    default:
      return result(
        [
          ...IDENTITY,
          "CurrentUserIsUnrestrictedViewer:bool",
          "DatabaseId:guid",
          "InTransitionTo:string",
          "SuspensionState:string",
        ],
        databases.map((database) => [...identity(database, context), false, database.id, "", ""]),
      );
  }
}

function readForm(reader: Reader): string {
  for (const form of ["details", "identity", "policies", "datastats"]) if (reader.take(form)) return form;
  return "identity";
}

/** `.create database D volatile | persist (…)`, as the Kusto emulator has it (`kusto-emulator-install.md`). */
async function createDatabase(reader: Reader, context: CommandContext): Promise<CommandResult> {
  const name = checkEntityName("database", reader.name());
  let persistent = false;
  if (reader.take("persist")) {
    persistent = true;
    reader.list(reader.string);
  } else reader.take("volatile");
  const lenient = reader.take("ifnotexists");
  reader.end();
  await context.engine.store.change((state) => {
    const there = state.databases.get(name.toLowerCase());
    // One of the cluster's own takes precedence over one that it follows (`follower.md`).
    if (there !== undefined && there.following === undefined) {
      if (lenient) return state;
      throw alreadyExists("Database", name);
    }
    const made = newDatabase(name, persistent, context.engine.clock.now());
    return { ...state, databases: new Map(state.databases).set(name.toLowerCase(), made) };
  });
  return result(
    [
      "DatabaseName:string",
      "PersistentPath:string",
      "Created:bool",
      "StoresMetadata:bool",
      "StoresData:bool",
    ],
    [[name, persistent ? "local" : "", true, true, true]],
  );
}

async function dropDatabase(reader: Reader, context: CommandContext): Promise<CommandResult> {
  const name = reader.name();
  const lenient = reader.take("ifexists");
  reader.end();
  const after = await context.engine.store.change((state) => {
    if (lenient && !state.databases.has(name.toLowerCase())) return state;
    findDatabase(state, name);
    const databases = new Map(state.databases);
    databases.delete(name.toLowerCase());
    return { ...state, databases };
  });
  return showDatabases(context, [...after.databases.values()], "identity");
}

export async function databaseCommands(
  reader: Reader,
  context: CommandContext,
): Promise<CommandResult | undefined> {
  const mark = reader.mark();
  const all = (): DatabaseState[] => [...context.engine.store.state().databases.values()];
  if (reader.take("create", "database")) {
    const at = reader.mark();
    reader.name();
    if (!reader.take("ingestion")) {
      reader.back(at);
      return createDatabase(reader, context);
    }
  } else if (reader.take("drop", "database")) {
    const at = reader.mark();
    reader.name();
    const next = reader.peek();
    if (next.kind === "end" || next.text === "ifexists" || next.text === ";") {
      reader.back(at);
      return dropDatabase(reader, context);
    }
  } else if (reader.take("show", "databases") || reader.take("show", "cluster", "databases")) {
    if (reader.peek().text !== "(") {
      const form = readForm(reader);
      reader.end();
      return showDatabases(context, all(), form);
    }
    const names = reader.list(reader.name);
    if (reader.peek().kind === "end")
      return showDatabases(
        context,
        names.map((name) => findDatabase(context.engine.store.state(), name)),
        readForm(reader),
      );
  } else if (reader.take("show", "database")) {
    const next = reader.peek();
    const form = readForm(reader);
    if (reader.peek().kind === "end") return showDatabases(context, [current(context)], form);
    if (next.kind === "name" || next.kind === "word") {
      const name = form === "identity" && next.text !== "identity" ? reader.name() : "";
      if (
        name !== "" &&
        (reader.peek().kind === "end" ||
          ["details", "identity", "policies", "datastats"].includes(reader.peek().text))
      ) {
        const chosen = readForm(reader);
        reader.end();
        return showDatabases(context, [findDatabase(context.engine.store.state(), name)], chosen);
      }
    }
  } else if (reader.take("alter", "database")) {
    const name = reader.name();
    if (reader.take("prettyname")) {
      const text = reader.string();
      reader.end();
      const database = await changeDatabase(context, name, (before) => ({ ...before, prettyName: text }));
      return result(["DatabaseName:string", "PrettyName:string"], [[database.name, database.prettyName]]);
    }
  }
  reader.back(mark);
  return undefined;
}

/** Refuses by name what exists in Kusto and not here. */
export function refuse(what: string): never {
  throw badRequest(`${what} isn't supported by the local Kusto.`);
}
