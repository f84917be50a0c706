import { randomUUID } from "node:crypto";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { checkReadOnly } from "../following/readOnly.ts";
import { identifier } from "./names.ts";
import { changesBetween, readMeta, writeMeta } from "./persistence.ts";
import type { ClusterState, DatabaseState } from "./state.ts";

/** The state at one moment; the rows it names stay readable until it is released. */
export interface Lease {
  readonly state: ClusterState;
  readonly release: () => void;
}

export interface Store {
  readonly state: () => ClusterState;
  readonly lease: () => Lease;
  /** A connection of its own for one piece of work; what it leaves behind is for the caller to drop. */
  readonly withConnection: <T>(work: (connection: DuckDBConnection) => Promise<T>) => Promise<T>;
  /** A connection that nobody else gets, ready for queries; the caller closes it. */
  readonly connection: () => Promise<DuckDBConnection>;
  /**
   * Serialised, atomic and durable: the state that `change` returns takes the place of the one it was given. Only the
   * refresh of what is followed may change that.
   */
  readonly change: (change: (state: ClusterState) => ClusterState, who?: "refresh") => Promise<ClusterState>;
  /** Writers that need more than one step on a database, one at a time. */
  readonly exclusive: <T>(database: string, work: () => Promise<T>) => Promise<T>;
  /** A name for a new DuckDB table of rows; without a commit that names it, it is gone at the next start. */
  readonly newStore: () => string;
  /** Drops DuckDB tables of rows that no commit named after all. */
  readonly discard: (stores: readonly string[]) => void;
  readonly writeLog: (key: string, value: string) => Promise<void>;
  readonly readLog: () => Promise<[string, string][]>;
  readonly close: () => Promise<void>;
}

/** Runs tasks one after the other. */
export function createQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let tail: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = tail.then(work, work);
    tail = result.catch(() => undefined);
    return result;
  };
}

function storesOf(database: DatabaseState | undefined, into: Set<string>): Set<string> {
  for (const table of database?.tables.values() ?? [])
    for (const extent of table.extents.values()) into.add(extent.store);
  return into;
}

/** Opens the DuckDB database (a file where `path` is given) and the state in it. */
export async function openStore(
  path: string | undefined,
  prepare: (connection: DuckDBConnection) => void,
  report: (error: unknown) => void,
): Promise<Store> {
  const instance = await DuckDBInstance.create(path ?? ":memory:");
  const meta = await instance.connect();
  prepare(meta);
  let current = await readMeta(meta);
  await dropOrphans(meta, current);

  const idle: DuckDBConnection[] = [];
  let closed = false;
  const connection = async (): Promise<DuckDBConnection> => {
    const made = await instance.connect();
    // What this sets holds for the connection; the functions that queries call belong to the whole instance.
    await made.run("SET TimeZone='UTC'");
    return made;
  };
  const commitQueue = createQueue();
  const dropQueue = createQueue();
  const databaseQueues = new Map<string, ReturnType<typeof createQueue>>();

  let epoch = 0;
  const readers = new Map<number, number>();
  let retired: { epoch: number; store: string }[] = [];
  const dropStores = (stores: readonly string[]): void => {
    dropQueue(async () => {
      const dropper = await instance.connect();
      try {
        for (const name of stores) await dropper.run(`DROP TABLE IF EXISTS ${identifier(name)}`);
      } finally {
        dropper.closeSync();
      }
    }).catch(report);
  };
  const sweep = (): void => {
    const oldest = Math.min(epoch, ...readers.keys());
    const free = retired.filter((item) => item.epoch <= oldest);
    if (free.length === 0 || closed) return;
    retired = retired.filter((item) => item.epoch > oldest);
    dropStores(free.map((item) => item.store));
  };

  return {
    state: () => current,
    lease: () => {
      const mine = epoch;
      readers.set(mine, (readers.get(mine) ?? 0) + 1);
      let released = false;
      return {
        state: current,
        release: () => {
          if (released) return;
          released = true;
          const left = (readers.get(mine) ?? 1) - 1;
          if (left === 0) readers.delete(mine);
          else readers.set(mine, left);
          sweep();
        },
      };
    },
    connection,
    withConnection: async (work) => {
      const borrowed = idle.pop() ?? (await connection());
      try {
        const result = await work(borrowed);
        if (closed) borrowed.closeSync();
        else idle.push(borrowed);
        return result;
      } catch (error) {
        // What failed half-way may have left anything on the connection.
        borrowed.closeSync();
        throw error;
      }
    },
    change: (change, who) =>
      commitQueue(async () => {
        const before = current;
        const after = change(before);
        if (after === before) return after;
        if (who !== "refresh") checkReadOnly(before, after);
        if (path !== undefined) {
          const { deleted, written } = changesBetween(before, after);
          await writeMeta(meta, deleted, written);
        }
        current = after;
        epoch += 1;
        const kept = new Set<string>();
        const dropped = new Set<string>();
        for (const [key, database] of before.databases) {
          if (after.databases.get(key) !== database) storesOf(database, dropped);
        }
        for (const [key, database] of after.databases) {
          if (before.databases.get(key) !== database) storesOf(database, kept);
        }
        for (const store of dropped) if (!kept.has(store)) retired.push({ epoch, store });
        sweep();
        return after;
      }),
    exclusive: (database, work) => {
      const key = database.toLowerCase();
      const queue = databaseQueues.get(key) ?? createQueue();
      databaseQueues.set(key, queue);
      return queue(work);
    },
    newStore: () => `x_${randomUUID().replaceAll("-", "")}`,
    discard: dropStores,
    writeLog: async (key, value) => {
      if (path !== undefined) await commitQueue(() => writeMeta(meta, [], new Map([[`log/${key}`, value]])));
    },
    readLog: async () => {
      const reader = await meta.runAndReadAll(
        "SELECT key, value FROM kusto_meta WHERE key LIKE 'log/%' ORDER BY key",
      );
      return reader.getRows().map(([key, value]): [string, string] => [String(key).slice(4), String(value)]);
    },
    close: async () => {
      await commitQueue(async () => undefined);
      await dropQueue(async () => undefined);
      closed = true;
      for (const item of idle.splice(0)) item.closeSync();
      if (path !== undefined) await meta.run("CHECKPOINT");
      meta.closeSync();
      instance.closeSync();
    },
  };
}

async function dropOrphans(connection: DuckDBConnection, state: ClusterState): Promise<void> {
  const known = new Set<string>();
  for (const database of state.databases.values()) storesOf(database, known);
  const reader = await connection.runAndReadAll(
    "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'x\\_%' ESCAPE '\\'",
  );
  for (const [name] of reader.getRows()) {
    const table = String(name);
    if (!known.has(table)) await connection.run(`DROP TABLE ${identifier(table)}`);
  }
}
