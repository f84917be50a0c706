import type { DatabaseState } from "../engine/state.ts";
import { cslSchema, nameText } from "./schemaText.ts";

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n").replaceAll("\r", "\\r")}"`;
}

function properties(folder: string, docstring: string): string {
  const parts = [
    ...(folder === "" ? [] : [`folder = ${quoted(folder)}`]),
    ...(docstring === "" ? [] : [`docstring = ${quoted(docstring)}`]),
  ];
  return parts.length === 0 ? "" : ` with (${parts.join(", ")})`;
}

/** The commands that make a copy of a database's schema (`show-schema-database.md`, as csl script). */
export function cslScript(
  database: DatabaseState,
  options: { readonly encoding: boolean; readonly mappings: boolean },
): string[] {
  const lines: string[] = [];
  for (const table of database.tables.values()) {
    const name = nameText(table.name);
    lines.push(
      `.create-merge table ${name} (${cslSchema(table.columns)})${properties(table.folder, table.docstring)}`,
    );
    for (const [kind, value] of Object.entries(table.policies)) {
      if (value === null) continue;
      const text = typeof value === "boolean" ? String(value) : `\`\`\`${JSON.stringify(value)}\`\`\``;
      lines.push(`.alter table ${name} policy ${kind} ${text}`);
    }
    if (options.encoding) {
      for (const column of table.columns) {
        if (column.encoding !== undefined)
          lines.push(
            `.alter column ${name}.${nameText(column.name)} policy encoding type='${column.encoding}'`,
          );
      }
    }
    if (options.mappings) {
      for (const mapping of table.mappings) {
        lines.push(
          `.create-or-alter table ${name} ingestion ${mapping.kind.toLowerCase()} mapping ${quoted(mapping.name)} \`\`\`${mapping.mapping}\`\`\``,
        );
      }
    }
  }
  for (const item of database.functions.values()) {
    lines.push(
      `.create-or-alter function${properties(item.folder, item.docstring)} ${nameText(item.name)} ${item.parameters} ${item.body}`,
    );
  }
  return lines;
}
