import { harmless, padded, widthOf } from "./terminal.ts";

export interface Column<T> {
  readonly title: string;
  readonly text: (row: T) => string;
  /** Numbers stand at the right. */
  readonly right?: boolean;
}

/** Lines of a table: a title and its rows, two blanks between columns. A column that is empty throughout is left out. */
export function textTable<T>(rows: readonly T[], columns: readonly Column<T>[]): string[] {
  const cells = columns
    .map((column) => ({ ...column, texts: rows.map((row) => harmless(column.text(row))) }))
    .filter((column) => column.texts.some((text) => text !== ""));
  const line = (texts: readonly string[]): string => {
    const parts = texts.map((text, i) => {
      const column = cells[i];
      const width = Math.max(widthOf(column?.title ?? ""), ...(column?.texts ?? []).map(widthOf));
      if (column?.right) return " ".repeat(Math.max(0, width - widthOf(text))) + text;
      return i === texts.length - 1 ? text : padded(text, width);
    });
    return `  ${parts.join("  ")}`.trimEnd();
  };
  return [
    line(cells.map(({ title }) => title)),
    ...rows.map((_, r) => line(cells.map(({ texts }) => texts[r] ?? ""))),
  ];
}
