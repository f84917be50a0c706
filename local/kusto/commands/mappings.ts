import { parseMapping } from "../data/mapping.ts";
import { alreadyExists, findTable } from "../engine/lookup.ts";
import { type CommandResult, result } from "../engine/result.ts";
import { type DatabaseState, type IngestionMapping, withTable } from "../engine/state.ts";
import { entityNotFound } from "../kustoError.ts";
import { type CommandContext, changeDatabase, current } from "./context.ts";
import { refuse } from "./databases.ts";
import type { Reader } from "./reader.ts";

const KINDS = ["csv", "json", "avro", "parquet", "orc", "w3clogfile"];

function shown(database: DatabaseState, table: string, mappings: readonly IngestionMapping[]): CommandResult {
  return result(
    [
      "Name:string",
      "Kind:string",
      "Mapping:string",
      "LastUpdatedOn:datetime",
      "Database:string",
      "Table:string",
    ],
    mappings.map((item) => [item.name, item.kind, item.mapping, item.updatedOn, database.name, table]),
  );
}

function readKind(reader: Reader): string {
  const kind = reader.next().text.toLowerCase();
  if (!KINDS.includes(kind)) reader.fail(`a mapping kind (${KINDS.join(", ")})`);
  return kind;
}

/** Ingestion mappings of a table (`create-ingestion-mapping-command.md`, `show-ingestion-mapping-command.md`). */
export async function mappingCommands(
  reader: Reader,
  context: CommandContext,
): Promise<CommandResult | undefined> {
  const mark = reader.mark();
  for (const verb of ["create", "create-or-alter", "alter", "drop", "show"]) {
    if (!reader.take(verb)) continue;
    const isDatabase = reader.take("database");
    if (!isDatabase && !reader.take("table")) break;
    if (reader.peek().text === "*") break;
    const name = reader.name();
    if (!reader.take("ingestion")) break;
    if (isDatabase) refuse("A database's ingestion mapping");
    if (verb === "show") return showMappings(reader, context, name);
    const kind = readKind(reader);
    reader.expect("mapping");
    // The name and the mapping, which may stand in many literals, follow one another.
    const mappingName = reader.literal();
    if (verb === "drop") {
      reader.end();
      return storeMapping(context, name, (mappings) => {
        const left = mappings.filter((item) => item.name !== mappingName || item.kind.toLowerCase() !== kind);
        if (left.length === mappings.length) throw entityNotFound("MappingPersistent", mappingName);
        return left;
      });
    }
    const text = reader.string();
    reader.end();
    parseMapping(text);
    const made: IngestionMapping = {
      name: mappingName,
      kind:
        kind === "w3clogfile"
          ? "W3CLogFile"
          : kind === "csv" || kind === "orc"
            ? kind.toUpperCase()
            : `${kind[0]?.toUpperCase() ?? ""}${kind.slice(1)}`,
      mapping: text,
      updatedOn: context.engine.clock.now(),
    };
    return storeMapping(
      context,
      name,
      (mappings) => {
        const exists = mappings.some((item) => item.name === mappingName && item.kind === made.kind);
        if (exists && verb === "create") throw alreadyExists("MappingPersistent", mappingName);
        if (!exists && verb === "alter") throw entityNotFound("MappingPersistent", mappingName);
        return [...mappings.filter((item) => item.name !== mappingName || item.kind !== made.kind), made];
      },
      (item) => item === made,
    );
  }
  reader.back(mark);
  return undefined;
}

function showMappings(reader: Reader, context: CommandContext, name: string): CommandResult {
  const database = current(context);
  const { mappings } = findTable(database, name);
  const kind = reader.peek().text === "mappings" ? undefined : readKind(reader);
  const ofKind = mappings.filter((item) => kind === undefined || item.kind.toLowerCase() === kind);
  if (reader.take("mappings")) {
    reader.end();
    return shown(database, name, ofKind);
  }
  reader.expect("mapping");
  const mappingName = reader.string();
  reader.end();
  const found = ofKind.filter((item) => item.name === mappingName);
  if (found.length === 0) throw entityNotFound("MappingPersistent", mappingName);
  return shown(database, name, found);
}

async function storeMapping(
  context: CommandContext,
  name: string,
  change: (mappings: readonly IngestionMapping[]) => readonly IngestionMapping[],
  show: (mapping: IngestionMapping) => boolean = () => true,
): Promise<CommandResult> {
  const database = await changeDatabase(context, current(context).name, (before) => {
    const table = findTable(before, name);
    return withTable(before, { ...table, mappings: change(table.mappings) });
  });
  return shown(database, name, findTable(database, name).mappings.filter(show));
}
