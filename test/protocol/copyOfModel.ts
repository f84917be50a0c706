import type { ActivityHandler } from "durable-functions";
import {
  type AbandonInput,
  ACTIVITY,
  type Answer as ActivityAnswer,
  type ControlAnswer,
  type FlightInput,
  type FlightOutcome,
  type IterationInput,
  type OpenedRun,
  type PlanInput,
  type Planned,
  type PollInput,
  type PromotedTable,
  type PromotionInput,
  type RecordInput,
  type RunRef,
  type TakenWindows,
  type TakeWindowsInput,
} from "../../activities/contract.ts";
import { summary } from "../../activities/run/openRun.ts";
import { type EntryBody, windowId } from "../../model/checkpoint/entries.ts";
import { flightOf } from "../../model/checkpoint/flights.ts";
import { movesOf, stagedMovesOf } from "../../model/checkpoint/moves.ts";
import { openIteration } from "../../model/checkpoint/state.ts";
import type { Flight } from "../../model/schedule.ts";
import { opening } from "../model/checkpoint/sampleLog.ts";
import { type Answer, progressOf, type Worker } from "./activities.ts";
import { after, stateOf } from "./ledger.ts";
import { jobOf, type Rules } from "./rules.ts";
import { planOf } from "./source.ts";
import { landed } from "./steps.ts";
import type { Call, World } from "./world.ts";

/**
 * The model's activities as the real orchestrator calls them: what they do is the model's, in which order is the product's. They
 * refuse an entry whose number isn't the log's next. `journal` holds the kinds of the entries.
 */
