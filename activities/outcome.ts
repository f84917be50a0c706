import { storageFailure } from "../lake/failure.ts";
import { Stale } from "../lake/log.ts";
import { describe, isRetryable } from "../model/errors.ts";
import type { Flight } from "../model/schedule.ts";
import type { Answer, FlightOutcome } from "./contract.ts";

/** Runs an activity's work and turns what it throws into an answer. */
export async function answer<T>(work: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { kind: "done", value: await work() };
  } catch (thrown) {
    const error = storageFailure(thrown);
    if (error instanceof Stale) return { kind: "stale", reason: describe(error) };
    return { kind: "failed", retryable: isRetryable(error), reason: describe(error) };
  }
}

/** Runs one step of a flight: a failure concerns this window alone, only a stale run concerns the whole. */
export function flightStep(
  flight: Flight,
  step: () => Promise<FlightOutcome>,
): Promise<Answer<FlightOutcome>> {
  return answer(async () => {
    try {
      return await step();
    } catch (thrown) {
      const error = storageFailure(thrown);
      if (error instanceof Stale) throw error;
      return failedFlight(flight, describe(error), isRetryable(error));
    }
  });
}

export function failedFlight(flight: Flight, reason: string, retryable: boolean): FlightOutcome {
  return { kind: "failed", flight, retryable, reason };
}
