import { afterAll, describe, expect, it } from "vitest";
import { recordEffects, singleFaults } from "./cases.ts";
import { deferred } from "./deferred.ts";
import { deliveredTwice } from "./deliveries.ts";
import { runSingles } from "./pool.ts";
import type { Case, Outcome } from "./run.ts";
import { startStage } from "./stage.ts";
import { runStorms, type StormOutcome } from "./storms.ts";

/*
 * The effects of a real copy are recorded first: which tests there are follows from them. A test waits for the outcome
 * of its case; the cases run side by side, in the order of the tests.
 */

const PATIENCE = 1_500_000;
const STORMS = 12;

const stage = await startStage(12);
afterAll(() => stage.stop());

const effects = await recordEffects(stage);
const singles = [...singleFaults(effects), ...deliveredTwice()];
const outcomes = new Map(singles.map((each) => [each, deferred<Outcome>()]));
const storms = deferred<StormOutcome[]>();

/** Everything is run once the first test asks. */
let begun = false;
function begin(): void {
  if (begun) return;
  begun = true;
  runAll().catch((error: unknown) => {
    for (const { reject } of outcomes.values()) reject(error);
    storms.reject(error);
  });
}

async function runAll(): Promise<void> {
  await runSingles(stage, singles, (each, outcome) => outcomes.get(each)?.resolve(outcome));
  const all: StormOutcome[] = [];
  await runStorms(stage, effects, { runs: STORMS, seed: 1 }, (round) => all.push(...round));
  storms.resolve(all);
}

function outcomeOf(each: Case): Promise<Outcome> {
  begin();
  const outcome = outcomes.get(each);
  if (outcome === undefined) throw new Error(`No case ${each.name}.`);
  return outcome.promise;
}

describe("a copy that one fault strikes ends equal, with nothing left over and the reason told", () => {
  it.each(singles.map((each) => [each.name, each] as const))(
    "%s",
    async (_, each) => {
      const { problems, missed, weak } = await outcomeOf(each);
      expect({ problems, missed, weak }).toEqual({ problems: [], missed: [], weak: [] });
    },
    PATIENCE,
  );

  it("is tried at every effect of a real copy, with over 100 different faults", () => {
    expect(new Set(singles.map((each) => each.name)).size).toBe(singles.length);
    expect(singles.length).toBeGreaterThan(100);
    for (const service of ["source", "destination", "lake", "queue", "events"])
      expect(effects.some(({ name }) => name.startsWith(`${service}: `))).toBe(true);
  });
});

describe("a copy of each kind", () => {
  it("asks each of its queries with strong consistency, and for nothing that is cached", () => {
    const queries = effects.filter(({ name }) => /^(?:source|destination): [^.]/.test(name));
    expect(new Set(queries.map(({ variant }) => variant)).size).toBeGreaterThan(3);
    expect(effects.filter(({ weak }) => weak).map(({ variant, name }) => `${variant}: ${name}`)).toEqual([]);
  });
});

describe("a copy in a storm of faults ends equal, with nothing left over and the reason told", () => {
  it(
    `${STORMS} storms: npm run faults -- --seed 1 --runs ${STORMS}`,
    async () => {
      begin();
      const ended = await storms.promise;
      expect(ended).toHaveLength(STORMS);
      const broken = ended.filter(({ problems }) => problems.length > 0);
      expect(broken.map(({ seed, problems }) => ({ seed, problems }))).toEqual([]);
    },
    PATIENCE,
  );
});
