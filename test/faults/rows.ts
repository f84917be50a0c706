import type { KustoClient } from "../../kusto/client.ts";
import { tableExists } from "../../kusto/reads.ts";
import type { Stage } from "./stage.ts";
import { contentsOf, type SmallCopy, TABLES } from "./variants.ts";

/** How the rows of a copy stand, in words; nothing where they stand well. */
export interface Comparison {
  /** The tables that don't hold the same rows at both ends, each as often. */
  readonly differing: readonly string[];
  /** The tables that hold what the destination must never show: a part, rows doubled, or rows that the source never had. */
  readonly wrong: readonly string[];
}

/** Compares both ends as they are: a comparison by hash costs more than the copy. `changed`: the second iteration's change is made. */
export async function compareRows(
  stage: Stage,
  { place, folder, variant }: SmallCopy,
  changed: boolean,
): Promise<Comparison> {
  const found = TABLES.map(async (table) => {
    const name = `${folder}${table}`;
    const [from, to] = await Promise.all([
      rowsOf(stage.source, place, name),
      rowsOf(stage.destination, place, name),
    ]);
    const held = to.join();
    const may = contentsOf(variant, table, changed).some((rows) => rows.join() === held);
    return {
      differing:
        from.join() === held
          ? []
          : [`${name} has ${to.length} rows, the source ${from.length}, and they are not the same`],
      wrong: may
        ? []
        : [`${name} shows ${to.length} rows, which no whole step of the copy comes to: ${oddRows(from, to)}`],
    };
  });
  const tables = await Promise.all(found);
  return {
    differing: tables.flatMap((each) => each.differing),
    wrong: tables.flatMap((each) => each.wrong),
  };
}

/** A few of the rows that one side has oftener than the other. */
function oddRows(from: readonly string[], to: readonly string[]): string {
  const less = (all: readonly string[], others: readonly string[]) => {
    const left = [...others];
    return all.filter((row) => {
      const at = left.indexOf(row);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
  };
  const told = (rows: readonly string[]) => rows.slice(0, 5).join(", ") || "none";
  return `more than the source: ${told(less(to, from))}; fewer: ${told(less(from, to))}`;
}

async function rowsOf(client: KustoClient, database: string, table: string): Promise<string[]> {
  if (!(await tableExists(client, database, table))) return [];
  const rows = await client.query(database, `['${table}']`);
  return rows.map(({ Id, Text }) => `${String(Id)} ${String(Text)}`).toSorted();
}
