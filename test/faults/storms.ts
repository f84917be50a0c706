import type { Hub } from "./app.ts";
import { type KnownEffect, stormOf } from "./cases.ts";
import { type Outcome, runBatch } from "./run.ts";
import type { Stage } from "./stage.ts";

export interface Storms {
  readonly runs: number;
  readonly seed: number;
}

export interface StormOutcome extends Outcome {
  readonly seed: number;
}

/** A third to all of a round's running copies have to be dead before the process is killed: another share in each round. */
function shareOf(seed: number): number {
  return 1 / 3 + ((seed * 3571) % 100) / 150;
}

const GRACE_MS = 20_000;

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
    const outcomes = await runBatch(stage, cases, { share: shareOf(seed + first), graceMs: GRACE_MS, hub });
    onRound(outcomes.map((outcome, i) => ({ ...outcome, seed: seeds[i] ?? 0 })));
  }
}
