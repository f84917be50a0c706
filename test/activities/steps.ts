import { vi } from "vitest";
import type { Answer, FlightOutcome, Recorded, RunRef } from "../../activities/contract.ts";
import { prepareDestination } from "../../activities/destination/prepareDestination.ts";
import { configuredJob } from "../../activities/environment.ts";
import { lakeOf } from "../../activities/lakes.ts";
import { planIteration } from "../../activities/plan/planIteration.ts";
import { cleanUp } from "../../activities/promotion/cleanUp.ts";
import { intendPromotion } from "../../activities/promotion/intendPromotion.ts";
import { promoteTable } from "../../activities/promotion/promoteTable.ts";
import { openRun } from "../../activities/run/openRun.ts";
import { recordEntry } from "../../activities/run/recordEntry.ts";
import { measureExport } from "../../activities/window/measureExport.ts";
import { pollOperations } from "../../activities/window/pollOperations.ts";
import { startExport } from "../../activities/window/startExport.ts";
import { startIngestion } from "../../activities/window/startIngestion.ts";
import { takeWindows } from "../../activities/window/takeWindows.ts";
import { verifyStaged } from "../../activities/window/verifyStaged.ts";
import { readState } from "../../lake/log.ts";
import { type EntryBody, type Lane, type Left, windowPlace } from "../../model/checkpoint/entries.ts";
import type { Job } from "../../model/job.ts";
import { attemptTag, stagingTable } from "../../model/naming.ts";
import type { Flight } from "../../model/schedule.ts";
import { createIdTable, loadIds, until } from "../copy/drive.ts";
import { type CopyStack, cursorsGiven, startCopyStack } from "../copy/support.ts";

/*
 * A copy by its activities, one step at a time and without a host, so that a test can do its worst between any two of them.
 */

/** A step that should have come through and didn't: not what a test expects of it. */
export class StepFailed extends Error {
  constructor(answered: object) {
    super(JSON.stringify(answered));
    this.name = "StepFailed";
  }
}

export function done<T>(answered: Answer<T>): T {
  if (answered.kind === "done") return answered.value;
  throw new StepFailed(answered);
}

export function advanced(outcome: FlightOutcome): Extract<FlightOutcome, { kind: "advanced" }> {
  if (outcome.kind === "advanced") return outcome;
  throw new StepFailed(outcome);
}

/** Clusters and a lake without the app, whose activities run here. */
export async function startForSteps(databases: readonly string[]): Promise<CopyStack> {
  const copies = await startCopyStack({
    host: false,
    without: ["arm", "events"],
    sourceDatabases: databases,
    destinationDatabases: databases,
  });
  for (const [name, value] of Object.entries({ ...copies.stack.settings, KUSTO_COPY_INGESTION: "direct" }))
    vi.stubEnv(name, value);
  return copies;
}

/** A table `Events` of some ids in a source database, and the job that copies it. */
export async function eventsOf(
  copies: CopyStack,
  database: string,
  ids: readonly [number, number],
): Promise<Job> {
  await createIdTable(copies.source, database, "Events");
  await loadIds(copies.stack.urls.sourceKusto, database, "Events", ids);
  await cursorsGiven();
  return configuredJob(new Date(), {
    source: { database },
    destination: { database },
    lake: `${copies.stack.urls.lake}/copy/${database}`,
  });
}

const nothing = { exported: [], staged: [], reset: [], parked: [] };

export interface RunInSteps {
  /** What the run's next activity is told. */
  readonly ref: () => RunRef;
  readonly record: (body: EntryBody) => Promise<Recorded>;
  /** Plans an iteration and prepares the destination; answers its number and the windows to copy. */
  readonly plan: (lane: Lane) => Promise<{ iteration: number; flights: readonly Flight[] }>;
  /** Takes up an iteration that another run left open. */
  readonly takeUp: (iteration: number) => Promise<readonly Flight[]>;
  /** Where a flight's rows are staged, and under which tag. */
  readonly staging: (flight: Flight) => Promise<{ table: string; tag: string }>;
  readonly startExport: (flight: Flight) => Promise<Flight>;
  /** Waits for the export and logs it. */
  readonly finishExport: (flight: Flight) => Promise<Flight>;
  readonly ingest: (flight: Flight) => Promise<Flight>;
  /** Looks until something has become of a flight. */
  readonly poll: (flight: Flight) => Promise<FlightOutcome>;
  /** Verifies what arrived and logs it as staged. */
  readonly verify: (flight: Flight) => Promise<void>;
  /** All of these from a window's plan on. */
  readonly stage: (flight: Flight) => Promise<void>;
  readonly intend: (iteration: number) => Promise<void>;
  /** Moves what is intended of `Events`. */
  readonly promote: (iteration: number) => Promise<Awaited<ReturnType<typeof promoteTable>>>;
  readonly commit: (iteration: number) => Promise<Recorded>;
  /** Cleans up after a commit; answers what is left. */
  readonly clean: (iteration: number) => Promise<readonly Left[]>;
  /** A whole iteration. */
  readonly copy: (lane: Lane) => Promise<void>;
}

