import type { ExportedWindow, StagedWindow } from "../../model/checkpoint/entries.ts";
import { openIteration, type State } from "../../model/checkpoint/state.ts";
import type { Flight, FlightFailure } from "../../model/schedule.ts";
import { cleanStep } from "./cleanUp.ts";
import { createTable, moveBetween, stagingOf } from "./kusto.ts";
import { type Ref, stateOf } from "./ledger.ts";
import { folderOf, rowsOfWindow, stagingName, tagOf } from "./names.ts";
import { promoteStep } from "./promoteTable.ts";
import { mutated, type Rules } from "./rules.ts";
import type { Call, Message, Promoted, World } from "./world.ts";

/*
 * What the activities do, one request at a time: whatever else happens may happen between two of them. Each is told here as
 * activities/ has it; what the log decides is decided by the same functions of model/.
 */

/** Who carries out an activity: a run's orchestration, or a second delivery of what it began. */
export interface Worker {
  readonly name: string;
  readonly id: number;
  readonly view: Ref;
}

export type Answer =
  | { readonly is: "done" }
  | {
      readonly is: "advanced";
      readonly flight: Flight;
      readonly exported?: ExportedWindow;
      readonly staged?: StagedWindow;
    }
  | {
      readonly is: "failed";
      readonly flight: Flight;
      readonly failure: FlightFailure;
      readonly reason: string;
    }
  | { readonly is: "promoted"; readonly promoted: Promoted };

/** What one request may come to: the activity goes on with `call`, ends with an answer, or ends without one. */
export interface Progress {
  readonly says: string;
  readonly world: World;
  /** Whether the request changed anything outside of the worker. */
  readonly effect: boolean;
  readonly call?: Call;
  readonly answer?: Answer;
  /** Costs one of the faults. */
  readonly fault?: boolean;
}

/** What the next request of an activity may come to. */
export function progressOf(rules: Rules, world: World, worker: Worker, call: Call): Progress[] {
  switch (call.do) {
    case "append":
      return append(rules, world, worker, call);
    case "prepare":
      return [prepare(rules, world, worker, call.iteration)];
    case "export":
      return [exportWindow(rules, world, worker, call.flight)];
    case "ingest":
      return views(world, worker).flatMap((view) => ingest(rules, world, worker, call, stateOf(view)));
    case "look":
      return look(rules, world, worker, call.flight);
    case "verify":
      return [verify(rules, world, worker, call.flight)];
    case "adopt":
      return [adopt(rules, world, worker, call)];
    case "promote":
      return promoteStep(rules, world, worker, call);
    case "clean":
      return cleanStep(rules, world, worker, call);
  }
}

/**
 * The states of the log by which an activity may act: the one that its run last wrote, which a worker that slept or that is
 * stale remembers, and the newest, unless that is another run's. Who reads that another run took over does nothing more,
 * which is as if it never woke up.
 */
export function views(world: World, worker: Worker): Ref[] {
  const fresh = stateOf(world.log).run?.id === worker.id && world.log !== worker.view;
  return fresh ? [worker.view, world.log] : [worker.view];
}

/** The fence: the entry is written where its number is free, found where it is the run's own; otherwise the run stops. */
function append(rules: Rules, world: World, worker: Worker, call: Call & { do: "append" }): Progress[] {
  const says = `run ${worker.name} writes into the log: ${call.says}`;
  const answer = { is: "done" } as const;
  if (mutated(rules, "no fence") || world.log === worker.view)
    return [{ says, world: { ...world, log: call.to }, effect: true, answer }];
  if (stateOf(world.log).run?.id !== worker.id) return [];
  return [{ says: `run ${worker.name} finds written: ${call.says}`, world, effect: false, answer }];
}

function prepare(rules: Rules, world: World, worker: Worker, iteration: number): Progress {
  const open = openIteration(stateOf(worker.view), iteration);
  const filled = open?.tables.some((table) => table.windows.length > 0 && !(table.name in open.parked));
  const name = stagingName(rules, stateOf(worker.view), worker.id, iteration);
  return {
    says: `run ${worker.name} makes its staging table for iteration ${iteration}`,
    world: filled ? createTable(world, name) : world,
    effect: filled === true,
    answer: { is: "done" },
  };
}

function exportWindow(rules: Rules, world: World, worker: Worker, flight: Flight): Progress {
  const open = openIteration(stateOf(worker.view), flight.iteration);
  const rows = open ? rowsOfWindow(rules, open, flight.window) : [];
  const folder = folderOf(worker.id, flight);
  const exported = {
    window: flight.window,
    attempt: flight.attempt,
    folder,
    files: [...rows],
    bytes: 1,
    content: { rows: rows.length, hash: rows.join() },
  };
  return {
    says: `run ${worker.name} exports window ${flight.window}`,
    world: { ...world, files: [...new Set([...world.files, folder])].toSorted() },
    effect: true,
    answer: { is: "advanced", flight: { ...flight, stage: "toIngest", rows: rows.length }, exported },
  };
}

