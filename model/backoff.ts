/*
 * How long is waited before something is tried again: twice as long each time, up to a bound, and spread, so that what failed
 * together doesn't come back together. Orchestrators may use no random, so the spread is made from a name and the try.
 *
 * Invariants:
 * 1. A pause lies between half of its step and the whole of it: it is never nothing, and never longer than the bound.
 * 2. The same name and try give the same pause, in this process and in any other.
 */

/** What is tried again: a window within its slots, or a step that the whole run waits for. */
export type Backoff = "window" | "step";

/** The first pause at its longest, and the bound, as multiples of the base. */
const CURVES: Readonly<Record<Backoff, { readonly first: number; readonly most: number }>> = {
  window: { first: 1, most: 60 },
  step: { first: 2, most: 120 },
};

/** The base, milliseconds, or ten polls where they come faster. */
const BASE_MS = 1000;

/**
 * The pause before something is tried again, whole milliseconds, at least one. `tries`: how often it has been tried, from 1.
 * `pollMs`: the job's pause between two looks; a run that looks more often also tries again sooner.
 */
export function backoffMs(of: Backoff, name: string, tries: number, pollMs: number): number {
  const { first, most } = CURVES[of];
  const base = Math.min(BASE_MS, 10 * pollMs);
  const longest = base * Math.min(most, first * 2 ** Math.max(0, tries - 1));
  return Math.max(1, Math.ceil((longest / 2) * (1 + spread(`${name} ${tries}`))));
}

/** A number from 0 to below 1 for a text, evenly spread: FNV-1a, and a finish that lets the last letters count as much. */
function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
