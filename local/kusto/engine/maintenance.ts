import type { Engine } from "./engine.ts";
import { mergeOnce } from "./merging.ts";
import { isBag, policyValue } from "./policies.ts";
import { type DatabaseState, withExtents, withTable } from "./state.ts";
import { ticksOfTimespan } from "./ticks.ts";

export interface Maintenance {
  readonly once: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Merging and retention in the background, as the policies say. */
export function startMaintenance(engine: Engine): Maintenance {
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  const once = (): Promise<void> => {
    running = running.then(async () => {
      if (stopped) return;
      await applyRetention(engine);
      await mergeOnce(engine, () => stopped);
    });
    return running;
  };
  const timer = setInterval(() => {
    once().catch(engine.settings.report);
  }, engine.settings.maintenanceMs);
  timer.unref();
  return {
    once,
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await running.catch(() => undefined);
    },
  };
}

/** Drops extents older than the soft-delete period, by creation time (`kusto/management/retention-policy.md`). */
async function applyRetention(engine: Engine): Promise<void> {
  const now = engine.clock.now();
  const expire = (database: DatabaseState): DatabaseState => {
    let current = database;
    for (const table of database.tables.values()) {
      const policy = policyValue(database, table, "retention");
      const text = isBag(policy) ? policy.SoftDeletePeriod : undefined;
      const period = typeof text === "string" ? ticksOfTimespan(text) : undefined;
      if (period === undefined) continue;
      const old = [...table.extents.values()]
        .filter((extent) => extent.createdMax < now - period)
        .map((extent) => extent.id);
      if (old.length > 0) current = withTable(current, withExtents(table, old, []));
    }
    return current;
  };
  await engine.store.change((state) => {
    let databases: Map<string, DatabaseState> | undefined;
    for (const [key, database] of state.databases) {
      // The leader drops what is due in a database that is followed.
      if (database.following !== undefined) continue;
      const next = expire(database);
      if (next !== database)
        databases = (databases ?? new Map(state.databases)).set(key, { ...next, version: next.version + 1 });
    }
    return databases === undefined ? state : { ...state, databases };
  });
}
