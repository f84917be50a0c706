import {
  ACTIVITY,
  type Answer,
  type FlightInput,
  type FlightOutcome,
  type OpenedRun,
  type TakenWindows,
  type TakeWindowsInput,
} from "../../../activities/contract.ts";
import type { Trial } from "../../../local/host/tryOrchestrators.ts";
import type { Job } from "../../../model/job.ts";
import { copyJob } from "../../../orchestrators/copyJob.ts";
import { type FakeOptions, fakeCopy, job } from "../fakeCopy.ts";

/** Runs of a job that are recorded: each way that a copy can take through its orchestrator. */
export const copies: Readonly<Record<string, () => Trial>> = {
  "copy-first": copying({ tables: 2, windows: 3, refuse: opens({ known: false }) }),
  "copy-following": copying({ tables: 2, windows: 1, refuse: opens({ lastReadAt: readAt(0) }) }),
  "copy-idle": copying({
    tables: 1,
    windows: 1,
    refuse: (name) =>
      name === ACTIVITY.planIteration
        ? { kind: "done", value: { next: 1, iteration: null, readAt: readAt(0) } }
        : undefined,
  }),
  "copy-parked": copying({
    tables: 2,
    windows: 1,
    trouble: ({ window, stage }) => (window === "1.1.0" && stage === "ingesting" ? "wrong" : undefined),
  }),
  "copy-retries": copying({
    tables: 1,
    windows: 2,
    trouble: ({ window, stage, attempt, tries = 0 }) => {
      if (window.endsWith(".0") && stage === "toExport" && tries < 2) return "refused";
      return window.endsWith(".1") && stage === "ingesting" && attempt === 1 ? "wrong" : undefined;
    },
    unseen: (polls) => (polls <= 2 ? [{ stage: "exporting", reason: "throttled" }] : []),
    refuse: (name, count) =>
      [ACTIVITY.planIteration, ACTIVITY.promoteTable, ACTIVITY.recordEntry].some((each) => each === name) &&
      count <= 2
        ? { kind: "failed", retryable: true, reason: "throttled" }
        : undefined,
  }),
  // Exports take long: rounds in which nothing happens fill a generation too.
  "copy-continued-as-new": copying(
    {
      tables: 1,
      windows: 5,
      refuse: (name, count) =>
        name === ACTIVITY.pollOperations && count > 1 && count < 50
          ? { kind: "done", value: { outcomes: [] } }
          : undefined,
    },
    { mode: "backfill" },
  ),
  "copy-paused": asked("pause"),
  "copy-cancelled": asked("cancel"),
  "copy-stopped": asked("stop", (name, count) =>
    // Exports that are still under way.
    name === ACTIVITY.pollOperations && count > 1 ? { kind: "done", value: { outcomes: [] } } : undefined,
  ),
  "copy-shown-by-window": copying(
    { tables: 2, windows: 5 },
    { visibility: "window", mode: "backfill", pollMs: 10 },
  ),
  "copy-resynchronised": copying({
    tables: 1,
    windows: 1,
    asked: (_, looks) => ({ resyncs: looks === 1 ? [{ id: "r1", tables: ["T0"] }] : [] }),
  }),
  "copy-update-policies": copying(
    {
      tables: 2,
      windows: 1,
      refuse: (name, count) =>
        name === ACTIVITY.holdUpdatePolicies && count === 4
          ? { kind: "failed", retryable: true, reason: "throttled" }
          : undefined,
    },
    { updatePolicies: "disable" },
  ),
  "copy-mirrored": copying({ tables: 1, windows: 1 }, { schema: "all" }),
  "copy-slots": copying(
    { tables: 1, windows: 4, slots: () => ({ export: 1, ingestion: 1, query: 1 }) },
    { pollMs: 1, mode: "backfill" },
  ),
  "copy-resumed": adopting(
    copying({
      tables: 2,
      windows: 1,
      refuse: opens({
        lastReadAt: readAt(0),
        open: [{ iteration: 9, lane: "forward", windows: 2, tables: 2, intended: ["T0"] }],
        toClean: [7],
        policiesOff: true,
      }),
    }),
  ),
  "copy-taken-over": copying({
    tables: 1,
    windows: 3,
    refuse: (name, count) =>
      name === ACTIVITY.verifyStaged && count > 1
        ? { kind: "stale", reason: "Another run took over." }
        : undefined,
  }),
  "copy-failed": copying({
    tables: 1,
    windows: 1,
    refuse: (name) =>
      name === ACTIVITY.promoteTable ? { kind: "failed", retryable: false, reason: "Denied." } : undefined,
  }),
  "copy-broken": copying({
    tables: 1,
    windows: 1,
    refuse: (name) => {
      if (name !== ACTIVITY.readControl) return undefined;
      const error = new Error("The worker ran out of memory.");
      // What is recorded holds nothing of the machine.
      error.stack = error.message;
      throw error;
    },
  }),
};

function copying(options: FakeOptions, settings: Partial<Job> = {}): () => Trial {
  return () => ({
    orchestrators: { copyJob },
    activities: {
      ...fakeCopy(options).activities,
      [ACTIVITY.mirrorSchema]: ({ next }: { next: number }) => ({ kind: "done", value: { next } }),
    },
    start: "copyJob",
    input: { job: { ...job, ...settings } },
  });
}

function asked(wanted: "pause" | "cancel" | "stop", refuse?: FakeOptions["refuse"]): () => Trial {
  return copying(
    {
      tables: 1,
      windows: 5,
      asked: (staged, looks) => ({ wanted: staged > 1 || looks > 9 ? wanted : "run", by: "me" }),
      ...(refuse === undefined ? {} : { refuse }),
    },
    { pollMs: 10 },
  );
}

/** What an earlier run had staged of the open iteration is adopted. */
function adopting(trial: () => Trial): () => Trial {
  return () => {
    const { activities, ...rest } = trial();
    const take = activities[ACTIVITY.takeWindows];
    if (!take) throw new Error("It takes no windows.");
    return {
      ...rest,
      activities: {
        ...activities,
        [ACTIVITY.takeWindows]: async (input: TakeWindowsInput, context) => {
          const taken: Answer<TakenWindows> = await take(input, context);
          if (taken.kind !== "done" || input.iteration !== 9) return taken;
          const flights = taken.value.flights.map((flight) => ({ ...flight, stage: "toAdopt" }));
          return { ...taken, value: { ...taken.value, flights } };
        },
        [ACTIVITY.adoptStaged]: ({ flight }: FlightInput): Answer<FlightOutcome> => ({
          kind: "done",
          value: { kind: "advanced", flight: { ...flight, stage: "toVerify", extents: [flight.window] } },
        }),
      },
    };
  };
}

function readAt(ms: number): string {
  return new Date(Date.UTC(2025, 11, 31) + ms).toISOString();
}

/** What opening the run answers, where it isn't what the fake says. */
function opens(opened: Partial<OpenedRun>): NonNullable<FakeOptions["refuse"]> {
  const slots = { export: 4, ingestion: 4, query: 2 };
  return (name) =>
    name === ACTIVITY.openRun
      ? {
          kind: "done",
          value: {
            run: 0,
            next: 1,
            slots,
            open: [],
            toClean: [],
            known: true,
            lastReadAt: null,
            lastDurationMs: 0,
            policiesOff: false,
            ...opened,
          },
        }
      : undefined;
}
