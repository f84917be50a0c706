import { z } from "zod";
import type { DatabaseState, Json } from "../engine/state.ts";
import { cslSchema, nameText } from "./schemaText.ts";

const cachingSchema = z.object({
  DataHotSpan: z.object({ Value: z.string() }),
  HotWindows: z.array(z.object({ MinValue: z.string(), MaxValue: z.string() })),
});

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n").replaceAll("\r", "\\r")}"`;
}

function properties(folder: string, docstring: string, ...more: readonly string[]): string {
  const parts = [
    ...more,
    ...(folder === "" ? [] : [`folder = ${quoted(folder)}`]),
    ...(docstring === "" ? [] : [`docstring = ${quoted(docstring)}`]),
  ];
  return parts.length === 0 ? "" : ` with (${parts.join(", ")})`;
}

/** A policy as a command sets it: a caching policy has no JSON form (`alter-table-cache-policy-command.md`). */
function policyText(kind: string, value: Json): string {
  if (typeof value === "boolean") return String(value);
  if (kind !== "caching") return `\`\`\`${JSON.stringify(value)}\`\`\``;
  const { DataHotSpan, HotWindows } = cachingSchema.parse(value);
  return [
    `hot = time(${DataHotSpan.Value})`,
    ...HotWindows.map((one) => `hot_window = datetime(${one.MinValue}) .. datetime(${one.MaxValue})`),
  ].join(", ");
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
      lines.push(`.alter table ${name} policy ${kind} ${policyText(kind, value)}`);
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
      `.create-or-alter function${properties(item.folder, item.docstring, 'skipvalidation = "true"')} ${nameText(item.name)} ${item.parameters} ${item.body}`,
    );
  }
  return lines;
}
