import { randomUUID } from "node:crypto";
import { KustoError } from "../kustoError.ts";
import type { Clock } from "./clock.ts";
import type { DatabaseState, ExtentState, TableState } from "./state.ts";
import type { Store } from "./store.ts";

export interface CursorCommits {
  readonly token: () => string;
  /** Gives the rows committed under a token their cursor, a little later and in order. */
  readonly later: (database: string, token: string) => void;
  readonly idle: () => Promise<void>;
}

/**
 * Data is committed first and its cursor assigned later; `cursor_current()` moves by cursor commits only
 * (`kusto/query/database-cursor.md`). Values are decimal text without a meaning of their own.
 */
export function createCursorCommits(
  store: Store,
  clock: Clock,
  lagMs: () => number,
  report: (error: unknown) => void,
): CursorCommits {
  const tails = new Map<string, Promise<void>>();
  const later = (database: string, token: string): void => {
    const key = database.toLowerCase();
    const due = clock.nowMs() + lagMs();
    const next = (tails.get(key) ?? Promise.resolve()).then(async () => {
      const wait = due - clock.nowMs();
      if (wait > 0) await clock.sleep(wait);
      await store.change((state) => {
        const current = state.databases.get(key);
        if (current === undefined) return state;
        const now = clock.now();
        const cursor = now > current.cursor ? now : current.cursor + 1n;
        return {
          ...state,
          databases: new Map(state.databases).set(key, assignCursor(current, token, cursor)),
        };
      });
    });
    tails.set(key, next.catch(report));
  };
  for (const database of store.state().databases.values()) {
    const waiting = [...database.tables.values()]
      .flatMap((table) => [...table.extents.values()])
      .filter((extent) => extent.pending !== undefined);
    waiting.sort((a, b) => compareTimes(a, b));
    for (const token of new Set(waiting.map((extent) => extent.pending)))
      if (token !== undefined) later(database.name, token);
  }
  return {
    token: () => randomUUID(),
    later,
    idle: async () => {
      await Promise.all(tails.values());
    },
  };
}

function compareTimes(a: ExtentState, b: ExtentState): number {
  const time = (extent: ExtentState): bigint => (typeof extent.ingested === "bigint" ? extent.ingested : 0n);
  return time(a) < time(b) ? -1 : time(a) > time(b) ? 1 : 0;
}

function assignCursor(database: DatabaseState, token: string, cursor: bigint): DatabaseState {
  const tables = new Map(database.tables);
  for (const table of database.tables.values()) {
    let changed: Map<string, ExtentState> | undefined;
    for (const extent of table.extents.values()) {
      if (extent.pending !== token) continue;
      changed ??= new Map(table.extents);
      changed.set(extent.id, { ...extent, cursor, pending: undefined });
    }
    if (changed !== undefined) {
      const next: TableState = { ...table, extents: changed };
      tables.set(table.name, next);
    }
  }
  return { ...database, cursor, tables };
}

/** The bound that a cursor's text stands for: the empty string is before everything. */
export function cursorBound(text: string): bigint {
  if (text === "") return 0n;
  if (!/^\d{1,19}$/.test(text)) {
    throw new KustoError(
      400,
      "General_BadRequest",
      "Kusto.Data.Exceptions.SemanticException",
      `Semantic error: '${text}' is not a database cursor.`,
      true,
    );
  }
  return BigInt(text);
}
