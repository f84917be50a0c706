import { z } from "zod";
import { createFaultRegistry } from "../faultRegistry.ts";
import { ArmError } from "./armError.ts";

const match = z.strictObject({
  method: z.string().optional(),
  /** A pattern that the path has to match, in any case. */
  path: z.string().optional(),
});

/** What the next requests that match run into. */
export const faultSchema = z.discriminatedUnion("action", [
  /** Answered with an error; nothing is done. */
  z.strictObject({
    action: z.literal("fail"),
    match: match.default({}),
    times: z.int().min(1).default(1),
    status: z.int().min(400).max(599),
    code: z.string(),
    message: z.string(),
  }),
  /** Answered late. */
  z.strictObject({
    action: z.literal("delay"),
    match: match.default({}),
    times: z.int().min(1).default(1),
    afterMs: z.number().min(0),
  }),
  /** The operation that the request starts takes that long. */
  z.strictObject({
    action: z.literal("slowOperation"),
    match: match.default({}),
    times: z.int().min(1).default(1),
    afterMs: z.number().min(0),
  }),
  /** The operation that the request starts ends in failure, its work done or not. */
  z.strictObject({
    action: z.literal("failOperation"),
    match: match.default({}),
    times: z.int().min(1).default(1),
    code: z.string(),
    message: z.string(),
    state: z.enum(["Failed", "Canceled"]).default("Failed"),
    doWork: z.boolean().default(false),
  }),
]);
export type Fault = z.output<typeof faultSchema>;

export interface OperationFaults {
  readonly slow: Extract<Fault, { action: "slowOperation" }> | undefined;
  readonly failing: Extract<Fault, { action: "failOperation" }> | undefined;
}

export interface Faults {
  readonly add: (fault: Fault) => void;
  readonly clear: () => void;
  readonly list: () => readonly (Fault & { readonly struck: number })[];
  /** Runs a request into what fails or delays it. */
  readonly strike: (method: string, path: string) => Promise<void>;
  /** What the operation that a request starts runs into: taken when it starts. */
  readonly forOperation: (method: string, path: string) => OperationFaults;
}

export function createFaults(): Faults {
  const { add, clear, list, take } = createFaultRegistry<Fault, ArmRequest>(matches);
  return {
    add,
    clear,
    list,
    strike: async (method, path) => {
      const delay = take("delay", { method, path });
      if (delay !== undefined) await new Promise((resolve) => setTimeout(resolve, delay.afterMs));
      const fail = take("fail", { method, path });
      if (fail !== undefined) throw new ArmError(fail.status, fail.code, fail.message);
    },
    forOperation: (method, path) => ({
      slow: take("slowOperation", { method, path }),
      failing: take("failOperation", { method, path }),
    }),
  };
}

interface ArmRequest {
  readonly method: string;
  readonly path: string;
}

function matches({ match }: Fault, { method, path }: ArmRequest): boolean {
  return (
    (match.method === undefined || match.method.toUpperCase() === method) &&
    (match.path === undefined || new RegExp(match.path, "i").test(path))
  );
}
