import fc from "fast-check";
import { ACTIVITY } from "../../activities/contract.ts";
import { chunked } from "../../model/chunked.ts";
import type { Hub } from "./app.ts";
import { ACTIONS, DELIVERED, NOT_DELIVERED, neverComing } from "./deliveries.ts";
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
  /** Whether a cluster may answer it as it was some while ago. */
  readonly weak: boolean;
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
  const effects: KnownEffect[] = [];
  for (const some of chunked(variants, stage.places.length)) {
    const cases = some.map((variant): Case => {
      return { name: `record ${variant}`, variant, iterations: 2, strikes: [], deliveries: neverComing() };
    });
    const outcomes = await runBatch(stage, cases, { share: 1, graceMs: 0, hub: () => hub });
    for (const [i, outcome] of outcomes.entries()) effects.push(...effectsOf(some[i] ?? "queued", outcome));
  }
  return effects;
}

function effectsOf(variant: Variant, { problems, missed, weak, seen, seenFirst }: Outcome): KnownEffect[] {
  if (problems.length > 0) throw new Error(`A copy that nothing strikes: ${problems.join("; ")}`);
  const ran = NOT_DELIVERED.filter((name) => !missed.includes(ACTIVITY[name]));
  if (ran.length > 0) throw new Error(`A copy (${variant}) runs ${ran.join(", ")}: deliver that twice, too.`);
  return [...seen]
    .filter(([name]) => VARIANTS[variant].comesLate || !OF_WAITING.test(name))
    .map(([name, times]) => {
      return { variant, name, times, inHistory: seenFirst.get(name) ?? 0, weak: weak.includes(name) };
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
  return /^(?:(?:lake|arm): (?:GET|HEAD)|arm: POST .*\/listFollowerDatabases$|(?:source|destination): (?!\.(?!show)))/.test(
    effect,
  );
}

/**
 * What the second iteration has as history had it, and is another thing there: a day of other rows is shown in one step, by the
 * words that show a table for the first time; and new rows come to a table that holds some, by the same code, so that a few
 * faults tell.
 */
function faultsAgain({ variant, name, times, inHistory }: KnownEffect): readonly WireFault[] {
  if (inHistory === 0 || times === inHistory) return [];
  if (VARIANTS[variant].second === "day")
    return /\.replace extents|log\/N\.json (?:promotionIntended|promoted)$/.test(name) ? faultsOf(name) : [];
  if (variant !== "queued") return [];
  if (/\.(?:move|replace) extents/.test(name)) return ["answerLost", "refused", "diesAfter"];
  return /log\/N\.json (?:promotionIntended|promoted|iterationCommitted|cleaned)$/.test(name)
    ? ["diesAfter"]
    : [];
}

/**
 * Each effect with each fault, once: those of a variant only where none before it has such an effect. It strikes at the first
 * of them; where the second iteration's is another thing, at that one's too.
 */
export function singleFaults(effects: readonly KnownEffect[]): Case[] {
  const known = new Set<string>();
  return effects.flatMap((effect) => {
    const { variant, name, inHistory } = effect;
    const isNew = !known.has(name);
    known.add(name);
    const iterations = inHistory > 0 ? 1 : 2;
    const first = (isNew ? faultsOf(name) : []).map((fault): Case => {
      return {
        name: `${name} — ${FAULT_WORDS[fault]}`,
        variant,
        iterations,
        strikes: [{ effect: name, nth: 1, fault }],
        deliveries: [],
      };
    });
    const second = faultsAgain(effect).map((fault): Case => {
      return {
        name: `${VARIANTS[variant].second === "day" ? "days" : "new rows"}: ${name} — ${FAULT_WORDS[fault]}`,
        variant,
        iterations: 2,
        strikes: [{ effect: name, nth: inHistory + 1, fault }],
        deliveries: [],
      };
    });
    return [...first, ...second];
  });
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
