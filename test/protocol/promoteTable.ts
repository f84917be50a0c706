import type { PromotionMove } from "../../model/checkpoint/entries.ts";
import { movesOf } from "../../model/checkpoint/moves.ts";
import { openIteration, type State } from "../../model/checkpoint/state.ts";
import { type Progress, views, type Worker } from "./activities.ts";
import { dropTables, show, stagingOf } from "./kusto.ts";
import { stateOf } from "./ledger.ts";
import { mutated, type Rules, TABLE } from "./rules.ts";
import type { Call, Promoted, World } from "./world.ts";

/** Why a promotion is taken back whose staging table isn't there. */
export const GONE = "the staging table was dropped before its rows were moved";
const REFUSED = "the cluster refused the move";

/** At which try a replacement that is refused is taken back: orchestrators/promotion.ts. */
const LAST_TRY = 2;

type Promote = Call & { do: "promote" };

/** One request of activities/promotion/promoteTable.ts. */
export function promoteStep(rules: Rules, world: World, worker: Worker, call: Promote): Progress[] {
  // Which intent is read, the one remembered or the newest, decides only whether there is one: an intent never changes.
  const known = call.at === "staged" ? views(world, worker) : [worker.view];
  return known.flatMap((view) => {
    const move = moveOf(rules, stateOf(view), call.iteration);
    return move ? request(rules, world, worker, call, move) : [];
  });
}

function moveOf(rules: Rules, state: State, iteration: number): PromotionMove | undefined {
  const open = openIteration(state, iteration);
  if (!open) return undefined;
  const moves = mutated(rules, "no intent") && open.intended.length === 0 ? movesOf(open) : open.intended;
  return moves.find((move) => move.table === TABLE);
}

function request(rules: Rules, world: World, worker: Worker, call: Promote, move: PromotionMove): Progress[] {
  const { name } = worker;
  const quiet = (says: string, next: Partial<Promote>): Progress[] => [
    { says, world, effect: false, call: { ...call, ...next } },
  ];
  switch (call.at) {
    case "staged": {
      const wanted = move.windows.flatMap((window) => window.extents).length;
      if (wanted > 0 && stagingOf(world, move.staging) === undefined)
        return quiet(`run ${name} finds the staging table gone`, { found: [], at: "gone" });
      const found = stagedIds(world, move);
      const all = move.windows.every((window) => window.extents.every((id) => found.includes(id)));
      const ready = move.replace ? "drops" : "move";
      const says = `run ${name} looks for what it is to move: ${all ? "it is" : "not all is"} in staging`;
      return quiet(says, { found, at: all ? ready : "tags" });
    }
    case "gone": {
      if (!nothingArrived(world, move))
        return quiet(`run ${name} sees rows of it in the table`, { at: "tags" });
      return [takenBack(world, name, GONE)];
    }
    case "tags": {
      const missing = mutated(rules, "no proof of arrival") ? [] : missingWindows(world, move, call.found);
      if (missing.length === 0)
        return quiet(`run ${name} finds the rest in the table, by its tags`, {
          at: move.replace ? "drops" : "move",
        });
      const reason = `windows ${missing.join(", ")} are neither in staging nor in the table`;
      return [stopped(world, `run ${name} finds that ${reason}`, reason)];
    }
    case "drops": {
      const wanted = move.windows.flatMap((window) => window.extents).length;
      if (wanted > 0 && call.found.length === 0) return [done(world, `run ${name} has replaced it`, move)];
      const drop = world.table.map((extent) => extent.id);
      const at = mutated(rules, "no late look") ? "move" : "log";
      return quiet(`run ${name} lists what its replacement drops`, { drop, at });
    }
    case "log":
      return stillIntended(world, worker, call)
        ? quiet(`run ${name} sees that the log still wants the replacement`, { at: "move" })
        : [];
    case "move":
      return moved(rules, world, worker, call, move);
    case "refused": {
      const still = stagedIds(world, move);
      const last = call.tries >= LAST_TRY || mutated(rules, "one try");
      if (still.length < call.found.length || (move.replace && !last)) {
        const tries = move.replace ? LAST_TRY : call.tries;
        return quiet(`run ${name} tries the move once more`, { at: "staged", found: [], drop: [], tries });
      }
      if (move.replace && still.length === 0 && world.table.length === 0)
        return [done(world, `run ${name} finds the table emptied`, move)];
      if (mutated(rules, "take back in place")) return [takenBack(world, name, REFUSED)];
      return quiet(`run ${name} finds all still in staging`, { at: "late" });
    }
    case "late":
      return stillIntended(world, worker, call)
        ? quiet(`run ${name} sees that the log still wants the promotion`, { at: "discard" })
        : [];
    case "discard": {
      const says = `run ${name} drops ${move.staging}, so that nobody moves it later`;
      const discarded = [...new Set([...world.discarded, move.staging])].toSorted();
      const dropped = dropTables({ ...world, discarded }, [move.staging]);
      return [{ says, world: dropped, effect: true, call: { ...call, at: "discarded" } }];
    }
    case "discarded":
      return nothingArrived(world, move)
        ? [takenBack(world, name, REFUSED)]
        : quiet(`run ${name} sees that it has been moved meanwhile`, { at: "tags", found: [], drop: [] });
  }
}

