import { dataKind } from "../data/dataFormat.ts";
import { badRequest, findTable } from "../engine/lookup.ts";
import type { Outcome } from "../engine/operations.ts";
import type { ReadRequest } from "../engine/parts.ts";
import { type CommandResult, result } from "../engine/result.ts";
import type { DatabaseState, TableState } from "../engine/state.ts";
import { KustoError } from "../kustoError.ts";
import { runOrStart } from "./asynchronous.ts";
import { maxValueSize } from "./columns.ts";
import { type CommandContext, current } from "./context.ts";
import {
  booleanProperty,
  datetimeProperty,
  listProperty,
  onlyProperties,
  type Properties,
  type Reader,
} from "./reader.ts";

const PROPERTIES = [
  "ingestionMapping",
  "ingestionMappingReference",
  "creationTime",
  "format",
  "ingestIfNotExists",
  "ignoreFirstRecord",
  "tags",
  "treatGzAsUncompressed",
  "validationPolicy",
  "persistDetails",
  "avroMapping",
  "csvMapping",
  "jsonMapping",
  "csvMappingReference",
  "jsonMappingReference",
];

const NO_EXTENT = "00000000-0000-0000-0000-000000000000";

/** The mapping given, or the one of the table or database that is named. */
export function mappingText(
  database: DatabaseState,
  table: TableState,
  properties: Properties,
  format: string,
  source: string,
): string | undefined {
  const given = properties.get("ingestionmapping") ?? properties.get(`${format}mapping`);
  if (given !== undefined) return given;
  const name = properties.get("ingestionmappingreference") ?? properties.get(`${format}mappingreference`);
  if (name === undefined) return undefined;
  const family = dataKind(properties.get("format"), source);
  const found = table.mappings.find((item) => item.name === name && item.kind.toLowerCase() === family);
  if (found === undefined) {
    throw new KustoError(
      400,
      "BadRequest_MappingReferenceWasNotFound",
      "Kusto.Data.Exceptions.KustoBadRequestException",
      `Mapping reference '${name}' of type '${family}' in database '${database.name}' could not be found.`,
      true,
    );
  }
  return found.mapping;
}

/** A read of data for a table: its columns, with how long their values may be. */
export function readRequest(
  database: DatabaseState,
  table: TableState,
  source: Pick<ReadRequest, "sources" | "inline">,
  properties: Properties,
): ReadRequest {
  const format = (properties.get("format") ?? "csv").toLowerCase();
  const mapping = mappingText(database, table, properties, format, source.sources[0] ?? "");
  return {
    ...source,
    format: properties.has("format") || source.inline !== undefined ? format : "",
    columns: table.columns.map((column) => ({ ...column, maxValueSize: maxValueSize(column) })),
    ...(mapping === undefined ? {} : { mapping }),
    ignoreFirstRecord: booleanProperty(properties, "ignoreFirstRecord"),
    properties: Object.fromEntries(properties),
    usage: "NativeIngestion",
    database: database.name,
  };
}

interface Loaded {
  readonly ids: readonly string[];
  readonly skipped: boolean;
}

async function load(
  context: CommandContext,
  tableName: string,
  source: Pick<ReadRequest, "sources" | "inline">,
  properties: Properties,
  signal: AbortSignal,
  operationId: string,
): Promise<Loaded> {
  const database = current(context);
  const table = findTable(database, tableName);
  const { engine } = context;
  const creationTime = datetimeProperty(properties, "creationTime");
  try {
    return await engine.store.withConnection(async (connection) => {
      const read = await engine.data.readIntoRelation(
        connection,
        readRequest(database, table, source, properties),
      );
      try {
        const done = await engine.ingestRelation(database.name, tableName, read.relation, {
          connection,
          tags: listProperty(properties, "tags"),
          ingestIfNotExists: listProperty(properties, "ingestIfNotExists"),
          ...(creationTime === undefined ? {} : { creationTime }),
          source: source.sources.map(withoutCredentials).join(", "),
          context: { ...context.request, signal },
        });
        return { ids: done.extentIds, skipped: done.skipped };
      } finally {
        await read.release();
      }
    });
  } catch (error) {
    engine.recordIngestionFailure({
      database: database.name,
      table: tableName,
      source: source.sources.map(withoutCredentials).join(", "),
      details: error instanceof Error ? error.message : String(error),
      permanent: !(error instanceof KustoError) || error.permanent,
      operationKind: source.inline === undefined ? "DataIngestPull" : "DataIngestInline",
      errorCode: error instanceof KustoError ? error.code : "General_InternalServerError",
      operationId,
      properties: JSON.stringify(Object.fromEntries(properties)),
      numberOfSources: Math.max(1, source.sources.length),
      context: context.request,
    });
    throw error;
  }
}

