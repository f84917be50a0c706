import { setTimeout as sleep } from "node:timers/promises";
import { storageFailure } from "../../lake/failure.ts";
import { describe, isRetryable } from "../../model/errors.ts";
import { shortText } from "../../model/reports/bounded.ts";
import type { Check, CheckFamily, CheckState } from "../../model/reports/checkup.ts";

/** What a check has seen. */
export interface Sight {
  readonly state: CheckState;
  readonly seen: string;
  /** Where it isn't the check's usual one. */
  readonly fix?: string;
}

/** One thing to check: changes nothing, or takes away what it made. */
export interface CheckOf {
  readonly name: string;
  readonly why: string;
  /** What to do where it isn't well. */
  readonly fix: string;
  /** What a refusal means: `failed` unless the job can do without. */
  readonly refused?: CheckState;
  readonly look: () => Promise<Sight>;
}

/** How long one check may take: the client tries a while by itself, and a network path that is shut answers nothing. */
const LONGEST_MS = 40_000;

/** Makes checks side by side. One that throws, or takes too long, is an answer as any other and stops none of them. */
export function runChecks(
  family: CheckFamily,
  checks: readonly CheckOf[],
  longestMs = LONGEST_MS,
): Promise<Check[]> {
  return Promise.all(
    checks.map(async (check): Promise<Check> => {
      const { name, why } = check;
      const { state, seen, fix } = await bounded(check, longestMs);
      return {
        family,
        name,
        state,
        seen: shortText(seen),
        why,
        fix: state === "ok" ? null : (fix ?? check.fix),
      };
    }),
  );
}

async function bounded(check: CheckOf, longestMs: number): Promise<Sight> {
  const stop = new AbortController();
  const tooLong = sleep(longestMs, undefined, { signal: stop.signal, ref: false }).then(
    (): Sight => ({ state: "unknown", seen: `There was no answer within ${longestMs / 1000} seconds.` }),
  );
  tooLong.catch(() => undefined);
  try {
    return await Promise.race([check.look().catch((error: unknown) => refusal(check, error)), tooLong]);
  } finally {
    stop.abort();
  }
}

function refusal(check: CheckOf, thrown: unknown): Sight {
  const error = storageFailure(thrown);
  const state = isRetryable(error) ? "unknown" : (check.refused ?? "failed");
  return { state, seen: describe(error) };
}

export function well(seen: string): Sight {
  return { state: "ok", seen };
}

export function warn(seen: string, fix?: string): Sight {
  return { state: "warning", seen, ...(fix === undefined ? {} : { fix }) };
}

export function fail(seen: string, fix?: string): Sight {
  return { state: "failed", seen, ...(fix === undefined ? {} : { fix }) };
}

export function cantTell(seen: string, fix?: string): Sight {
  return { state: "unknown", seen, ...(fix === undefined ? {} : { fix }) };
}

/** Names for a person, a few of them and how many more. */
export function listed(names: readonly string[], most = 20): string {
  const shown = names.slice(0, most);
  const more = names.length - shown.length;
  return `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
