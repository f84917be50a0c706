/** When a batch is full (`kusto/management/batching-policy.md`). */
export interface BatchLimits {
  readonly maximumTimeMs: number;
  readonly maximumItems: number;
  readonly maximumRawDataSizeMB: number;
}

export interface Batch<T> {
  readonly items: readonly T[];
}

export interface Batches<T> {
  /** Adds an item to the open batch of its key, which may seal it. */
  readonly add: (key: string, item: T, size: number, limits: BatchLimits, flush: boolean) => void;
  /** Seals what has waited long enough. */
  readonly sealDue: () => void;
  /** What no batch was sealed for. */
  readonly drain: () => T[];
}

interface Open<T> {
  readonly items: T[];
  size: number;
  readonly due: number;
}

/** Gathers items by key until a batch is sealed by size, count, time or an item that asks for it. */
export function createBatches<T>(nowMs: () => number, seal: (batch: Batch<T>) => void): Batches<T> {
  const open = new Map<string, Open<T>>();
  return {
    add: (key, item, size, limits, flush) => {
      const batch = open.get(key) ?? { items: [], size: 0, due: nowMs() + limits.maximumTimeMs };
      open.set(key, batch);
      batch.items.push(item);
      batch.size += size;
      const full =
        batch.items.length >= limits.maximumItems || batch.size >= limits.maximumRawDataSizeMB * 1024 * 1024;
      if (!flush && !full) return;
      open.delete(key);
      seal(batch);
    },
    sealDue: () => {
      const now = nowMs();
      for (const [key, batch] of [...open]) {
        if (batch.due > now) continue;
        open.delete(key);
        seal(batch);
      }
    },
    drain: () => {
      const rest = [...open.values()].flatMap((batch) => batch.items);
      open.clear();
      return rest;
    },
  };
}
