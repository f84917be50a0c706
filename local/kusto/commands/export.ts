import { withQuery } from "../engine/queries.ts";
import { type CommandResult, result } from "../engine/result.ts";
import { buildPieces } from "../engine/shards.ts";
import { syntaxError } from "../kustoError.ts";
import { runOrStart } from "./asynchronous.ts";
import { type CommandContext, current } from "./context.ts";
import { booleanProperty, onlyProperties, type Reader } from "./reader.ts";

const FORMATS = ["csv", "tsv", "json", "parquet"];
const PROPERTIES = [
  "includeHeaders",
  "fileExtension",
  "namePrefix",
  "encoding",
  "compressionType",
  "distribution",
  "persistDetails",
  "sizeLimit",
  "parquetRowGroupSize",
  "distributed",
  "parquetDatetimePrecision",
  "useNativeParquetWriter",
];

/** `.export to storage` (`kusto/management/data-export/export-data-to-storage.md`). */
export async function exportCommands(
  reader: Reader,
  context: CommandContext,
): Promise<CommandResult | undefined> {
  if (!reader.take("export")) return undefined;
  const asynchronous = reader.take("async");
  const compressed = reader.take("compressed");
  reader.expect("to");
  const format = reader.next().text.toLowerCase();
  if (!FORMATS.includes(format))
    throw syntaxError(`'${format}' isn't a format that '.export' writes to storage.`);
  const targets = reader.list(reader.string);
  const properties = reader.properties();
  onlyProperties(properties, PROPERTIES);
  reader.expect("<|");
  const query = reader.rest();
  const database = current(context);
  if (targets.length === 0) throw syntaxError("the command names no storage.");
  return runOrStart(context, "DataExport", "data-export", asynchronous, async (_, signal) => {
    const artifacts = await withQuery(context.engine, context.request, query, async (open) => {
      const distribution = properties.get("distribution")?.toLowerCase() ?? "per_shard";
      const single = distribution === "single" || !booleanProperty(properties, "distributed", true);
      const pieces = single ? [] : await buildPieces(context.engine, context.request, open.database, query);
      const { text, database: name } = context.request;
      const [split] = context.engine.faults.take({ kind: "operation", text, database: name }, ["split"]);
      return context.engine.data.exportRelation(open.connection, {
        sql: open.query.sql,
        columns: open.query.columns,
        format,
        compressed,
        targets,
        database: database.name,
        properties: Object.fromEntries(properties),
        pieces,
        ...(split === undefined ? {} : { files: split.files ?? 2 }),
        signal,
      });
    });
    return {
      result: result(
        ["Path:string", "NumRecords:long"],
        artifacts.map((item) => [item.path, item.numRecords]),
      ),
      persist: booleanProperty(properties, "persistDetails", asynchronous),
    };
  });
}