/** Opens a run of a job. */
export async function openInSteps(job: Job, instance: string): Promise<RunInSteps> {
  const startedAt = new Date().toISOString();
  const opened = done(await openRun({ job, instance, step: `open ${instance}`, startedAt }));
  let next = opened.next;
  const ref = (): RunRef => ({ job, run: opened.run, next });
  const record = async (body: EntryBody): Promise<Recorded> => {
    const recorded = done(await recordEntry({ ...ref(), body }));
    next = recorded.next;
    return recorded;
  };
  const poll = async (flight: Flight): Promise<FlightOutcome> => {
    let found: FlightOutcome | undefined;
    await until(`nothing became of ${flight.window}`, async () => {
      [found] = done(await pollOperations({ ...ref(), flights: [flight] })).outcomes;
      return found !== undefined;
    });
    if (!found) throw new Error("It was waited for.");
    return found;
  };
  const steps: RunInSteps = {
    ref,
    record,
    poll,
    plan: async (lane) => {
      const planned = done(await planIteration({ ...ref(), lane }));
      if (!planned.iteration) throw new StepFailed(planned);
      next = planned.next;
      const { iteration } = planned.iteration;
      return { iteration, flights: await steps.takeUp(iteration) };
    },
    takeUp: async (iteration) => {
      const { parked } = done(await prepareDestination({ ...ref(), iteration }));
      if (parked.length > 0) throw new StepFailed(parked);
      return done(await takeWindows({ ...ref(), iteration, position: 0, count: 100 })).flights;
    },
    staging: async ({ window, attempt, iteration }) => {
      const { copyId = "" } = await readState(lakeOf(job.lake));
      return {
        table: stagingTable(copyId, opened.run, iteration, windowPlace(window).table),
        tag: attemptTag(copyId, opened.run, window, attempt),
      };
    },
    startExport: async (flight) => advanced(done(await startExport({ ...ref(), flight }))).flight,
    finishExport: async (flight) => {
      const polled = advanced(await poll(flight)).flight;
      const outcome = advanced(done(await measureExport({ ...ref(), flight: polled })));
      const exported = outcome.exported ? [outcome.exported] : [];
      await record({ kind: "progress", iteration: flight.iteration, ...nothing, exported });
      return outcome.flight;
    },
    ingest: async (flight) => advanced(done(await startIngestion({ ...ref(), flight }))).flight,
    verify: async (flight) => {
      const outcome = advanced(done(await verifyStaged({ ...ref(), flight })));
      const staged = outcome.staged ? [outcome.staged] : [];
      await record({ kind: "progress", iteration: flight.iteration, ...nothing, staged });
    },
    stage: async (planned) => {
      const flight = await steps.finishExport(await steps.startExport(planned));
      const begun = advanced(done(await startIngestion({ ...ref(), flight })));
      if (begun.staged) {
        // A window without rows is staged at once.
        const staged = [begun.staged];
        await record({ kind: "progress", iteration: flight.iteration, ...nothing, staged });
      } else await steps.verify(advanced(await poll(begun.flight)).flight);
    },
    intend: async (iteration) => {
      next = done(await intendPromotion({ ...ref(), iteration })).next;
    },
    promote: (iteration) => promoteTable({ ...ref(), iteration, table: "Events" }),
    commit: async (iteration) => record({ kind: "iterationCommitted", iteration }),
    clean: async (iteration) => {
      const left = [...done(await cleanUp({ ...ref(), iteration })).left];
      await record({ kind: "cleaned", iteration, ...(left.length === 0 ? {} : { left }) });
      return left;
    },
    copy: async (lane) => {
      const { iteration, flights } = await steps.plan(lane);
      for (const flight of flights) await steps.stage(flight);
      await steps.intend(iteration);
      const { windows, stopped, withdrawn } = done(await steps.promote(iteration));
      await record({
        kind: "promoted",
        iteration,
        windows: [...windows],
        stopped: [...stopped],
        withdrawn: [...withdrawn],
      });
      await steps.commit(iteration);
    },
  };
  return steps;
}
