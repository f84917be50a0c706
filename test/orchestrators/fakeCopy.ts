import type { ActivityHandler } from "durable-functions";
import {
  type AbandonInput,
  ACTIVITY,
  type Answer,
  type ControlAnswer,
  type FlightInput,
  type FlightOutcome,
  type OpenedRun,
  type OpenIterationSummary,
  type PlanInput,
  type Planned,
  type PollInput,
  type PromoteInput,
  type PromotionInput,
  type RecordInput,
  type RefusedPoll,
  type ResyncInput,
  type RunRef,
  type TakeWindowsInput,
} from "../../activities/contract.ts";
import type { EntryBody } from "../../model/checkpoint/entries.ts";
import { type Job, jobSchema } from "../../model/job.ts";
import type { Flight, FlightFailure, SlotCounts } from "../../model/schedule.ts";

export const job: Job = jobSchema.parse({
  name: "tried",
  source: { cluster: "https://a.kusto.windows.net", database: "A" },
  destination: { cluster: "https://b.kusto.windows.net", database: "B" },
  lake: "https://a.blob.core.windows.net/c/f",
  tables: { include: [], exclude: [], snapshot: [] },
  rpoMs: 3_600_000,
  backfillHorizon: null,
  mode: "backfill-and-new",
  existingRows: "refuse",
  format: "auto",
  ingestion: "queued",
  slots: { export: { count: 4 }, ingestion: { count: 4 }, query: { count: 2 } },
  windowRows: 100,
  maxAttempts: 3,
  pollMs: 100,
  ingestionTimeoutMs: 60_000,
});

export interface FakeOptions {
  readonly tables: number;
  readonly windows: number;
  /** What a step of a flight answers instead of going on; asked at each step. */
  readonly trouble?: (flight: Flight) => FlightFailure | undefined;
  /** What an activity of the whole run answers instead; asked at each call. */
  readonly refuse?: (name: string, calls: number) => Answer<object> | undefined;
  /** Which stages a poll is refused to tell of, and why; asked at each poll. */
  readonly unseen?: (polls: number) => readonly RefusedPoll[];
  /** Whether a poll finds a flight running still. */
  readonly running?: (flight: Flight) => boolean;
  /** Hears of the flights of each poll. */
  readonly polled?: (flights: readonly Flight[]) => void;
  /** Slots that are the run's own when it asks again, by how many windows are staged. */
  readonly slots?: (staged: number) => SlotCounts;
  /** When the cursor that new data is counted from was read, as the commit of an iteration answers. */
  readonly countedFrom?: (iteration: number) => string;
  /** What is asked of the run at each look, by how many windows are staged and how often it has looked. */
  readonly asked?: (staged: number, looks: number) => Partial<ControlAnswer>;
}

