import fc from "fast-check";
import { ACTIVITY } from "../../activities/contract.ts";
import { VARIANTS, type Variant } from "./copies.ts";
import { type Case, type Delivery, runBatch } from "./run.ts";
import type { Stage } from "./stage.ts";
import { FAULT_WORDS, isDeath, WIRE_FAULTS, type WireFault } from "./wireFaults.ts";

/** An effect that copies of a variant have. */
export interface KnownEffect {
  readonly variant: Variant;
  readonly name: string;
  readonly times: number;
  /** Whether a copy of history alone has it. */
  readonly inHistory: boolean;
}

/** Records a real copy of each variant: what it does to the world, in the order in which it does it. */
export async function recordEffects(stage: Stage): Promise<KnownEffect[]> {
  const variants = Object.keys(VARIANTS).filter((name): name is Variant => name in VARIANTS);
  const cases = variants.map((variant): Case => {
    return { name: `record ${variant}`, variant, iterations: 2, strikes: [], deliveries: [] };
  });
  const outcomes = await runBatch(stage, cases, { share: 1, graceMs: 0, hub: () => "kept" });
  return outcomes.flatMap(({ problems, seen, seenFirst }, i) => {
    if (problems.length > 0) throw new Error(`A copy that nothing strikes: ${problems.join("; ")}`);
    return [...seen].map(([name, times]): KnownEffect => {
      return { variant: variants[i] ?? "queued", name, times, inHistory: seenFirst.has(name) };
    });
  });
}

/**
 * Faults that tell something of an effect. One that only reads is the same to the world whether it was done or not: it fails for
 * now, fails for good, or the process dies.
 */
export function faultsOf(effect: string): readonly WireFault[] {
  return reads(effect) ? ["unavailable", "refused", "diesBefore"] : WIRE_FAULTS;
}

function reads(effect: string): boolean {
  return /^(?:lake: (?:GET|HEAD)|(?:source|destination): (?!\.(?!show)))/.test(effect);
}

/** Each effect with each fault, once: those of the second variant only where the first has no such effect. */
export function singleFaults(effects: readonly KnownEffect[]): Case[] {
  const known = new Set<string>();
  return effects.flatMap(({ variant, name, inHistory }) => {
    if (known.has(name)) return [];
    known.add(name);
    return faultsOf(name).map((fault): Case => {
      return {
        name: `${name} — ${FAULT_WORDS[fault]}`,
        variant,
        iterations: inHistory ? 1 : 2,
        strikes: [{ effect: name, nth: 1, fault }],
        deliveries: [],
      };
    });
  });
}

/** Activities that a small copy of each variant runs. */
const DELIVERED: readonly (keyof typeof ACTIVITY)[] = [
  "openRun",
  "planIteration",
  "prepareDestination",
  "createStatusView",
  "takeWindows",
  "startExport",
  "measureExport",
  "startIngestion",
  "pollOperations",
  "verifyStaged",
  "recordEntry",
  "readControl",
  "checkVisibility",
  "intendPromotion",
  "promoteTable",
  "cleanUp",
  "refreshStatus",
  "publishEvent",
];

const ACTIONS: readonly Delivery["action"][] = ["again", "together", "late"];

const ACTION_WORDS: Readonly<Record<Delivery["action"], string>> = {
  again: "is delivered again, its first answer lost",
  together: "is delivered twice at the same time",
  late: "is delivered again after its answer was taken",
};

/** Each activity delivered more than once, in each way. */
export function deliveredTwice(): Case[] {
  return DELIVERED.flatMap((activity) =>
    ACTIONS.map((action): Case => {
      return {
        name: `activity ${activity} ${ACTION_WORDS[action]}`,
        variant: "queued",
        iterations: 1,
        strikes: [],
        deliveries: [{ activity: ACTIVITY[activity], action, nth: 1 }],
      };
    }),
  );
}

/** A storm: several faults at random effects of one copy. The same seed gives the same storm. */
export function stormOf(effects: readonly KnownEffect[], seed: number): Case {
  const variants = [...new Set(effects.map((effect) => effect.variant))];
  const storms = fc.constantFrom(...variants).chain((variant) => {
    const own = effects.filter((effect) => effect.variant === variant);
    const strike = fc.constantFrom(...own).chain(({ name, times }) =>
      fc.record({
        effect: fc.constant(name),
        nth: fc.integer({ min: 1, max: times + 1 }),
        fault: fc.constantFrom(...faultsOf(name)),
      }),
    );
    const delivery = fc.record({
      activity: fc.constantFrom(...DELIVERED.map((name) => ACTIVITY[name])),
      action: fc.constantFrom(...ACTIONS),
      nth: fc.integer({ min: 1, max: 3 }),
    });
    return fc.record({
      name: fc.constant(`storm ${seed}`),
      variant: fc.constant(variant),
      iterations: fc.constant(2 as const),
      strikes: fc.array(strike, { minLength: 2, maxLength: 7 }),
      deliveries: fc.array(delivery, { maxLength: 2 }),
    });
  });
  const [storm] = fc.sample(storms, { seed, numRuns: 1 });
  if (storm === undefined) throw new Error("No storm.");
  return storm;
}

export function hasDeath({ strikes }: Case): boolean {
  return strikes.some((strike) => isDeath(strike.fault));
}
