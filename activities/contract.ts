import type {
  EntryBody,
  ExportedWindow,
  Lane,
  Left,
  Parked,
  StagedWindow,
} from "../model/checkpoint/entries.ts";
import type { ResyncRequest } from "../model/control.ts";
import type { Job } from "../model/job.ts";
import type { CheckFamily } from "../model/reports/checkup.ts";
import type { Flight, FlightFailure, SlotCounts } from "../model/schedule.ts";

/*
 * What orchestrators and activities say to each other. Each message is small: windows, files and extents are in the
 * checkpoint log, and messages refer to them. None holds a secret.
 */

/** A run as its orchestration knows it: `next` is the number of the next log entry it will write. */
export interface RunRef {
  readonly job: Job;
  readonly run: number;
  readonly next: number;
}

/** A failure that is an answer: the orchestration decides what follows. */
export interface Failure {
  readonly reason: string;
  readonly retryable: boolean;
}

/**
 * What an activity answers. `stale`: another run took over the lake folder, so the orchestration ends and destroys
 * nothing. Failures are answers and not exceptions, because Durable Functions would retry terminal ones as well.
 */
export type Answer<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "stale"; readonly reason: string }
  | ({ readonly kind: "failed" } & Failure);

export interface OpenIterationSummary {
  readonly iteration: number;
  readonly lane: Lane;
  readonly windows: number;
  readonly tables: number;
}

export interface OpenRunInput {
  readonly job: Job;
  readonly instance: string;
  /** The same at each delivery of this activity, another for each execution of the orchestration. */
  readonly step: string;
  /** When the orchestration started, ISO. */
  readonly startedAt: string;
}

export interface OpenedRun {
  readonly run: number;
  readonly next: number;
  readonly slots: SlotCounts;
  /** Iterations that an earlier run left open, and the tables whose promotion it had begun. */
  readonly open: readonly (OpenIterationSummary & { readonly intended: readonly string[] })[];
  /** Committed iterations whose staging tables and files may still be there, and whose events may not have been published. */
  readonly toClean: readonly number[];
  /** Whether this log has committed or planned anything before: a first run plans history only. */
  readonly known: boolean;
  /** When the cursor that new data is counted from was read, and how long the last forward iteration took. */
  readonly lastReadAt: string | null;
  readonly lastDurationMs: number;
  /** Whether update policies of the destination are off that an earlier run has switched off. */
  readonly policiesOff: boolean;
  /** Whether tables or days are still to be resynchronised that may have to wait for an iteration to end. */
  readonly resyncs?: boolean;
}

export interface PlanInput extends RunRef {
  readonly lane: Lane;
}

export interface Planned {
  readonly next: number;
  /** Null where the lane has nothing to do. */
  readonly iteration: OpenIterationSummary | null;
  readonly readAt: string | null;
}

export interface IterationInput extends RunRef {
  readonly iteration: number;
}

export interface HoldInput extends IterationInput {
  /** Before rows are ingested into staging tables, or before they are moved. */
  readonly moment: "staging" | "promotion";
}

export interface HeldPolicies {
  readonly next: number;
  /** Tables that would run an update policy, and must not go on. */
  readonly parked: readonly Parked[];
}

export interface ReleaseInput extends RunRef {
  /** The run ends, and leaves its open iterations to the next. */
  readonly ending?: boolean;
  /** Given by a run that failed: run and log are taken as they stand, if they are this instance's. */
  readonly instance?: string;
}

export interface TakeWindowsInput extends IterationInput {
  /** Place in the plan's order to go on from. */
  readonly position: number;
  readonly count: number;
}

export interface TakenWindows {
  readonly flights: readonly Flight[];
  readonly position: number;
  readonly end: boolean;
}

export interface FlightInput extends RunRef {
  readonly flight: Flight;
}

/** What became of a flight in one round. */
export type FlightOutcome =
  | {
      readonly kind: "advanced";
      readonly flight: Flight;
      readonly exported?: ExportedWindow;
      readonly staged?: StagedWindow;
    }
  | {
      readonly kind: "failed";
      readonly flight: Flight;
      readonly failure: FlightFailure;
      readonly reason: string;
    };

export interface PollInput extends RunRef {
  readonly flights: readonly Flight[];
}

export interface CleanedUp {
  /** What could not be removed. */
  readonly left: readonly Left[];
}

