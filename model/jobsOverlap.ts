import type { Job } from "./job.ts";

/*
 * Jobs that would write over one another: two in one lake folder would each stop the other's runs, and two that copy into
 * one table would leave rows there that neither can tell from its own.
 */

export interface Overlap {
  readonly jobs: readonly [string, string];
  /** What both would write. */
  readonly what: string;
}

/** Every pair of jobs that share a lake folder, or could copy into one table. */
export function overlapsOf(jobs: readonly Job[]): Overlap[] {
  const found: Overlap[] = [];
  jobs.forEach((a, i) => {
    for (const b of jobs.slice(i + 1)) {
      const what = sharedBy(a, b);
      if (what !== undefined) found.push({ jobs: [a.name, b.name], what });
    }
  });
  return found;
}

function sharedBy(a: Job, b: Job): string | undefined {
  const lakes = (job: Job) => [job.lake, ...job.stagingLakes];
  const lake = lakes(a).find((each) => lakes(b).includes(each));
  if (lake !== undefined) return `the lake folder ${lake}`;
  if (a.destination.cluster !== b.destination.cluster || a.destination.database !== b.destination.database)
    return undefined;
  const table = tableOfBoth(a.tables, b.tables);
  if (table === undefined) return undefined;
  return `a table such as ${JSON.stringify(table)} of database ${a.destination.database} at ${a.destination.cluster}`;
}

interface Selection {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** Names that are looked through; patterns that lead to more than these can't be told apart, and count as overlapping. */
const MOST_NAMES = 20_000;

/**
 * A name that both selections take in (model/tableSelection.ts), or undefined where there is none: the shortest, found by
 * reading all patterns side by side, a character at a time. Of characters that no pattern holds one stands for all.
 */
export function tableOfBoth(a: Selection, b: Selection): string | undefined {
  const patternsOf = (names: readonly string[]) => (names.length === 0 ? ["*"] : names);
  const groups = [patternsOf(a.include), patternsOf(b.include), [...a.exclude, ...b.exclude]];
  const alphabet = alphabetOf(groups.flat());
  const start = groups.map((group) => group.map((pattern) => closed(pattern, [0])));
  // The start isn't seen yet: it stands for no name, while a longer one that leads to the same places is one.
  const seen = new Set<string>();
  let names = [{ name: "", places: start }];
  while (names.length > 0) {
    const next: typeof names = [];
    for (const { name, places } of names) {
      const takes = (group: number) =>
        (places[group] ?? []).some((at, i) => at.includes((groups[group]?.[i] ?? "").length));
      if (name !== "" && takes(0) && takes(1) && !takes(2)) return name;
      for (const character of alphabet) {
        const moved = places.map((group, g) =>
          group.map((at, i) => advanced(groups[g]?.[i] ?? "", at, character)),
        );
        const alive = (group: number) => moved[group]?.some((at) => at.length > 0) === true;
        const key = keyOf(moved);
        if (!alive(0) || !alive(1) || seen.has(key)) continue;
        if (seen.size > MOST_NAMES) return `${name}${character}…`;
        seen.add(key);
        next.push({ name: name + character, places: moved });
      }
    }
    names = next;
  }
  return undefined;
}

/** Places in a pattern that a text can stand at, with those behind a wildcard that takes nothing. */
function closed(pattern: string, places: readonly number[]): number[] {
  const all = new Set(places);
  for (const place of all) if (pattern[place] === "*") all.add(place + 1);
  return [...all].toSorted((x, y) => x - y);
}

function advanced(pattern: string, places: readonly number[], character: string): number[] {
  const next = places.flatMap((place) =>
    pattern[place] === "*" ? [place] : pattern[place] === character ? [place + 1] : [],
  );
  return closed(pattern, next);
}

/** The characters of the patterns, and one that is in none of them. */
function alphabetOf(patterns: readonly string[]): string[] {
  const used = new Set(patterns.flatMap((pattern) => pattern.split("")));
  used.delete("*");
  const other = [
    "T",
    "x",
    "_",
    ..."abcdefghijklmnopqrstuvwyzABCDEFGHIJKLMNOPQRSUVWXYZ0123456789",
    "\u0001",
  ].find((character) => !used.has(character));
  return other === undefined ? [...used] : [other, ...used];
}

function keyOf(places: readonly (readonly (readonly number[])[])[]): string {
  return JSON.stringify(places);
}
