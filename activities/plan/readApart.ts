import type { KustoClient } from "../../kusto/client.ts";
import { tableExists } from "../../kusto/reads.ts";
import type { Parked } from "../../model/checkpoint/entries.ts";
import { describe, isOfOneTable } from "../../model/errors.ts";
import { sideBySide } from "../destination/sideBySide.ts";

/** Tables that a reading of many went without. */
export interface Unread {
  /** Tables that can't be read, with the reason. */
  readonly unread: Parked[];
  /** Names of those that were dropped or renamed since the schema was read: no tables of the source any more. */
  readonly gone: string[];
}

/** Whether a reading went without a table. */
export function isLost(name: string, { unread, gone }: Unread): boolean {
  return gone.includes(name) || unread.some(({ table }) => table === name);
}

/**
 * Reads many of the source's tables at once. What fails for good for all of them is read table by table, so that one that is
 * gone or can't be read keeps no other from being copied. Throws what is no single table's failure.
 */
export async function readApart<T, R>(
  source: KustoClient,
  database: string,
  tables: readonly T[],
  nameOf: (table: T) => string,
  read: (some: readonly T[]) => Promise<R>,
): Promise<Unread & { answers: R[] }> {
  const answers: R[] = [];
  const unread: Parked[] = [];
  const gone: string[] = [];
  const failed = async (table: T, error: unknown) => {
    if (!isOfOneTable(error)) throw error;
    const name = nameOf(table);
    if (await tableExists(source, database, name))
      unread.push({ table: name, reason: `Table ${name} can't be looked at. ${describe(error)}` });
    else gone.push(name);
  };
  try {
    if (tables.length > 0) answers.push(await read(tables));
  } catch (error) {
    if (!isOfOneTable(error)) throw error;
    const [only, ...others] = tables;
    if (only !== undefined && others.length === 0) await failed(only, error);
    else
      await sideBySide(tables, async (table) => {
        try {
          answers.push(await read([table]));
        } catch (own) {
          await failed(table, own);
        }
      });
  }
  return { answers, unread, gone };
}
