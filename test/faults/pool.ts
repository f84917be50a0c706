import { chunked } from "../../model/chunked.ts";
import { dies, hasDeath } from "./cases.ts";
import { type Case, type Outcome, runBatch, runCase } from "./run.ts";
import type { Stage } from "./stage.ts";

/**
 * Runs cases of one fault each: first those that the app lives through, as many at a time as there are places; then the
 * deaths, a whole round of them for each kill, every other one with the task hub lost. Tells of each as it ends.
 */
export async function runSingles(
  stage: Stage,
  cases: readonly Case[],
  onOutcome: (each: Case, outcome: Outcome) => void,
): Promise<void> {
  const waiting = cases.filter((each) => !hasDeath(each));
  await Promise.all(
    stage.places.map(async (place) => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
        onOutcome(next, await runCase(stage, place, next));
    }),
  );
  const deaths = cases.filter((each) => hasDeath(each) && !dies(each.variant));
  const rounds = chunked(deaths, stage.places.length).map((some, round) => {
    return { some, hub: round % 2 === 0 ? ("lost" as const) : ("kept" as const) };
  });
  const lost = chunked(
    cases.filter((each) => dies(each.variant)),
    stage.places.length,
  ).map((some) => ({ some, hub: "lost" as const }));
  for (const { some, hub } of [...rounds, ...lost]) {
    const outcomes = await runBatch(stage, some, { share: 1, graceMs: DEATHS_WITHIN_MS, hub: () => hub });
    for (const [i, outcome] of outcomes.entries()) {
      const each = some[i];
      if (each !== undefined) onOutcome(each, outcome);
    }
  }
}

/** How long a round waits for all of its deaths, milliseconds. */
const DEATHS_WITHIN_MS = 30_000;