function stillIntended(world: World, worker: Worker, call: Promote): boolean {
  const state = stateOf(world.log);
  if (state.run?.id !== worker.id) return false;
  return openIteration(state, call.iteration)?.intended.some((each) => each.table === TABLE) === true;
}

function nothingArrived(world: World, move: PromotionMove): boolean {
  return move.windows.every(({ tag }) => world.table.every((extent) => !extent.tags.includes(tag)));
}

function takenBack(world: World, name: string, reason: string): Progress {
  const withdrawn = [{ table: TABLE, reason }];
  const promoted: Promoted = { windows: [], stopped: [], withdrawn };
  return {
    says: `run ${name} takes the promotion back`,
    world,
    effect: false,
    answer: { is: "promoted", promoted },
  };
}

/** The move itself, by the ids that were found; with a mutation, by what lies in staging. */
function moved(rules: Rules, world: World, { name }: Worker, call: Promote, move: PromotionMove): Progress[] {
  const ids = mutatedIds(rules, world, move) ?? call.found;
  const refused = { ...call, at: "refused" } as const;
  if (ids.length === 0 && call.drop.length === 0)
    return [done(world, `run ${name} has nothing to move`, move)];
  const after = show(world, { from: move.staging, ids, drop: call.drop });
  if (!after)
    return [
      { says: `run ${name} is refused the move: an extent is gone`, world, effect: false, call: refused },
    ];
  const verb = move.replace ? "replaces the table's rows by" : "moves into the table";
  const rows = after.table.flatMap((each) => each.rows).join(", ");
  return [
    { ...done(after, `run ${name} ${verb} what was staged (the table holds ${rows})`, move), effect: true },
    ...(rules.kinds.includes("refusal")
      ? [
          {
            says: `the cluster refuses run ${name} the move`,
            world,
            effect: false,
            call: refused,
            // What is refused for good is refused again, at no further cost.
            fault: call.tries < LAST_TRY,
          },
        ]
      : []),
  ];
}

function mutatedIds(rules: Rules, world: World, move: PromotionMove): string[] | undefined {
  const all = stagingOf(world, move.staging) ?? [];
  if (mutated(rules, "move all")) return all.map((extent) => extent.id);
  if (!mutated(rules, "move by tag")) return undefined;
  const tags = move.windows.map((window) => window.tag);
  return all.flatMap((extent) => (extent.tags.some((tag) => tags.includes(tag)) ? [extent.id] : []));
}

function stagedIds(world: World, move: PromotionMove): string[] {
  const ids = move.windows.flatMap((window) => window.extents);
  return (stagingOf(world, move.staging) ?? []).flatMap((each) => (ids.includes(each.id) ? [each.id] : []));
}

function missingWindows(world: World, move: PromotionMove, found: readonly string[]): string[] {
  return move.windows.flatMap((window) => {
    const here = window.extents.filter((id) => found.includes(id)).length;
    if (here === window.extents.length) return [];
    const arrived = here === 0 ? world.table.filter((extent) => extent.tags.includes(window.tag)) : [];
    const rows = arrived.flatMap((extent) => extent.rows).length;
    return arrived.length === 0 || rows < window.rows ? [window.window] : [];
  });
}

function done(world: World, says: string, move: PromotionMove): Progress {
  const promoted = { windows: move.windows.map((each) => each.window), stopped: [], withdrawn: [] };
  return { says, world, effect: false, answer: { is: "promoted", promoted } };
}

function stopped(world: World, says: string, reason: string): Progress {
  const promoted = { windows: [], stopped: [{ table: TABLE, reason }], withdrawn: [] };
  return { says, world, effect: false, answer: { is: "promoted", promoted } };
}
