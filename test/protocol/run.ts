import type { EntryBody, EntryOf } from "../../model/checkpoint/entries.ts";
import { flightOf } from "../../model/checkpoint/flights.ts";
import { movesOf, stagedMovesOf } from "../../model/checkpoint/moves.ts";
import type { OpenIteration, State } from "../../model/checkpoint/state.ts";
import { windowsOf } from "../../model/checkpoint/windows.ts";
import { afterFailure, type Flight } from "../../model/schedule.ts";
import { opening } from "../model/checkpoint/sampleLog.ts";
import type { Answer } from "./activities.ts";
import { after, stateOf } from "./ledger.ts";
import { jobOf, mutated, type Rules } from "./rules.ts";
import { planOf } from "./source.ts";
import type { Call, Run, World } from "./world.ts";

/*
 * What a run's orchestration does next, as orchestrators/copyJob.ts has it: it opens the log, rolls intents forward, prepares,
 * cleans what is left to clean, plans, copies window after window, promotes, commits and cleans up. Windows go one after the
 * other here: which of them stand where when a run is taken over is what matters, and all of that is met.
 */

type Progress = Omit<EntryOf<"progress">, "number" | "run" | "step" | "at" | "kind" | "iteration">;

const NONE: Progress = { exported: [], staged: [], reset: [], parked: [] };

/** A run opens the log: from now on every older run is stale. */
export function openRun(rules: Rules, world: World, name: string): World {
  const id = stateOf(world.log).next;
  const log = after(world.log, id, { ...opening, instance: name, job: jobOf(rules) });
  const state = stateOf(log);
  const run: Run = {
    name,
    id,
    view: log,
    backfillPlanned: false,
    forwardOwed: state.lastIteration > 0,
    prepared: [],
    toClean: state.toClean.map((each) => each.iteration),
    flight: null,
    moved: null,
    cancelled: false,
    call: null,
  };
  return { ...world, log, runs: [...world.runs, proceed(rules, run, world.settling)] };
}

/** The run after an activity answered, with what it calls next. */
export function answered(rules: Rules, run: Run, call: Call, answer: Answer, settling: boolean): Run {
  const next = taken(rules, run, call, answer);
  return next.call === null ? proceed(rules, next, settling) : next;
}

function taken(rules: Rules, run: Run, call: Call, answer: Answer): Run {
  const idle: Run = { ...run, call: null };
  switch (call.do) {
    case "append":
      return recorded({ ...idle, view: call.to }, call);
    case "prepare":
      return { ...idle, prepared: [...run.prepared, call.iteration] };
    case "clean":
      return record(idle, { kind: "cleaned", iteration: call.iteration });
    case "promote":
      if (answer.is !== "promoted") throw new Error("A promotion answers what it moved.");
      return { ...idle, moved: answer.promoted };
    default:
      return flown(rules, idle, answer);
  }
}

function recorded(run: Run, { kind, iteration }: Call & { do: "append" }): Run {
  switch (kind) {
    case "promoted":
      return { ...run, moved: null };
    case "iterationCommitted":
      return { ...run, toClean: [...run.toClean, iteration] };
    case "cleaned":
      return { ...run, toClean: run.toClean.filter((each) => each !== iteration) };
    default:
      return run;
  }
}

/** A window's step answered: what of it comes into the log, and what the window needs next. */
function flown(rules: Rules, run: Run, answer: Answer): Run {
  if (answer.is === "advanced") {
    const { flight, exported, staged } = answer;
    if (staged) return progress({ ...run, flight: null }, flight, { staged: [staged] });
    if (exported) return progress({ ...run, flight }, flight, { exported: [exported] });
    return { ...run, flight };
  }
  if (answer.is !== "failed") throw new Error("A window's step answers for its window.");
  const { flight, failure, reason } = answer;
  const then = afterFailure(flight, failure, jobOf(rules), 0);
  if (then.kind === "park")
    return progress({ ...run, flight: null }, flight, { parked: [{ table: flight.table, reason }] });
  // A step that is refused for now is tried again later, and waiting takes no time here.
  const { notBefore: _, tries: __, ...again } = then.flight;
  if (then.kind === "again") return { ...run, flight: again };
  const reset = [{ window: flight.window, attempt: then.attempt, reason }];
  return progress({ ...run, flight: again }, flight, { reset });
}

