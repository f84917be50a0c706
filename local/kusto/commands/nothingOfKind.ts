import { type CommandResult, result } from "../engine/result.ts";
import { entityNotFound, notSupported } from "../kustoError.ts";
import { type CommandContext, current } from "./context.ts";
import type { Reader } from "./reader.ts";

const VIEW = [
  "Name:string",
  "SourceTable:string",
  "Query:string",
  "MaterializedTo:datetime",
  "LastRun:datetime",
  "LastRunResult:string",
  "IsHealthy:bool",
  "IsEnabled:bool",
  "Folder:string",
  "DocString:string",
  "AutoUpdateSchema:bool",
  "EffectiveDateTime:datetime",
  "Lookback:timespan",
  "LookbackColumn:string",
];

const EXTERNAL_TABLE = [
  "TableName:string",
  "TableType:string",
  "Folder:string",
  "DocString:string",
  "Properties:string",
];

/**
 * Lists of what a local database never has: `.show materialized-views` (`materialized-view-show-command.md`) and
 * `.show external tables` (`show-external-tables.md`).
 */
export function nothingOfKind(reader: Reader, context: CommandContext): CommandResult | undefined {
  const mark = reader.mark();
  if (reader.take("show", "materialized-views")) {
    if (reader.peek().kind !== "end") throw notSupported("More than a list of materialized views");
    current(context);
    return result(VIEW, []);
  }
  if (reader.take("show", "external", "tables")) {
    if (reader.peek().kind !== "end") throw notSupported("More than a list of external tables");
    current(context);
    return result(EXTERNAL_TABLE, []);
  }
  if (reader.take("show", "materialized-view")) throw entityNotFound("MaterializedView", reader.name());
  if (reader.take("show", "external", "table")) throw entityNotFound("ExternalTable", reader.name());
  reader.back(mark);
  return undefined;
}