/** Activities that copy nothing but keep the rules: they fail where the orchestration breaks one. */
export function fakeCopy(options: FakeOptions) {
  const journal: string[] = [];
  const bodies: EntryBody[] = [];
  const calls = new Map<string, number>();
  const staged = new Map<string, number>();
  const parked = new Set<string>();
  const promoted = new Set<string>();
  const intended = new Map<string, string[]>();
  let looks = 0;
  let next = 1;
  let lanesPlanned = 0;

  const done = <T>(value: T): Answer<T> => ({ kind: "done", value });
  const write = (input: RunRef, what: string): number => {
    if (input.next !== next) throw new Error(`${what} is entry ${input.next} where ${next} is due.`);
    journal.push(what);
    next += 1;
    return next;
  };
  const summaryOf = (input: PlanInput): OpenIterationSummary => ({
    iteration: ++lanesPlanned,
    lane: input.lane,
    windows: options.tables * options.windows,
    tables: options.tables,
  });
  const order = (iteration: number) =>
    Array.from({ length: options.tables }, (_, t) =>
      Array.from({ length: options.windows }, (_, w) => ({ table: `T${t}`, id: `${iteration}.${t}.${w}` })),
    ).flat();
  const isOut = ({ iteration, table }: Flight) => parked.has(`${iteration} ${table}`);
  const onFlight =
    (stage: (flight: Flight) => FlightOutcome) =>
    ({ flight }: FlightInput): Answer<FlightOutcome> => {
      if (isOut(flight)) throw new Error(`${flight.window} is ${flight.stage} though its table is out.`);
      const failure = options.trouble?.(flight);
      if (failure !== undefined)
        return done({ kind: "failed", flight, failure, reason: `${flight.stage} failed` });
      return done(stage(flight));
    };
  const advanced = (flight: Flight, stage: Flight["stage"]): FlightOutcome => ({
    kind: "advanced",
    flight: { ...flight, stage },
  });

  const handlers: Record<string, ActivityHandler> = {
    [ACTIVITY.openRun]: (): Answer<OpenedRun> =>
      done({
        run: 0,
        next,
        slots: { export: 4, ingestion: 4, query: 2 },
        open: [],
        toClean: [],
        known: true,
        lastReadAt: null,
        lastDurationMs: 0,
        policiesOff: false,
      }),
    [ACTIVITY.planIteration]: (input: PlanInput): Answer<Planned> => {
      const iteration = summaryOf(input);
      return done({
        next: write(input, `plan ${iteration.iteration}`),
        iteration,
        readAt: new Date().toISOString(),
      });
    },
    [ACTIVITY.holdUpdatePolicies]: () => done({ next, parked: [] }),
    [ACTIVITY.releaseUpdatePolicies]: () => done({ next }),
    [ACTIVITY.prepareDestination]: () => done({ parked: [] }),
    [ACTIVITY.takeWindows]: ({ iteration, position, count }: TakeWindowsInput) => {
      const lane = iteration === 1 ? "backfill" : "forward";
      const all = order(iteration);
      const taken = all
        .slice(position, position + count)
        .filter((each) => !parked.has(`${iteration} ${each.table}`));
      const flights = taken.map(({ table, id }): Flight => {
        return { window: id, table, iteration, lane, attempt: 1, stage: "toExport" };
      });
      return done({ flights, position: position + count, end: position + count >= all.length });
    },
    [ACTIVITY.startExport]: onFlight((flight) => advanced(flight, "exporting")),
    [ACTIVITY.measureExport]: onFlight((flight) => ({
      ...advanced(flight, "toIngest"),
      exported: {
        window: flight.window,
        attempt: flight.attempt,
        folder: "f",
        files: [],
        bytes: 1,
        content: { rows: 1, hash: "" },
      },
    })),
    [ACTIVITY.startIngestion]: onFlight((flight) => advanced(flight, "ingesting")),
    [ACTIVITY.verifyStaged]: onFlight((flight) => {
      staged.set(flight.window, (staged.get(flight.window) ?? 0) + 1);
      const { window, attempt } = flight;
      return {
        ...advanced(flight, "toVerify"),
        staged: { window, attempt, staging: "S", tag: "t", rows: 1, extents: [window] },
      };
    }),
    [ACTIVITY.pollOperations]: ({ flights }: PollInput) => {
      options.polled?.(flights);
      const stray = flights.find(isOut);
      if (stray) throw new Error(`${stray.window} is looked for though its table is out.`);
      const refused = (options.unseen?.(calls.get(ACTIVITY.pollOperations) ?? 0) ?? []).filter((each) =>
        flights.some((flight) => flight.stage === each.stage),
      );
      const outcomes = flights
        .filter((flight) => refused.every((each) => each.stage !== flight.stage))
        .filter((flight) => options.running?.(flight) !== true)
        .map((flight) => {
          const failure = options.trouble?.(flight);
          if (failure !== undefined)
            return { kind: "failed", flight, failure, reason: `${flight.stage} failed` };
          return advanced(flight, flight.stage === "exporting" ? "toMeasure" : "toVerify");
        });
      return done(refused.length === 0 ? { outcomes } : { outcomes, refused });
    },
    [ACTIVITY.recordEntry]: (input: RecordInput) => {
      const { body } = input;
      bodies.push(body);
      if (body.kind === "progress")
        for (const { table } of body.parked) parked.add(`${body.iteration} ${table}`);
      if (body.kind === "promoted")
        for (const { table } of [...body.stopped, ...body.withdrawn])
          parked.add(`${body.iteration} ${table}`);
      const of = "iteration" in body ? ` ${body.iteration}` : "";
      const recorded = { next: write(input, `${body.kind}${of}`) };
      return done(
        body.kind === "iterationCommitted" && options.countedFrom
          ? { ...recorded, countedFrom: options.countedFrom(body.iteration) }
          : recorded,
      );
    },
    [ACTIVITY.readControl]: (): Answer<ControlAnswer> =>
      done({ wanted: "run", by: "", resyncs: [], ...options.asked?.(staged.size, ++looks) }),
    [ACTIVITY.readSlots]: (): Answer<SlotCounts> =>
      done(options.slots?.(staged.size) ?? { export: 4, ingestion: 4, query: 2 }),
    [ACTIVITY.acceptResync]: (input: ResyncInput) =>
      done({ next: write(input, `resync ${input.request.id}`) }),
    [ACTIVITY.cancelExports]: ({ flights }: PollInput) => {
      for (const flight of flights) journal.push(`cancel ${flight.window}`);
      return done({ refused: [] });
    },
    [ACTIVITY.abandonIteration]: (input: AbandonInput) => {
      for (const { table } of order(input.iteration)) parked.add(`${input.iteration} ${table}`);
      return done({ next: write(input, `abandon ${input.iteration}`) });
    },
    [ACTIVITY.intendPromotion]: (input: PromotionInput) => {
      const waiting = order(input.iteration).filter(
        (each) => !parked.has(`${input.iteration} ${each.table}`) && !promoted.has(each.id),
      );
      const ready = input.staged === true ? waiting.filter((each) => staged.has(each.id)) : waiting;
      const missing = ready.find((each) => !staged.has(each.id));
      if (missing) throw new Error(`${missing.id} would be promoted and was never staged.`);
      if (ready.length === 0) return done({ next, tables: [] });
      const tables = [...new Set(ready.map((each) => each.table))];
      for (const table of tables)
        intended.set(
          table,
          ready.flatMap((each) => (each.table === table ? [each.id] : [])),
        );
      return done({ next: write(input, `intended ${input.iteration}`), tables });
    },
    [ACTIVITY.promoteTable]: ({ iteration, table }: PromoteInput) => {
      journal.push(`move ${iteration} ${table}`);
      const windows = intended.get(table) ?? [];
      for (const window of windows) {
        if (promoted.has(window)) throw new Error(`${window} is promoted a second time.`);
        promoted.add(window);
      }
      return done({ windows, stopped: [], withdrawn: [] });
    },
    recordFailure: () => {
      journal.push("failed");
      return done({});
    },
    checkVisibility: () => done({ parked: [] }),
    [ACTIVITY.createStatusView]: () => done({}),
    [ACTIVITY.cleanUp]: () => done({ left: [] }),
    [ACTIVITY.refreshStatus]: () => done({}),
    [ACTIVITY.publishEvent]: () => done({}),
  };
  const activities = Object.fromEntries(
    Object.entries(handlers).map(([name, handler]): [string, ActivityHandler] => [
      name,
      (input, context) => {
        const count = (calls.get(name) ?? 0) + 1;
        calls.set(name, count);
        return options.refuse?.(name, count) ?? handler(input, context);
      },
    ]),
  );
  return { activities, journal, bodies, calls, staged, parked, promoted };
}
