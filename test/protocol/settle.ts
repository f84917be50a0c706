import { stateOf } from "./ledger.ts";
import { type Broken, brokenAtEnd, brokenBetween, brokenIn } from "./promise.ts";
import { type Rules, TABLE } from "./rules.ts";
import { openRun } from "./run.ts";
import { landed, plainSteps } from "./steps.ts";
import { keyOf, type Step, type World } from "./world.ts";

/*
 * What follows once faults have stopped: what is on its way to ingestion arrives, the newest run goes on alone, and runs that
 * have ended are followed by others, as the timer starts them. It must come to the commit of everything, with nothing left.
 */

/** More steps than any way to the end has. */
const MOST = 1000;

/** Whether each world that was asked about comes to a good end; asked about often, so it remembers. */
export type Settling = (world: World) => { broken: Broken; path: Step[] } | undefined;

export function settling(rules: Rules): Settling {
  const good = new Set<string>();
  return (world) => {
    const keys: string[] = [];
    const path: Step[] = [];
    let now = calmed(world);
    for (let i = 0; ; i++) {
      const key = keyOf(now);
      if (good.has(key)) break;
      keys.push(key);
      const next = following(rules, now);
      if (next === undefined) {
        const broken = brokenAtEnd(rules, now);
        if (broken) return { broken, path };
        break;
      }
      if (i > MOST)
        return { broken: { breach: "stuck", says: "It goes on for ever." }, path: path.slice(0, 80) };
      path.push(next);
      const broken = brokenBetween(now, next.world) ?? brokenIn(rules, next.world);
      if (broken) return { broken, path };
      now = next.world;
    }
    for (const key of keys) good.add(key);
    return undefined;
  };
}

/** Stale runs and second deliveries have died. */
function calmed(world: World): World {
  const newest = stateOf(world.log).run?.id;
  return { ...world, ghost: null, runs: world.runs.filter((run) => run.id === newest), settling: true };
}

function following(rules: Rules, world: World): Step | undefined {
  const [message] = world.queue;
  if (message) return { says: `ingestion brings ${message.row}`, world: landed(world, message, 0) };
  const [run] = world.runs;
  if (run?.call) return plainSteps(rules, world, run)[0] ?? { says: "nothing can be done", world };
  const state = stateOf(world.log);
  const known = state.tables[TABLE];
  const over = state.lastForward?.upTo === "9" && state.ended === undefined && state.failed === undefined;
  if (over && (known?.stopped !== undefined || known?.cursor === "9")) return undefined;
  const name = `C${state.next}`;
  return { says: "another run opens the log", world: openRun(rules, { ...world, runs: [] }, name) };
}
