import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { createFaultRegistry } from "../faultRegistry.ts";
import { LakeError } from "./lakeError.ts";
import type { LakeRequest } from "./lakeRequest.ts";

const common = {
  match: z
    .strictObject({
      method: z.string().optional(),
      /** A pattern for `/filesystem/path`, decoded, in any case. */
      path: z.string().optional(),
      /** A pattern for what stands behind the question mark, as it was sent. */
      query: z.string().optional(),
    })
    .default({}),
  times: z.int().min(1).default(1),
};

/** What the next requests that match run into, whichever protocol they speak. */
export const faultSchema = z.discriminatedUnion("action", [
  /** Answered with an error; nothing is done. */
  z.strictObject({
    ...common,
    action: z.literal("fail"),
    status: z.int().min(400).max(599),
    code: z.string(),
    message: z.string().default("A fault was asked for."),
  }),
  /** Done late. */
  z.strictObject({ ...common, action: z.literal("delay"), afterMs: z.number().min(0) }),
  /** Done, and the connection cut in place of an answer. */
  z.strictObject({ ...common, action: z.literal("loseAnswer"), afterMs: z.number().min(0).default(0) }),
  /** The SAS that it carries has run out: it is refused, and so is every request that carries the same from then on. */
  z.strictObject({ ...common, action: z.literal("expire") }),
]);
export type Fault = z.output<typeof faultSchema>;

export interface Faults {
  readonly add: (fault: Fault) => void;
  readonly clear: () => void;
  readonly list: () => readonly (Fault & { readonly struck: number })[];
  /**
   * Runs a request into what delays or fails it. Answers how long after the work its answer is lost, milliseconds, or
   * undefined where it gets one.
   */
  readonly strike: (request: LakeRequest) => Promise<number | undefined>;
}

/** Faults on demand: what a test asks this lake to do wrong. */
export function createFaults(): Faults {
  const { add, clear, list, take } = createFaultRegistry<Fault, LakeRequest>(matches);
  const expired = new Set<string>();
  return {
    add,
    clear: () => {
      clear();
      expired.clear();
    },
    list,
    strike: async (request) => {
      const delay = take("delay", request);
      if (delay !== undefined) await sleep(delay.afterMs);
      const fail = take("fail", request);
      if (fail !== undefined) throw new LakeError(fail.status, fail.code, fail.message);
      const sas = /[?&](sig=[^&]+)/.exec(request.message.url ?? "")?.[1];
      if (sas !== undefined && (expired.has(sas) || take("expire", request) !== undefined)) {
        expired.add(sas);
        // learn.microsoft.com/troubleshoot/azure/azure-storage/blobs/authentication/storage-troubleshoot-403-errors
        throw new LakeError(
          403,
          "AuthenticationFailed",
          "Server failed to authenticate the request: signature not valid in the specified time frame.",
        );
      }
      return take("loseAnswer", request)?.afterMs;
    },
  };
}

function matches({ match }: Fault, request: LakeRequest): boolean {
  const { method, path, query } = match;
  const sent = request.message.url ?? "";
  const mark = sent.indexOf("?");
  return (
    (method === undefined || method.toUpperCase() === request.method) &&
    (path === undefined || new RegExp(path, "i").test(`/${request.filesystem}/${request.path}`)) &&
    (query === undefined || new RegExp(query, "i").test(mark < 0 ? "" : sent.slice(mark + 1)))
  );
}
