import { KustoError } from "../kustoError.ts";
import type { Clock } from "./clock.ts";

export type Resource = "ingestions" | "data-export";

const ORIGIN: Readonly<Record<Resource, string>> = {
  ingestions: "CapacityPolicy/Ingestion",
  "data-export": "CapacityPolicy/Export",
};

export interface Capacity {
  readonly total: (resource: Resource) => number;
  readonly consumed: (resource: Resource) => number;
  readonly origin: (resource: Resource) => string;
  /** Takes a slot if one is free. */
  readonly take: (resource: Resource) => (() => void) | undefined;
  /** Takes a slot, waiting for one up to a time. */
  readonly wait: (resource: Resource, ms: number) => Promise<(() => void) | undefined>;
}

/**
 * Slots for concurrent operations: `min(cluster maximum, nodes × max(1, cores × coefficient))`, one node less from
 * four nodes on (`kusto/management/capacity-policy.md`).
 */
export function capacityOf(maximum: number, nodes: number, cores: number, coefficient: number): number {
  const working = nodes >= 4 ? nodes - 1 : nodes;
  return Math.floor(Math.min(maximum, working * Math.max(1, cores * coefficient)));
}

export function createCapacity(totals: () => Readonly<Record<Resource, number>>, clock: Clock): Capacity {
  const used: Record<Resource, number> = { ingestions: 0, "data-export": 0 };
  const waiting: Record<Resource, (() => void)[]> = { ingestions: [], "data-export": [] };
  const take = (resource: Resource): (() => void) | undefined => {
    if (used[resource] >= totals()[resource]) return undefined;
    used[resource] += 1;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      used[resource] -= 1;
      waiting[resource].shift()?.();
    };
  };
  return {
    total: (resource) => totals()[resource],
    consumed: (resource) => used[resource],
    origin: (resource) => ORIGIN[resource],
    take,
    wait: async (resource, ms) => {
      const deadline = clock.nowMs() + ms;
      for (;;) {
        const slot = take(resource);
        if (slot !== undefined) return slot;
        const left = deadline - clock.nowMs();
        if (left <= 0) return undefined;
        await Promise.race([
          new Promise<void>((resolve) => {
            waiting[resource].push(resolve);
          }),
          clock.sleep(left),
        ]);
      }
    },
  };
}

/** The documented text and subcode of a command over the limit (`kusto/management/capacity-policy.md`). */
export function throttledCommand(kind: string, capacity: number, origin: string): KustoError {
  return new KustoError(
    429,
    "TooManyRequests",
    "Kusto.DataNode.Exceptions.ControlCommandThrottledException",
    `The management command was aborted due to throttling. Retrying after some backoff might succeed. CommandType: '${kind}', Capacity: ${capacity}, Origin: '${origin}'.`,
    false,
  );
}
