import {
  type Entry,
  type EntryBody,
  type EntryOf,
  entrySchema,
  type Lane,
  type StagedWindow,
  windowId,
} from "../../../model/checkpoint/entries.ts";
import { fold } from "../../../model/checkpoint/fold.ts";
import { emptyState, type State } from "../../../model/checkpoint/state.ts";
import { type Job, jobSchema } from "../../../model/job.ts";

export const sampleJob: Job = jobSchema.parse({
  name: "demo",
  source: { cluster: "https://source.example", database: "Samples" },
  destination: { cluster: "https://destination.example", database: "Samples" },
  lake: "https://account.blob.core.windows.net/copy/demo",
  tables: { include: [], exclude: [], snapshot: [] },
  rpoMs: 300_000,
  backfillHorizon: null,
  mode: "backfill-and-new",
  existingRows: "refuse",
  format: "auto",
  ingestion: "queued",
  slots: { export: { count: 2 }, ingestion: { count: 2 }, query: { count: 2 } },
  windowRows: 1000,
  maxAttempts: 3,
  pollMs: 100,
  ingestionTimeoutMs: 60_000,
});

/** The moment of an entry: one minute after the one before. */
export const moment = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();

export const opening = {
  kind: "runOpened",
  copyId: "0a1b2c3d",
  job: sampleJob,
  instance: "copy:1",
} satisfies EntryBody;

/** A state as text that doesn't depend on the order of properties. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.entries(each)
          .filter(([, of]) => of !== undefined)
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
      : each,
  );
}

export interface PlanParts {
  readonly tables?: Readonly<Record<string, number>>;
  readonly quiet?: readonly string[];
  readonly refused?: readonly { table: string; reason: string; from?: string }[];
  readonly refusedDays?: readonly { table: string; reason: string }[];
  readonly upTo?: string;
  readonly readAt?: string;
  readonly signature?: string;
  readonly resync?: boolean;
  readonly query?: string;
}

/** A plan with so many windows per table. */
export function planned(iteration: number, lane: Lane, parts: PlanParts): EntryBody {
  const upTo = parts.upTo ?? `cursor${iteration}`;
  return {
    kind: "iterationPlanned",
    iteration,
    lane,
    upTo,
    readAt: parts.readAt ?? moment(iteration),
    tables: Object.entries(parts.tables ?? {}).map(([name, windows]) => ({
      name,
      folder: "",
      docstring: "",
      columns: [{ name: "A", type: "long" as const }],
      ...(parts.query === undefined ? {} : { query: parts.query }),
      format: "csv" as const,
      upTo,
      ...(parts.signature === undefined ? {} : { signature: parts.signature }),
      ...(parts.resync === undefined ? {} : { resync: parts.resync }),
      windows: Array.from({ length: windows }, () => ({ kind: "time" as const, rows: 10 })),
    })),
    quiet: [...(parts.quiet ?? [])],
    refused: [...(parts.refused ?? [])],
    ...(parts.refusedDays === undefined ? {} : { refusedDays: [...parts.refusedDays] }),
  };
}

/** A forward plan of days of its tables, which stand at a cursor. */
export function plannedDays(
  iteration: number,
  cursor: string,
  days: readonly string[],
  parts: PlanParts,
): EntryBody {
  const plan = planned(iteration, "forward", parts);
  if (plan.kind !== "iterationPlanned") throw new Error("The sample is another.");
  const tables = plan.tables.map((table) => ({ ...table, days: [...days], undated: 0, upTo: cursor }));
  return { ...plan, tables };
}

const nothing = { exported: [], staged: [], reset: [], parked: [] };

export function exported(iteration: number, windows: readonly string[]): EntryBody {
  return {
    kind: "progress",
    iteration,
    ...nothing,
    exported: windows.map((window) => ({
      window,
      attempt: 1,
      folder: `staged/0/${window}`,
      files: ["part.csv.gz"],
      bytes: 100,
      content: { rows: 10, hash: "h" },
    })),
  };
}

