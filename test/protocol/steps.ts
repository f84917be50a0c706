import { type Progress, progressOf, sorted, type Worker } from "./activities.ts";
import { dropExtent, ingest, mergeStaging, mergeTable, stagingOf } from "./kusto.ts";
import { stateOf } from "./ledger.ts";
import { type Fault, mutated, type Rules } from "./rules.ts";
import { answered, canBeCancelled, cancel, fail, openRun } from "./run.ts";
import type { Call, Ghost, Message, Run, Step, World } from "./world.ts";

/* All that can happen next. */

/** Runs that are explored: one, and another that takes over. */
const RUNS = ["A", "B"] as const;

export function stepsOf(rules: Rules, world: World): Step[] {
  const left = rules.faults - world.faults;
  const may = (kind: Fault) => left > 0 && rules.kinds.includes(kind);
  const steps: Step[] = [
    ...world.runs.flatMap((run) => runSteps(rules, world, run)),
    ...ghostSteps(rules, world),
    ...world.queue.flatMap((message, i) => deliveries(world, message, i, may("doubled"))),
    ...openings(rules, world),
  ];
  if (may("twice") && !world.ghost) steps.push(...world.runs.flatMap((run) => secondDelivery(world, run)));
  if (may("merge")) steps.push(...merges(rules, world));
  if (may("drop")) steps.push(...drops(world));
  for (const run of world.runs) {
    if (!isNewest(world, run)) continue;
    if (may("cancel") && canBeCancelled(run))
      steps.push({
        says: `people cancel run ${run.name}`,
        world: costly(withRun(world, cancel(rules, run, world.settling))),
      });
    if (may("failure") && run.call !== null && run.view === world.log)
      steps.push({ says: `run ${run.name} fails`, world: costly(withRun(world, fail(run))) });
  }
  return steps.map((step) => ({ says: step.says, world: withoutIdle(rules, step.world) }));
}

/** What the next request of a run may come to, but for faults. */
export function plainSteps(rules: Rules, world: World, run: Run): Step[] {
  return (run.call ? progressOf(rules, world, run, run.call) : [])
    .filter((each) => each.fault !== true)
    .map((each) => ({ says: each.says, world: withProgress(rules, each.world, run, each) }));
}

/** A message that lands; where its staging table is gone, in one that it makes again. */
export function landed(world: World, message: Message, i: number): World {
  const rest = { ...world, queue: world.queue.filter((_, m) => m !== i) };
  return world.files.includes(message.folder) ? ingest(rest, message) : rest;
}

function runSteps(rules: Rules, world: World, run: Run): Step[] {
  const { call } = run;
  if (call === null) return [];
  const left = rules.faults - world.faults;
  return progressOf(rules, world, run, call).flatMap((each) => {
    if (each.fault === true && (left === 0 || !rules.kinds.includes(faultOf(call)))) return [];
    const next = withProgress(rules, each.world, run, each);
    const steps = [{ says: each.says, world: each.fault === true ? costly(next) : next }];
    if (each.effect && left > 0 && rules.kinds.includes("redelivery"))
      steps.push({
        says: `${each.says}; its worker dies before that is kept`,
        world: costly(withRun(each.world, { ...run, call: begun(call) })),
      });
    return steps;
  });
}

function faultOf(call: Call): Fault {
  return call.do === "promote" ? "refusal" : "late";
}

function withProgress(rules: Rules, world: World, run: Run, { call, answer }: Progress): World {
  if (call) return withRun(world, { ...run, call });
  if (answer) return withRun(world, answered(rules, run, run.call ?? unreachable(), answer, world.settling));
  return world;
}

function unreachable(): never {
  throw new Error("An answer came to a run that calls nothing.");
}

/** An activity from its beginning, as a delivery begins it. */
function begun(call: Call): Call {
  switch (call.do) {
    case "ingest":
      return { ...call, posted: 0 };
    case "adopt":
      return { ...call, there: false };
    case "promote":
      return { ...call, at: "staged", found: [], drop: [] };
    case "clean":
      return { ...call, at: "list", names: [] };
    default:
      return call;
  }
}

