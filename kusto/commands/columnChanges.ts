import type { ColumnChanges } from "../../model/columnChanges.ts";
import { kustoType, quoteName } from "../names.ts";

/** Drops a column; its values are lost for good (`kusto/management/drop-column.md`). */
export function dropColumn(table: string, column: string): string {
  return `.drop column ${quoteName(table)}.${quoteName(column)}`;
}

/** Renames a column, with all its values (`kusto/management/rename-column.md`). */
export function renameColumn(table: string, column: string, to: string): string {
  return `.rename column ${quoteName(table)}.${quoteName(column)} to ${quoteName(to)}`;
}

/**
 * Gives a column another type. What it holds reads as null from then on, and nothing brings it back
 * (`kusto/management/alter-column.md`).
 */
export function alterColumnType(table: string, column: string, type: string): string {
  return `.alter column ${quoteName(table)}.${quoteName(column)} type=${kustoType(type)}`;
}

/**
 * What changed of a table's columns, and the commands that settle it, each to be pasted as it stands between its backticks.
 * Undefined where nothing is in the way.
 */
export function columnChangesReason(
  table: string,
  database: string,
  changes: ColumnChanges,
  destinationNames: readonly string[],
): string | undefined {
  const taken = new Set(destinationNames);
  const kept = (column: string) =>
    `${command(renameColumn(table, column, freeName(column, taken)))} (its values stay under that name)`;
  const parts = [
    ...changes.renamed.map(
      ({ from, to, type }) =>
        `column ${from} is gone at the source and ${to} of the same type ${type} came: it looks renamed. Then run ${command(renameColumn(table, from, to))}. If it was dropped: ${command(dropColumn(table, from))} (its values at the destination are lost for good) or ${kept(from)}`,
    ),
    ...changes.dropped.map(
      ({ name }) =>
        `column ${name} was copied and is gone at the source. Run ${command(dropColumn(table, name))} (its values at the destination are lost for good) or ${kept(name)}`,
    ),
    ...changes.retyped.map(
      ({ name, from, to }) =>
        `column ${name} is ${to} at the source and ${from} at the destination. Run ${command(alterColumnType(table, name, to))} (what it holds at the destination reads as null from then on, and can't be brought back) or ${kept(name)}, and the column comes anew`,
    ),
  ];
  if (parts.length === 0) return undefined;
  return `Table ${table} waits for its columns to be settled in database ${database} of the destination: ${parts.join("; ")}. The next iteration goes on from where the table stands.`;
}

function command(text: string): string {
  return `\`${text}\``;
}

function freeName(column: string, taken: ReadonlySet<string>): string {
  for (let n = 1; ; n++) {
    const name = `${column}_old${n === 1 ? "" : n}`;
    if (!taken.has(name)) return name;
  }
}