/** Posts a window's files one after the other. */
function ingest(
  rules: Rules,
  world: World,
  worker: Worker,
  call: Call & { do: "ingest" },
  state: State,
): Progress[] {
  const { flight, posted } = call;
  const window = openIteration(state, flight.iteration)?.windows[flight.window];
  const { folder, files, content } = window ?? {};
  if (folder === undefined || files === undefined || content === undefined) return [];
  const staging = stagingName(rules, state, worker.id, flight.iteration);
  const tag = tagOf(state, worker.id, flight);
  const { window: id, attempt } = flight;
  const staged = { window: id, attempt, staging, tag, rows: 0, extents: [] };
  const says = `run ${worker.name} hands ${files[posted] ?? "nothing"} of window ${id} to ingestion`;
  const row = files[posted];
  if (row === undefined) return [{ says, world, effect: false, answer: { is: "advanced", flight, staged } }];
  const message: Message = { staging, tag, folder, row };
  const queued = { ...world, queue: sorted([...world.queue, message]) };
  return posted + 1 < files.length
    ? [{ says, world: queued, effect: true, call: { ...call, posted: posted + 1 } }]
    : [
        {
          says,
          world: queued,
          effect: true,
          answer: { is: "advanced", flight: { ...flight, stage: "ingesting" } },
        },
      ];
}

export function sorted(queue: readonly Message[]): Message[] {
  return queue.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** The poll, and the comparison right after it: nothing between the two could make a wrong attempt look right. */
function look(rules: Rules, world: World, worker: Worker, flight: Flight): Progress[] {
  const state = stateOf(worker.view);
  const staging = stagingName(rules, state, worker.id, flight.iteration);
  const tag = tagOf(state, worker.id, flight);
  const own = (stagingOf(world, staging) ?? []).filter((extent) => extent.tags.includes(tag));
  const rows = own.flatMap((extent) => extent.rows);
  const wanted = flight.rows ?? 0;
  if (rows.length === wanted) {
    const extents = own.map((extent) => extent.id);
    return [verify(rules, world, worker, { ...flight, stage: "toVerify", extents })];
  }
  const failed = (reason: string, fault: boolean): Progress => ({
    says: `run ${worker.name} gives up window ${flight.window}: ${reason}`,
    world,
    effect: false,
    answer: { is: "failed", flight, failure: "wrong", reason },
    fault,
  });
  if (rows.length > wanted) return [failed("too many rows arrived", false)];
  const coming = world.queue.some((message) => message.tag === tag);
  return [failed("its rows didn't arrive", coming)];
}

function verify(rules: Rules, world: World, worker: Worker, flight: Flight): Progress {
  const state = stateOf(worker.view);
  const open = openIteration(state, flight.iteration);
  const staging = stagingName(rules, state, worker.id, flight.iteration);
  const extents = flight.extents ?? [];
  const rows = (stagingOf(world, staging) ?? [])
    .filter((extent) => extents.includes(extent.id))
    .flatMap((extent) => extent.rows)
    .toSorted();
  const source = open ? [...rowsOfWindow(rules, open, flight.window)].toSorted() : [];
  const { window, attempt } = flight;
  const same = mutated(rules, "count only") ? rows.length === source.length : rows.join() === source.join();
  const says = `run ${worker.name} compares window ${window}: ${same ? "the same" : "another content"}`;
  if (!same) {
    const failed = { is: "failed", flight, failure: "wrong", reason: "another content" } as const;
    return { says, world, effect: false, answer: failed };
  }
  const tag = open?.windows[window]?.tag ?? tagOf(state, worker.id, flight);
  const staged = { window, attempt, staging, tag, rows: rows.length, extents: [...extents] };
  return { says, world, effect: false, answer: { is: "advanced", flight, staged } };
}

/** Takes over what an older run had staged. */
function adopt(rules: Rules, world: World, worker: Worker, call: Call & { do: "adopt" }): Progress {
  const { flight, there } = call;
  const state = stateOf(worker.view);
  const { staging: old = "", extents = [] } =
    openIteration(state, flight.iteration)?.windows[flight.window] ?? {};
  const failed = (failure: FlightFailure, reason: string): Progress => ({
    says: `run ${worker.name} can't take over window ${flight.window}: ${reason}`,
    world,
    effect: false,
    answer: { is: "failed", flight, failure, reason },
  });
  if (!there) {
    const ids = (stagingOf(world, old) ?? []).map((extent) => extent.id);
    if (!extents.every((id) => ids.includes(id))) return failed("wrong", "it is not there any more");
    const says = `run ${worker.name} finds window ${flight.window} in the older run's staging table`;
    return { says, world, effect: false, call: { ...call, there: true } };
  }
  const staging = stagingName(rules, state, worker.id, flight.iteration);
  const moved = moveBetween(world, { from: old, to: staging, ids: extents });
  if (!moved) return failed(mutated(rules, "adopt once") ? "terminal" : "wrong", "it went meanwhile");
  const rows = openIteration(state, flight.iteration)?.windows[flight.window]?.content?.rows ?? 0;
  return {
    says: `run ${worker.name} moves window ${flight.window} into its own staging table`,
    world: moved.world,
    effect: true,
    answer: {
      is: "advanced",
      flight: { ...flight, stage: "toVerify", rows, extents: [...moved.ids] },
    },
  };
}