/** A second delivery, of a call that has begun: when it acts is open, so it need not be begun later as well. */
function secondDelivery(world: World, run: Run): Step[] {
  const { name, id, view, call } = run;
  if (call === null || call.do === "look" || call.do === "verify") return [];
  if (JSON.stringify(begun(call)) !== JSON.stringify(call)) return [];
  const says = `what run ${name} calls (${call.do}) is delivered twice`;
  const ghost: Ghost = { name: `${name}, second delivery`, id, view, call };
  return [{ says, world: costly({ ...world, ghost }) }];
}

function ghostSteps(rules: Rules, world: World): Step[] {
  const { ghost } = world;
  if (!ghost) return [];
  return progressOf(rules, world, ghost, ghost.call)
    .filter((each) => each.fault !== true)
    .map((each) => ({
      says: each.says,
      world: { ...each.world, ghost: each.call ? { ...ghost, call: each.call } : null },
    }));
}

function deliveries(world: World, message: Message, i: number, doubled: boolean): Step[] {
  if (world.queue.findIndex((each) => JSON.stringify(each) === JSON.stringify(message)) !== i) return [];
  const rest = { ...world, queue: world.queue.filter((_, m) => m !== i) };
  const there = stagingOf(world, message.staging) !== undefined;
  const what = `${message.row} for ${message.staging}`;
  if (!world.files.includes(message.folder))
    return [{ says: `ingestion finds no file of ${what}`, world: rest }];
  const lands = landed(world, message, i);
  const steps = [
    {
      says: there ? `ingestion brings ${what}` : `ingestion brings ${what}, which it makes again`,
      world: lands,
    },
  ];
  if (!there) steps.push({ says: `ingestion finds no table for ${what}`, world: rest });
  if (doubled)
    steps.push({
      says: `ingestion brings ${what}, and will once more`,
      world: costly({ ...lands, queue: sorted([...lands.queue, message]) }),
    });
  return steps;
}

function openings(rules: Rules, world: World): Step[] {
  const name = RUNS[world.runs.length];
  if (name === undefined) return [];
  return [{ says: `run ${name} opens the log`, world: openRun(rules, world, name) }];
}

function merges(rules: Rules, world: World): Step[] {
  const steps: Step[] = [];
  if (world.table.length > 0)
    steps.push({ says: "the cluster merges the table's extents", world: costly(mergeTable(world)) });
  if (!mutated(rules, "merges in staging")) return steps;
  for (const { name, extents } of world.staging) {
    if (extents.length > 0)
      steps.push({ says: `the cluster merges ${name}`, world: costly(mergeStaging(world, name)) });
  }
  return steps;
}

function drops(world: World): Step[] {
  const shown = world.table.map(({ id, rows }) => ({
    says: `somebody else drops ${rows.join(", ")} from the table`,
    world: costly(dropExtent(world, undefined, id)),
  }));
  const staged = world.staging.flatMap(({ name, extents }) =>
    extents.map(({ id, rows }) => ({
      says: `somebody else drops ${rows.join(", ")} from ${name}`,
      world: costly(dropExtent(world, name, id)),
    })),
  );
  return [...shown, ...staged];
}

function costly(world: World): World {
  return { ...world, faults: world.faults + 1 };
}

function withRun(world: World, run: Run): World {
  return { ...world, runs: world.runs.map((each) => (each.id === run.id ? run : each)) };
}

export function isNewest(world: World, { id }: Worker): boolean {
  return stateOf(world.log).run?.id === id;
}

/**
 * Who can do nothing any more is made like others who can't: a stale run that would have to write first, or that only looks.
 * With the fence in place, its next entry finds its number taken.
 */
function withoutIdle(rules: Rules, world: World): World {
  if (mutated(rules, "no fence")) return world;
  const idle = (worker: Worker, call: Call | null) =>
    call === null ||
    (!isNewest(world, worker) && (call.do === "append" || call.do === "look" || call.do === "verify"));
  const runs = world.runs.map((run) => (idle(run, run.call) && !isNewest(world, run) ? ended(run) : run));
  const { ghost } = world;
  const over =
    ghost !== null &&
    (idle(ghost, ghost.call) ||
      (ghost.call.do === "append" && stateOf(world.log).next > stateOf(ghost.view).next));
  return { ...world, runs, ghost: over ? null : ghost };
}

function ended({ name, id }: Run): Run {
  return {
    name,
    id,
    view: 0,
    backfillPlanned: true,
    forwardOwed: false,
    prepared: [],
    toClean: [],
    flight: null,
    moved: null,
    cancelled: false,
    call: null,
  };
}