function progress(run: Run, { iteration }: Flight, news: Partial<Progress>): Run {
  return record(run, { kind: "progress", iteration, ...NONE, ...news });
}

/** Has an entry written. The log as the run knows it takes the entry, or this throws. */
export function record(run: Run, body: EntryBody): Run {
  const iteration = "iteration" in body ? body.iteration : 0;
  return {
    ...run,
    call: { do: "append", to: after(run.view, run.id, body), kind: body.kind, iteration, says: saysOf(body) },
  };
}

function saysOf(body: EntryBody): string {
  switch (body.kind) {
    case "iterationPlanned":
      return `iteration ${body.iteration} is planned (${body.lane})`;
    case "progress":
      return [
        ...body.exported.map((each) => `window ${each.window} is exported`),
        ...body.staged.map((each) => `window ${each.window} is staged`),
        ...body.reset.map((each) => `window ${each.window} begins anew`),
        ...body.parked.map((each) => `table ${each.table} is parked`),
      ].join(", ");
    case "promotionIntended":
      return `${body.moves.map((move) => move.windows.map((each) => each.window).join(", ")).join(", ")} will be moved`;
    case "promoted":
      return [
        ...body.windows.map((window) => `window ${window} is moved`),
        ...body.stopped.map((each) => `table ${each.table} is stopped`),
        ...body.withdrawn.map((each) => `the promotion of ${each.table} is taken back`),
      ].join(", ");
    case "iterationCommitted":
      return `iteration ${body.iteration} is committed`;
    case "cleaned":
      return `iteration ${body.iteration} is cleaned`;
    default:
      return body.kind;
  }
}

function lanesOf({ open }: State): OpenIteration[] {
  return [open.forward, open.backfill].filter((each) => each !== undefined);
}

/** What the orchestration does between two activities. A run without a call has ended. */
function proceed(rules: Rules, run: Run, settling: boolean): Run {
  const state = stateOf(run.view);
  if (state.failed !== undefined || state.ended !== undefined) return { ...run, flight: null };
  const lanes = lanesOf(state);
  if (run.moved) return recordMoved(run, lanes, run.moved);
  const intended = lanes.find((open) => open.intended.length > 0);
  if (intended) return promote(run, intended);
  const unprepared = lanes.find((open) => !run.prepared.includes(open.iteration));
  if (unprepared) {
    if (unprepared.tables.length > 0)
      return { ...run, call: { do: "prepare", iteration: unprepared.iteration } };
    return proceed(rules, { ...run, prepared: [...run.prepared, unprepared.iteration] }, settling);
  }
  const [left] = run.toClean;
  if (left !== undefined) return { ...run, call: { do: "clean", iteration: left, at: "list", names: [] } };
  if (run.cancelled) return cancelled(run, lanes);
  if (run.flight) return fly(run, run.flight);
  if (!run.backfillPlanned && !state.open.backfill) {
    const plan = planOf(rules, state, "backfill", settling);
    const noted = { ...run, backfillPlanned: true };
    return plan ? record(noted, plan) : proceed(rules, noted, settling);
  }
  if (run.forwardOwed && !state.open.forward) {
    const plan = planOf(rules, state, "forward", settling);
    if (plan) return record({ ...run, forwardOwed: false }, plan);
  }
  return copyOn(rules, run, lanes);
}

/** Takes the next window that needs work; shows what is staged, where the job says so; commits what is complete. */
function copyOn(rules: Rules, run: Run, lanes: readonly OpenIteration[]): Run {
  for (const open of lanes) {
    if (rules.visibility === "window" && nextFlight(rules, run, open)) {
      const moves = stagedMovesOf(open, run.id);
      if (moves.length > 0) return intend(rules, run, open, moves);
    }
  }
  const complete = lanes.find((open) => nextFlight(rules, run, open) === undefined);
  if (complete) {
    const moves = movesOf(complete);
    if (moves.length > 0) return intend(rules, run, complete, moves);
    return record(run, { kind: "iterationCommitted", iteration: complete.iteration });
  }
  const order = rules.historyFirst ? lanes.toReversed() : lanes;
  const [flight] = order.flatMap((open) => nextFlight(rules, run, open) ?? []);
  return flight ? fly(run, flight) : run;
}