/** A storage connection string as it may be shown: without its credentials. */
export function withoutCredentials(source: string): string {
  return source.replace(/[?;].*$/s, "");
}

/** `.ingest into table` (`ingest-into-command.md`) and `.ingest inline` (`ingest-inline.md`). */
export async function ingestCommands(
  reader: Reader,
  context: CommandContext,
): Promise<CommandResult | undefined> {
  if (!reader.take("ingest")) return undefined;
  if (reader.take("inline", "into", "table")) return ingestInline(reader, context);
  const asynchronous = reader.take("async");
  reader.expect("into");
  reader.take("table");
  const table = reader.name();
  const sources = reader.peek().text === "(" ? reader.list(reader.string) : [reader.string()];
  const properties = reader.properties();
  onlyProperties(properties, PROPERTIES);
  reader.end();
  findTable(current(context), table);
  if (sources.length === 0) throw badRequest("The command names no source.");
  return runOrStart(
    context,
    "DataIngestPull",
    "ingestions",
    asynchronous,
    async (operationId, signal): Promise<Outcome> => {
      const started = context.engine.clock.now();
      const { ids, skipped } = await load(context, table, { sources }, properties, signal, operationId);
      const shown = ids.length === 0 ? [NO_EXTENT] : ids;
      const items = sources.map(withoutCredentials).join(", ");
      return {
        result: result(
          ["ExtentId:guid", "ItemLoaded:string", "Duration:timespan", "HasErrors:bool", "OperationId:guid"],
          shown.map((id) => [id, items, context.engine.clock.now() - started, false, operationId]),
        ),
        persist: true,
        skipped,
      };
    },
  );
}

/** Data stands in the text as it is: blanks count and `//` is no comment. */
async function ingestInline(reader: Reader, context: CommandContext): Promise<CommandResult> {
  const table = reader.name();
  const properties = reader.properties();
  onlyProperties(properties, PROPERTIES);
  let inline: string;
  if (reader.take("<|")) {
    inline = reader
      .rest()
      .replace(/^[ \t]*\r?\n/, "")
      .replace(/^ (?=\S)/, "");
    // Lines of the documentation's own example are indented.
    if ((properties.get("format") ?? "csv").toLowerCase() === "csv")
      inline = inline.replace(/^[ \t]+(?=\S)/gm, "");
  } else {
    if (reader.peek().text !== "[" && reader.peek().kind !== "name") reader.fail("'<|' or '['");
    inline = bracketed(reader.rest());
  }
  findTable(current(context), table);
  return runOrStart(context, "DataIngestInline", "ingestions", false, async (operationId, signal) => {
    const { ids, skipped } = await load(
      context,
      table,
      { sources: [], inline },
      properties,
      signal,
      operationId,
    );
    return {
      result: result(
        ["ExtentId:guid"],
        (ids.length === 0 ? [NO_EXTENT] : ids).map((id) => [id]),
      ),
      persist: false,
      skipped,
    };
  });
}

function bracketed(text: string): string {
  const records: string[] = [];
  let depth = 0;
  let quoted = false;
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (char === "[") {
      depth += 1;
      if (depth === 1) from = at + 1;
    } else if (char === "]") {
      depth -= 1;
      if (depth === 0) records.push(text.slice(from, at));
    } else if (depth === 0 && char !== undefined && /\S/.test(char))
      throw badRequest("Syntax error: records stand in brackets.");
  }
  if (depth !== 0 || quoted) throw badRequest("Syntax error: a record isn't closed.");
  return records.join("\n");
}