export interface RecordInput extends RunRef {
  readonly body: EntryBody;
}

export interface Recorded {
  readonly next: number;
  /** Of a commit: when the cursor that new data is counted from was read, as the log stands after it. */
  readonly countedFrom?: string | null;
}

/** What is asked of a run: `stop` by the process it runs in, the others by people, through the lake. */
export interface ControlAnswer {
  readonly wanted: "run" | "pause" | "cancel" | "stop";
  /** Who asked, and when; empty where nobody did. */
  readonly by: string;
  readonly resyncs: readonly ResyncRequest[];
}

export interface ResyncInput extends RunRef {
  readonly request: ResyncRequest;
}

export interface AbandonInput extends IterationInput {
  readonly reason: string;
}

export interface PromotionInput extends IterationInput {
  /** Only what is staged by now is promoted; without it the whole iteration, which must be staged. */
  readonly staged?: boolean;
}

export interface FailureInput {
  readonly job: Job;
  readonly instance: string;
  readonly reason: string;
  /** When the run began, ISO, where it failed before it came to copy. */
  readonly openingSince?: string;
}

export interface PrepareOutcome {
  /** Tables that can't be copied as they are at the destination. */
  readonly parked: readonly Parked[];
}

export interface PromoteInput extends IterationInput {
  /** A table that the iteration's intent names. */
  readonly table: string;
  /** A replacement that the cluster refuses is taken back now, and not tried again. */
  readonly last?: boolean;
}

export interface IntendedPromotion {
  readonly next: number;
  readonly tables: readonly string[];
}

export interface PollAnswer {
  /** Flights whose state changed; the others go on as they are. */
  readonly outcomes: readonly FlightOutcome[];
  /** What could not be asked for now, and why: of the flights of that stage nothing is known. Absent where all was answered. */
  readonly refused?: readonly RefusedPoll[];
}

/** Exports are asked of the source, ingestions of the destination. */
export type PolledStage = "exporting" | "ingesting";

export interface RefusedPoll {
  readonly stage: PolledStage;
  readonly reason: string;
}

export interface PromotedTable {
  readonly windows: readonly string[];
  /** Tables whose move could not be shown to be whole. */
  readonly stopped: readonly Parked[];
  /** Tables whose promotion is taken back: nothing of it is shown, and nothing of it can come any more. */
  readonly withdrawn: readonly Parked[];
}

/** What is asked about a job as a whole, without a run. */
export interface JobInput {
  readonly job: Job;
}

export interface ListVerifiedInput extends JobInput {
  /** The last name of the page before; null for the first. */
  readonly after: string | null;
  readonly count: number;
}

/** Names of tables to compare, and how many comparisons may run side by side. */
export interface VerifiedPage {
  readonly tables: readonly string[];
  readonly end: boolean;
  readonly slots: number;
  /** Tables that were left before this page. */
  readonly left: number;
}

export interface VerifyTableInput extends JobInput {
  readonly table: string;
}

export interface CheckFamilyInput extends JobInput {
  readonly family: CheckFamily;
}

/** Names under which the activities are registered, and shown in the portal. */
export const ACTIVITY = {
  openRun: "openRun",
  readSlots: "readSlots",
  planIteration: "planIteration",
  prepareDestination: "prepareDestination",
  createStatusView: "createStatusView",
  mirrorSchema: "mirrorSchema",
  holdUpdatePolicies: "holdUpdatePolicies",
  releaseUpdatePolicies: "releaseUpdatePolicies",
  takeWindows: "takeWindows",
  startExport: "startExport",
  measureExport: "measureExport",
  startIngestion: "startIngestion",
  pollOperations: "pollOperations",
  verifyStaged: "verifyStaged",
  adoptStaged: "adoptStaged",
  recordEntry: "recordEntry",
  recordFailure: "recordFailure",
  readControl: "readControl",
  acceptResync: "acceptResync",
  cancelExports: "cancelExports",
  abandonIteration: "abandonIteration",
  checkVisibility: "checkVisibility",
  intendPromotion: "intendPromotion",
  promoteTable: "promoteTable",
  cleanUp: "cleanUp",
  refreshStatus: "refreshStatus",
  publishEvent: "publishEvent",
  describePlan: "describePlan",
  listVerified: "listVerified",
  verifyTable: "verifyTable",
  checkFamily: "checkFamily",
} as const;
