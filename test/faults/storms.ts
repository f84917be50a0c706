import { type KnownEffect, stormOf } from "./cases.ts";
import { type Outcome, runBatch } from "./run.ts";
import type { Hub, Stage } from "./stage.ts";

export interface Storms {
  readonly runs: number;
  readonly seed: number;
}

export interface StormOutcome extends Outcome {
  readonly seed: number;
}

/** How long the living of a round go on after a death, milliseconds: another time in each round. */
function graceOf(seed: number): number {
  return 1500 + ((seed * 3571) % 8500);
}

/**
 * Runs storms, a round of as many as there are places in one app: whoever dies takes the others along a moment later,
 * wherever they are. Storm `n` has the seed `seed + n`, so that `--seed` of a round's first repeats the round.
 */
export async function runStorms(
  stage: Stage,
  effects: readonly KnownEffect[],
  { runs, seed }: Storms,
  onRound: (outcomes: readonly StormOutcome[]) => void,
): Promise<void> {
  for (let first = 0; first < runs; first += stage.places.length) {
    const seeds = stage.places.slice(0, runs - first).map((_, i) => seed + first + i);
    const cases = seeds.map((each) => stormOf(effects, each));
    let kills = seed + first;
    const hub = (): Hub => (kills++ % 2 === 0 ? "lost" : "kept");
    const outcomes = await runBatch(stage, cases, { graceMs: graceOf(seed + first), hub });
    onRound(outcomes.map((outcome, i) => ({ ...outcome, seed: seeds[i] ?? 0 })));
  }
}
