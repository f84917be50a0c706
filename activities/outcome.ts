import { storageFailure } from "../lake/failure.ts";
import { Stale } from "../lake/log.ts";
import { describe, isRetryable, LoginRefused, Retryable } from "../model/errors.ts";
import { redact } from "../model/redact.ts";
import type { Flight, FlightFailure } from "../model/schedule.ts";
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

/** The attempt is not what it should be: it is given up, and the window copied again. */
export class WrongAttempt extends Retryable {}

/** Runs one step of a flight: a failure concerns this window alone, only a stale run and a refused login concern the whole. */
export function flightStep(
  flight: Flight,
  step: () => Promise<FlightOutcome>,
): Promise<Answer<FlightOutcome>> {
  return answer(async () => {
    try {
      return await step();
    } catch (thrown) {
      const error = storageFailure(thrown);
      if (error instanceof Stale || error instanceof LoginRefused) throw error;
      const failure = error instanceof WrongAttempt ? "wrong" : isRetryable(error) ? "refused" : "terminal";
      return failedFlight(flight, describe(error), failure);
    }
  });
}

export function failedFlight(flight: Flight, reason: string, failure: FlightFailure): FlightOutcome {
  return { kind: "failed", flight, failure, reason: redact(reason) };
}