export function copyOfModel(rules: Rules, from: World, control: () => Partial<ControlAnswer> = () => ({})) {
  let world: World = { ...from, runs: [] };
  const journal: string[] = [];
  const done = <T>(value: T): ActivityAnswer<T> => ({ kind: "done", value });
  const state = () => stateOf(world.log);
  const open = (iteration: number) => {
    const found = openIteration(state(), iteration);
    if (!found) throw new Error(`Iteration ${iteration} is not open.`);
    return found;
  };
  const append = (run: number, next: number, body: EntryBody): { next: number } => {
    if (next !== state().next) throw new Error(`${body.kind} is entry ${next} where ${state().next} is due.`);
    world = { ...world, log: after(world.log, run, body) };
    journal.push(entryName(body));
    return { next: next + 1 };
  };
  /** All requests of an activity, one after the other. */
  const work = ({ run }: RunRef, begun: Call): Answer => {
    const worker: Worker = { name: "real", id: run, view: world.log };
    for (let call = begun; ; ) {
      const [next] = progressOf(rules, world, worker, call);
      if (!next) throw new Error(`${call.do} can't go on.`);
      world = next.world;
      if (next.answer) return next.answer;
      call = next.call ?? call;
    }
  };
  const flown = (answer: Answer): FlightOutcome => {
    if (answer.is !== "advanced") throw new Error("Nothing goes wrong here.");
    const { flight, exported, staged } = answer;
    return {
      kind: "advanced",
      flight,
      ...(exported ? { exported } : {}),
      ...(staged ? { staged } : {}),
    };
  };
  const arrive = () => {
    for (let [message] = world.queue; message; [message] = world.queue) world = landed(world, message, 0);
  };
  const stage = (flight: Flight, next: Flight["stage"]): FlightOutcome => ({
    kind: "advanced",
    flight: { ...flight, stage: next },
  });

  const activities: Record<string, ActivityHandler> = {
    [ACTIVITY.openRun]: (): ActivityAnswer<OpenedRun> => {
      const run = state().next;
      append(run, run, { ...opening, job: jobOf(rules) });
      const lanes = [state().open.forward, state().open.backfill].filter((each) => each !== undefined);
      return done({
        run,
        next: run + 1,
        slots: { export: 4, ingestion: 4, query: 4 },
        open: lanes.map((each) => ({
          ...summary(each),
          intended: each.intended.map((move) => move.table),
        })),
        toClean: state().toClean.map((each) => each.iteration),
        known: state().lastIteration > 0,
        lastReadAt: null,
        lastDurationMs: 0,
        policiesOff: false,
      });
    },
    [ACTIVITY.planIteration]: ({ run, next, lane }: PlanInput): ActivityAnswer<Planned> => {
      const body = planOf(rules, state(), lane, false);
      if (!body) return done({ next, iteration: null, readAt: null });
      append(run, next, body);
      // Read just now: another forward iteration is due after the job's RPO only.
      const readAt = new Date().toISOString();
      return done({ next: next + 1, iteration: summary(open(state().lastIteration)), readAt });
    },
    [ACTIVITY.prepareDestination]: (input: IterationInput) => {
      work(input, { do: "prepare", iteration: input.iteration });
      return done({ parked: [] });
    },
    [ACTIVITY.takeWindows]: ({ run, iteration }: TakeWindowsInput): ActivityAnswer<TakenWindows> => {
      const taken = open(iteration);
      const flights = taken.tables.flatMap((table, t) =>
        table.windows.flatMap((_, w) => flightOf(taken, run, table.name, windowId(iteration, t, w)) ?? []),
      );
      return done({ flights, position: Object.keys(taken.windows).length, end: true });
    },
    [ACTIVITY.startExport]: ({ flight }: FlightInput) => done(stage(flight, "exporting")),
    [ACTIVITY.measureExport]: (input: FlightInput) =>
      done(flown(work(input, { do: "export", flight: input.flight }))),
    [ACTIVITY.startIngestion]: (input: FlightInput) =>
      done(flown(work(input, { do: "ingest", flight: input.flight, posted: 0 }))),
    [ACTIVITY.pollOperations]: ({ flights }: PollInput) => {
      arrive();
      return done({
        outcomes: flights.map((flight) =>
          stage(flight, flight.stage === "exporting" ? "toMeasure" : "toVerify"),
        ),
      });
    },
    [ACTIVITY.verifyStaged]: (input: FlightInput) => {
      const { flight } = input;
      // The poll that found what arrived is the model's `look`; what was taken over is known by its ids.
      const call = flight.extents === undefined ? ("look" as const) : ("verify" as const);
      return done(flown(work(input, { do: call, flight })));
    },
    [ACTIVITY.adoptStaged]: (input: FlightInput) =>
      done(flown(work(input, { do: "adopt", flight: input.flight, there: false }))),
    [ACTIVITY.recordEntry]: ({ run, next, body }: RecordInput) => done(append(run, next, body)),
    [ACTIVITY.intendPromotion]: ({ run, next, iteration, staged }: PromotionInput) => {
      const before = open(iteration);
      const moves = staged === true ? stagedMovesOf(before, run) : movesOf(before);
      if (moves.length === 0) return done({ next, tables: [] });
      append(run, next, { kind: "promotionIntended", iteration, moves });
      return done({ next: next + 1, tables: moves.map((move) => move.table) });
    },
    [ACTIVITY.promoteTable]: (input: IterationInput): ActivityAnswer<PromotedTable> => {
      const { iteration } = input;
      const answer = work(input, { do: "promote", iteration, at: "staged", found: [], drop: [], tries: 1 });
      if (answer.is !== "promoted") throw new Error("A promotion answers what it moved.");
      return done(answer.promoted);
    },
    [ACTIVITY.cleanUp]: (input: IterationInput) => {
      work(input, { do: "clean", iteration: input.iteration, at: "list", names: [] });
      return done({ left: [] });
    },
    [ACTIVITY.abandonIteration]: ({ run, next, iteration, reason }: AbandonInput) => {
      const parked = open(iteration).tables.map((table) => ({ table: table.name, reason }));
      const nothing = { exported: [], staged: [], reset: [] };
      return done(append(run, next, { kind: "progress", iteration, ...nothing, parked }));
    },
    [ACTIVITY.readControl]: (): ActivityAnswer<ControlAnswer> =>
      done({ wanted: "run", by: "", resyncs: [], ...control() }),
    [ACTIVITY.readSlots]: () => done({ export: 4, ingestion: 4, query: 4 }),
    [ACTIVITY.holdUpdatePolicies]: ({ next }: RunRef) => done({ next, parked: [] }),
    [ACTIVITY.releaseUpdatePolicies]: ({ next }: RunRef) => done({ next }),
    [ACTIVITY.checkVisibility]: () => done({ parked: [] }),
    [ACTIVITY.cancelExports]: () => done({ refused: [] }),
    [ACTIVITY.createStatusView]: () => done({}),
    [ACTIVITY.refreshStatus]: () => done({}),
    [ACTIVITY.publishEvent]: () => done({}),
  };
  return { activities, journal, world: () => world };
}

/** An entry's name, without what depends on how many windows a round had news of. */
function entryName(body: EntryBody): string {
  if (body.kind === "progress") return body.parked.length > 0 ? `parked ${body.iteration}` : "progress";
  return "iteration" in body ? `${body.kind} ${body.iteration}` : body.kind;
}
