import type { TableSchema } from "../../kusto/commands/schema.ts";
import type { PlannedColumn, PlannedTable } from "../../model/checkpoint/entries.ts";
import type { TableState } from "../../model/checkpoint/state.ts";
import type { SchemaChange } from "../../model/reports/plan.ts";
import { dueDescriptions } from "../destination/describeTable.ts";

/** Columns that a text names before it says how many more there are. */
const COLUMNS_NAMED = 20;

/** What copying a table would change in the destination's schema. */
export function schemaChanges(
  table: PlannedTable,
  existing: TableSchema | undefined,
  known: TableState | undefined,
): SchemaChange[] {
  if (!existing) {
    const folder = table.folder === "" ? "" : ` in folder ${table.folder}`;
    return [
      { kind: "createTable", text: `Create table ${table.name} (${columnTexts(table.columns)})${folder}.` },
    ];
  }
  const names = new Set(existing.columns.map((column) => column.name));
  const added = table.columns.filter((column) => !names.has(column.name));
  const { folder, docstring, columns } = dueDescriptions(table, existing, known);
  const described = [
    ...(folder === undefined ? [] : [`folder "${folder}"`]),
    ...(docstring === undefined ? [] : ["its docstring"]),
    ...(columns.length === 0 ? [] : [`docstrings of ${columnNames(columns)}`]),
  ];
  return [
    ...(added.length === 0
      ? []
      : [{ kind: "addColumns" as const, text: `Add to table ${table.name}: ${columnTexts(added)}.` }]),
    ...(described.length === 0
      ? []
      : [{ kind: "describe" as const, text: `Give table ${table.name} ${described.join(", ")}.` }]),
  ];
}

/** What is switched off at the destination while a table's rows are copied, where the job says so. */
export function policyChanges(table: string, target: string | undefined): SchemaChange[] {
  if (target === undefined) return [];
  return [
    {
      kind: "updatePolicy",
      text: `Switch the update policy of table ${target} off while rows are moved into table ${table}, for other writers too.`,
    },
  ];
}

function columnNames(columns: readonly PlannedColumn[]): string {
  return listOf(columns.map(({ name }) => name));
}

function columnTexts(columns: readonly PlannedColumn[]): string {
  return listOf(columns.map(({ name, type }) => `${name}: ${type}`));
}

function listOf(texts: readonly string[]): string {
  const named = texts.slice(0, COLUMNS_NAMED);
  const more = texts.length - named.length;
  return [...named, ...(more > 0 ? [`and ${more} more`] : [])].join(", ");
}