export function stagedWindow(window: string): StagedWindow {
  return {
    window,
    attempt: 1,
    staging: "KC_Staging_0a1b2c3d_0_1_0",
    tag: `kc:${window}`,
    rows: 10,
    extents: [`extent of ${window}`],
  };
}

export function staged(iteration: number, windows: readonly string[]): EntryBody {
  return { kind: "progress", iteration, ...nothing, staged: windows.map(stagedWindow) };
}

export function parked(iteration: number, table: string, reason = "It can't be copied."): EntryBody {
  return { kind: "progress", iteration, ...nothing, parked: [{ table, reason }] };
}

export function reset(iteration: number, window: string, attempt: number): EntryBody {
  return { kind: "progress", iteration, ...nothing, reset: [{ window, attempt, reason: "It differed." }] };
}

/** Steps that were tried again, of a table or of the run itself. */
export function retried(iteration: number, retries: NonNullable<EntryOf<"progress">["retries"]>): EntryBody {
  return { kind: "progress", iteration, ...nothing, retries };
}

export function intended(iteration: number, table: string, windows: readonly string[]): EntryBody {
  return {
    kind: "promotionIntended",
    iteration,
    moves: [
      {
        table,
        staging: "KC_Staging_0a1b2c3d_0_1_0",
        windows: windows.map((window) => {
          const { tag, rows, extents } = stagedWindow(window);
          return { window, tag, rows, extents };
        }),
        replace: false,
      },
    ],
  };
}

export function promoted(
  iteration: number,
  windows: readonly string[],
  stopped: { table: string; reason: string }[] = [],
  withdrawn: { table: string; reason: string }[] = [],
): EntryBody {
  return { kind: "promoted", iteration, windows: [...windows], stopped, withdrawn };
}

export const committed = (iteration: number): EntryBody => ({ kind: "iterationCommitted", iteration });

/** All of a table's way from its plan to its promotion, for an iteration in which it has place `table`. */
export function copied(iteration: number, name: string, table = 0, windows = 1): EntryBody[] {
  const ids = Array.from({ length: windows }, (_, w) => windowId(iteration, table, w));
  return [
    exported(iteration, ids),
    staged(iteration, ids),
    intended(iteration, name, ids),
    promoted(iteration, ids),
  ];
}

export function entryAt(number: number, run: number, body: EntryBody): Entry {
  return entrySchema.parse({ ...body, number, run, step: `step ${number}`, at: moment(number) });
}

/** Entries of one run after another: each opening begins a run. */
export function logOf(bodies: readonly EntryBody[]): Entry[] {
  let run = 0;
  return bodies.map((body, number) => {
    if (body.kind === "runOpened") run = number;
    return entryAt(number, run, body);
  });
}

export function stateOf(bodies: readonly EntryBody[]): State {
  return logOf(bodies).reduce(fold, emptyState);
}

/** What a commit notes of the source's table, as the sample plans have it. */
export const SHAPE = { columns: [{ name: "A", type: "long" }], folder: "", docstring: "" };

/** The plan of a history of one window. */
export const plan = planned(1, "backfill", { tables: { T: 1 } });

/** A log of two tables: of T the history is in, and U had none. */
export const history = [
  opening,
  planned(1, "backfill", { tables: { T: 1 }, quiet: ["U"] }),
  ...copied(1, "T"),
  committed(1),
];

/** A log whose one table has its history in. */
export const settled: EntryBody[] = [opening, plan, ...copied(1, "T"), committed(1)];

/** A plan that brings 2024-05-01 of table T once more, up to its cursor. */
export function daysPlanned(iteration: number, lane: Lane, cursor: string): EntryBody {
  const plan = planned(iteration, lane, { tables: { T: 1 } });
  if (plan.kind !== "iterationPlanned") throw new Error("The sample plans nothing.");
  const days = { days: ["2024-05-01"], undated: 0, upTo: cursor };
  return { ...plan, tables: plan.tables.map((table) => ({ ...table, ...days })) };
}