function nextFlight(rules: Rules, run: Run, open: OpenIteration): Flight | undefined {
  const shared = mutated(rules, "one staging table") || mutated(rules, "staging without the run");
  return open.tables
    .filter((table) => !(table.name in open.parked))
    .flatMap((table) => Object.keys(open.windows).map((id) => flightOf(open, run.id, table.name, id)))
    .filter((flight) => !(shared && flight?.stage === "toAdopt"))
    .find((flight) => flight !== undefined);
}

function fly(run: Run, flight: Flight): Run {
  const flying = { ...run, flight };
  switch (flight.stage) {
    case "toExport":
      return { ...flying, call: { do: "export", flight } };
    case "toIngest":
      return { ...flying, call: { do: "ingest", flight, posted: 0 } };
    case "ingesting":
      return { ...flying, call: { do: "look", flight } };
    case "toAdopt":
      return { ...flying, call: { do: "adopt", flight, there: false } };
    case "toVerify":
      return { ...flying, call: { do: "verify", flight } };
    default:
      throw new Error(`Window ${flight.window} is ${flight.stage}.`);
  }
}

function intend(
  rules: Rules,
  run: Run,
  open: OpenIteration,
  moves: EntryOf<"promotionIntended">["moves"],
): Run {
  if (mutated(rules, "no intent")) return promote(run, open);
  return record(run, { kind: "promotionIntended", iteration: open.iteration, moves });
}

function promote(run: Run, { iteration }: OpenIteration): Run {
  return { ...run, call: { do: "promote", iteration, at: "staged", found: [], drop: [], tries: 1 } };
}

function recordMoved(run: Run, lanes: readonly OpenIteration[], moved: NonNullable<Run["moved"]>): Run {
  const open = lanes.find((each) => each.intended.length > 0);
  if (open) return record(run, { kind: "promoted", iteration: open.iteration, ...moved });
  // Without the intent the log hears of the move only now.
  const [first] = lanes.filter((each) => movesOf(each).length > 0);
  if (!first) throw new Error("What was moved belongs to no open iteration.");
  return record(run, {
    kind: "promotionIntended",
    iteration: first.iteration,
    moves: movesOf(first),
  });
}

/** Gives up what isn't promoted, commits what is, and ends. */
function cancelled(run: Run, lanes: readonly OpenIteration[]): Run {
  const [open] = lanes;
  if (!open) return record(run, { kind: "runEnded", outcome: "cancelled", reason: "It was cancelled." });
  const { iteration } = open;
  const left = open.tables.filter(
    (table, t) =>
      !(table.name in open.parked) && windowsOf(open, t).some((window) => window.stage !== "promoted"),
  );
  if (left.length === 0) return record(run, { kind: "iterationCommitted", iteration, abandoned: true });
  const parked = left.map((table) => ({ table: table.name, reason: "It was cancelled." }));
  return record(run, { kind: "progress", iteration, ...NONE, parked });
}

/** Whether people can cancel a run now: it looks for that between two rounds. */
export function canBeCancelled({ cancelled: already, call, view }: Run): boolean {
  if (already || call === null || stateOf(view).run === undefined) return false;
  if (call.do === "ingest") return call.posted === 0;
  if (call.do === "adopt") return !call.there;
  return call.do === "export" || call.do === "look" || call.do === "verify";
}

/** The run as people cancelled it. */
export function cancel(rules: Rules, run: Run, settling: boolean): Run {
  return proceed(rules, { ...run, cancelled: true, flight: null, call: null }, settling);
}

/** The run as it writes why it failed. */
export function fail(run: Run): Run {
  return record({ ...run, flight: null }, { kind: "failed", reason: "It could not go on." });
}
