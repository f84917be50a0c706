import fc from "fast-check";
import { ACTIVITY } from "../../activities/contract.ts";
import type { Delivery, Hub } from "./app.ts";
import { type Case, type Outcome, runBatch } from "./run.ts";
import type { Stage } from "./stage.ts";
import { VARIANTS, type Variant } from "./variants.ts";
import { FAULT_WORDS, isDeath, WIRE_FAULTS, type WireFault } from "./wireFaults.ts";

/** An effect that copies of a variant have. */
export interface KnownEffect {
  readonly variant: Variant;
  readonly name: string;
  readonly times: number;
  /** How often a copy of history alone has it. */
  readonly inHistory: number;
}

/** What a copy asks only where rows keep it waiting: whether one does, chance decides, but for the variant that waits. */
const OF_WAITING = /\.show ingestion failures/;

/** Records a real copy of each variant: what it does to the world, in the order in which it does it. */
export async function recordEffects(stage: Stage): Promise<KnownEffect[]> {
  const variants = Object.keys(VARIANTS).filter((name): name is Variant => name in VARIANTS);
  const living = await record(
    stage,
    variants.filter((variant) => !dies(variant)),
    "kept",
  );
  const dying = await record(stage, variants.filter(dies), "lost");
  return [...living, ...dying];
}

async function record(stage: Stage, variants: readonly Variant[], hub: Hub): Promise<KnownEffect[]> {
  const cases = variants.map((variant): Case => {
    return { name: `record ${variant}`, variant, iterations: 2, strikes: [], deliveries: [] };
  });
  const outcomes = await runBatch(stage, cases, { share: 1, graceMs: 0, hub: () => hub });
  return outcomes.flatMap((outcome, i) => effectsOf(variants[i] ?? "queued", outcome));
}

function effectsOf(variant: Variant, { problems, seen, seenFirst }: Outcome): KnownEffect[] {
  if (problems.length > 0) throw new Error(`A copy that nothing strikes: ${problems.join("; ")}`);
  return [...seen]
    .filter(([name]) => VARIANTS[variant].comesLate || !OF_WAITING.test(name))
    .map(([name, times]) => ({ variant, name, times, inHistory: seenFirst.get(name) ?? 0 }));
}

/**
 * Faults that tell something of an effect. One that only reads is the same to the world whether it was done or not: it fails for
 * now, fails for good, or the process dies.
 */
export function faultsOf(effect: string): readonly WireFault[] {
  return reads(effect) ? ["unavailable", "refused", "diesBefore"] : WIRE_FAULTS;
}

function reads(effect: string): boolean {
  return /^(?:(?:lake|arm): (?:GET|HEAD)|arm: POST .*\/listFollowerDatabases$|(?:source|destination): (?!\.(?!show)))/.test(
    effect,
  );
}

/** What shows a day of other rows in one step has the same words as what shows a table for the first time, and is another thing. */
const OF_DAYS = /\.replace extents|log\/N\.json (?:promotionIntended|promoted)$/;

/**
 * Each effect with each fault, once: those of a variant only where none before it has such an effect. It strikes at the first
 * of them; in a day's second iteration at that one's.
 */
export function singleFaults(effects: readonly KnownEffect[]): Case[] {
  const known = new Set<string>();
  return effects.flatMap(({ variant, name, times, inHistory }) => {
    const again = VARIANTS[variant].second === "day" && times > inHistory && OF_DAYS.test(name);
    if (known.has(name) && !again) return [];
    known.add(name);
    return faultsOf(name).map((fault): Case => {
      return {
        name: `${again ? "days: " : ""}${name} — ${FAULT_WORDS[fault]}`,
        variant,
        iterations: inHistory > 0 && !again ? 1 : 2,
        strikes: [{ effect: name, nth: again ? inHistory + 1 : 1, fault }],
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

export const ACTIONS: readonly Delivery["action"][] = ["again", "together", "late"];

export const ACTION_WORDS: Readonly<Record<Delivery["action"], string>> = {
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

export function hasDeath({ variant, strikes }: Case): boolean {
  return dies(variant) || strikes.some((strike) => isDeath(strike.fault));
}

/** Whether copies of a variant die of themselves. What they are for happens where their task hub is lost then. */
export function dies(variant: Variant): boolean {
  return VARIANTS[variant].first.length > 0;
}
