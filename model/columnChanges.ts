import type { PlannedColumn } from "./checkpoint/entries.ts";

type NamedType = Pick<PlannedColumn, "name" | "type">;

/** What of a table's columns the destination can't follow by itself. */
export interface ColumnChanges {
  /** Copied before, gone at the source, and still in the destination. */
  readonly dropped: readonly NamedType[];
  /** Of the dropped ones those that look renamed: just one column of their type came. */
  readonly renamed: readonly { readonly from: string; readonly to: string; readonly type: string }[];
  /** Of another type in the destination than at the source. */
  readonly retyped: readonly { readonly name: string; readonly from: string; readonly to: string }[];
}

/**
 * Compares a table's columns at the source with those at the destination. Only what was copied before (`copied`) can have
 * been dropped: other columns are the destination's own. The order of columns says nothing.
 */
export function columnChanges(
  copied: readonly NamedType[],
  source: readonly NamedType[],
  destination: readonly NamedType[],
): ColumnChanges {
  const there = typesOf(destination);
  const here = typesOf(source);
  const before = typesOf(copied);
  const gone = copied.filter(({ name }) => !here.has(name) && there.has(name));
  const added = source.filter(({ name }) => !before.has(name) && !there.has(name));
  const renamed = gone.flatMap(({ name, type }) => {
    const alike = added.filter((each) => each.type === type);
    const only = gone.filter((each) => each.type === type).length === 1 && there.get(name) === type;
    return only && alike.length === 1 && alike[0] ? [{ from: name, to: alike[0].name, type }] : [];
  });
  return {
    dropped: gone.filter(({ name }) => !renamed.some((each) => each.from === name)),
    renamed,
    retyped: source.flatMap(({ name, type }) => {
      const other = there.get(name);
      return other === undefined || other === type ? [] : [{ name, from: other, to: type }];
    }),
  };
}

/** Whether columns that were copied are gone or of another type now: only then the destination has to be asked. */
export function losesColumns(copied: readonly NamedType[], source: readonly NamedType[]): boolean {
  const here = typesOf(source);
  return copied.some(({ name, type }) => here.get(name) !== type);
}

function typesOf(columns: readonly NamedType[]): Map<string, string> {
  return new Map(columns.map(({ name, type }) => [name, type]));
}
