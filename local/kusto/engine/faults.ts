import { z } from "zod";
import { KustoError } from "../kustoError.ts";
import type { ClusterState } from "./state.ts";
import type { Lease } from "./store.ts";

export const faultSchema = z.object({
  match: z
    .object({
      kind: z.enum(["query", "mgmt", "ingest", "queue", "operation"]).optional(),
      text: z.string().optional(),
      database: z.string().optional(),
    })
    .default({}),
  action: z.enum([
    "fail",
    "throttle",
    "delay",
    "loseAnswer",
    "emptyAnswer",
    "duplicate",
    "drop",
    "operationState",
    "forget",
    "split",
    "merge",
    "stale",
  ]),
  status: z.number().int().optional(),
  code: z.string().optional(),
  permanent: z.boolean().optional(),
  message: z.string().optional(),
  times: z.number().int().min(1).default(1),
  afterMs: z.number().min(0).optional(),
  state: z
    .enum([
      "Completed",
      "Failed",
      "PartiallySucceeded",
      "Abandoned",
      "BadInput",
      "Throttled",
      "Canceled",
      "Skipped",
      "InProgress",
      "Scheduled",
    ])
    .optional(),
  /** For `split`: how many files an export writes, where it has as many rows; two without it. */
  files: z.number().int().min(2).optional(),
  /** For `operationState` and `emptyAnswer`: whether the work is done before the state or the answer is told. */
  doWork: z.boolean().default(false),
});

export type Fault = z.output<typeof faultSchema>;

export interface Subject {
  readonly kind: "query" | "mgmt" | "ingest" | "queue" | "operation";
  readonly text: string;
  readonly database: string;
}

export interface Faults {
  readonly add: (fault: Fault) => void;
  readonly clear: () => void;
  readonly list: () => readonly (Fault & { readonly fired: number })[];
  /** The faults that strike now, each counted once. Only those of the given actions are looked at. */
  readonly take: (subject: Subject, actions: readonly Fault["action"][]) => readonly Fault[];
  /** The state that a weakly consistent read sees where a `stale` fault strikes it: the one of the moment it was asked for. */
  readonly takeStale: (subject: Subject) => ClusterState | undefined;
}

interface Item {
  readonly fault: Fault;
  readonly pattern: RegExp;
  readonly pinned: Lease | undefined;
  fired: number;
}

/** Faults on demand: what a test asks this cluster to do wrong. `lease` keeps the rows that a stale read sees. */
export function createFaults(lease: () => Lease): Faults {
  let faults: Item[] = [];
  const strike = (subject: Subject, actions: readonly Fault["action"][]): Item[] => {
    const struck: Item[] = [];
    for (const item of faults) {
      const { match, times, action } = item.fault;
      if (item.fired >= times || !actions.includes(action)) continue;
      if (match.kind !== undefined && match.kind !== subject.kind) continue;
      if (match.database !== undefined && match.database.toLowerCase() !== subject.database.toLowerCase())
        continue;
      if (!item.pattern.test(subject.text)) continue;
      item.fired += 1;
      struck.push(item);
    }
    return struck;
  };
  return {
    add: (fault) => {
      faults.push({
        fault,
        pattern: new RegExp(fault.match.text ?? "", "is"),
        pinned: fault.action === "stale" ? lease() : undefined,
        fired: 0,
      });
    },
    clear: () => {
      for (const { pinned } of faults) pinned?.release();
      faults = [];
    },
    list: () => faults.map(({ fault, fired }) => ({ ...fault, fired })),
    take: (subject, actions) => strike(subject, actions).map((item) => item.fault),
    takeStale: (subject) => strike(subject, ["stale"])[0]?.pinned?.state,
  };
}

/** The error that a `fail` or `throttle` fault stands for. */
export function faultError(fault: Fault): KustoError {
  const message =
    fault.message ??
    (fault.action === "throttle" ? "The request was denied due to throttling." : "A fault was asked for.");
  if (fault.action === "throttle") {
    return new KustoError(
      fault.status ?? 429,
      fault.code ?? "TooManyRequests",
      "Kusto.DataNode.Exceptions.ControlCommandThrottledException",
      message,
      fault.permanent ?? false,
    );
  }
  return new KustoError(
    fault.status ?? 520,
    fault.code ?? "General_InternalServerError",
    "Kusto.Data.Exceptions.KustoServiceException",
    message,
    fault.permanent ?? false,
  );
}
