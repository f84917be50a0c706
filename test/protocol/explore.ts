import type { WindowState } from "../../model/checkpoint/state.ts";
import { NOTHING, stateOf } from "./ledger.ts";
import { type Breach, type Broken, brokenBetween, brokenIn } from "./promise.ts";
import type { Rules } from "./rules.ts";
import { openRun } from "./run.ts";
import { settling } from "./settle.ts";
import { landed, plainSteps, stepsOf } from "./steps.ts";
import { keyOf, type Step, type World } from "./world.ts";

/** What an exploration found. */
export interface Explored {
  /** Different states that were reached. */
  readonly states: number;
  readonly steps: number;
  /** Steps of the longest of the shortest ways to a state. */
  readonly depth: number;
  /** The first promise found broken, and the shortest way there, in plain words; undefined where none is. */
  readonly found?: Broken & { readonly way: readonly string[] };
}

const EMPTY: World = {
  log: NOTHING,
  runs: [],
  ghost: null,
  staging: [],
  table: [],
  files: [],
  queue: [],
  made: 0,
  faults: 0,
  dropped: [],
  outside: false,
  discarded: [],
  settling: false,
};

/** The world in which run A has just opened an empty log. */
export function beginning(rules: Rules): World {
  return openRun(rules, EMPTY, "A");
}

/** The world in which run A has just opened a log whose earlier run had staged a window, and is gone. */
export function takingOver(rules: Rules): World {
  return followed(rules, (world) =>
    Object.values(stateOf(world.log).open.backfill?.windows ?? {}).some(isStaged),
  );
}

/** The world in which run A has just opened a log whose second iteration an earlier run was about to promote. */
export function promotingAgain(rules: Rules): World {
  const once = followed(rules, ({ log }) => stateOf(log).finished.length > 0);
  return followed(rules, ({ log }) => (stateOf(log).open.forward?.intended.length ?? 0) > 0, once);
}

/** Run A has just opened a log that an earlier run has brought so far, with nothing else happening, and is gone. */
function followed(rules: Rules, until: (world: World) => boolean, from = beginning(rules)): World {
  let world = from;
  while (!until(world)) {
    const [run] = world.runs;
    const [message] = world.queue;
    if (message) world = landed(world, message, 0);
    else world = (run && plainSteps(rules, world, run)[0]?.world) ?? world;
  }
  return openRun(rules, { ...world, runs: [] }, "A");
}

function isStaged({ stage }: WindowState): boolean {
  return stage === "staged";
}

/** What one state is known by: how it was reached. */
interface Reached {
  readonly before: number;
  readonly says: string;
}

/**
 * Looks at every state that can be reached, the nearest first, each once, until a promise is broken: one of `breaches`, where
 * they are given. From each state it is tried whether the copy comes to a good end once faults have stopped.
 */
export function explore(
  rules: Rules,
  options: { readonly from?: World; readonly breaches?: readonly Breach[]; readonly most?: number } = {},
): Explored {
  const { from = beginning(rules), breaches, most = 1_000_000 } = options;
  const counts = (broken: Broken | undefined) =>
    broken !== undefined && (breaches === undefined || breaches.includes(broken.breach)) ? broken : undefined;
  const settles = settling(rules);
  const seen = new Set([keyOf(from)]);
  const reached: Reached[] = [{ before: -1, says: "run A has opened the log" }];
  let frontier: { world: World; number: number }[] = [{ world: from, number: 0 }];
  let steps = 0;
  let depth = 0;
  const ends = (broken: Broken, at: number, more: readonly Step[] = []): Explored => {
    const way = more.map((step) => step.says);
    for (let i = at; i > 0; i = reached[i]?.before ?? -1) way.unshift(reached[i]?.says ?? "");
    return { states: seen.size, steps, depth, found: { ...broken, way } };
  };
  while (frontier.length > 0) {
    const next: typeof frontier = [];
    for (const { world, number } of frontier) {
      const settled = refusable(() => settles(world));
      const end = settled !== undefined && "breach" in settled ? { broken: settled, path: [] } : settled;
      const bad = counts(end?.broken);
      if (end && bad) return ends(bad, number, [{ says: "faults stop here", world }, ...end.path]);
      const following = refusable(() => stepsOf(rules, world));
      if (!Array.isArray(following)) {
        if (counts(following)) return ends(following, number);
        continue;
      }
      for (const step of following) {
        steps += 1;
        const key = keyOf(step.world);
        if (seen.has(key)) continue;
        seen.add(key);
        reached.push({ before: number, says: step.says });
        const at = reached.length - 1;
        const broken = counts(brokenBetween(world, step.world)) ?? counts(brokenIn(rules, step.world));
        if (broken) return ends(broken, at);
        if (seen.size > most) throw new Error(`More than ${most} states: the bounds are too wide.`);
        next.push({ world: step.world, number: at });
      }
    }
    frontier = next;
    depth += next.length > 0 ? 1 : 0;
  }
  return { states: seen.size, steps, depth };
}

/** What the product would refuse to write ends a run with a defect: that is a breach like another. */
function refusable<T>(work: () => T): T | Broken {
  try {
    return work();
  } catch (error) {
    const says = error instanceof Error ? error.message : String(error);
    return { breach: "an entry that the log refuses", says };
  }
}
