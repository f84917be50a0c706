import { z } from "zod";
import { joinedDays } from "../../model/checkpoint/resync.ts";
import type { OpenIteration, State, TableState } from "../../model/checkpoint/state.ts";
import { windowsOf } from "../../model/checkpoint/windows.ts";
import { type Control, type ResyncRequest, waitingResyncs } from "../../model/control.ts";
import { lagSeconds } from "../../model/lag.ts";
import { noRetries, retriesSchema, sumOfRetries } from "../../model/retries.ts";
import { warningsOf } from "../../model/warnings.ts";
import type { Target } from "../jobs/targets.ts";
import type { AtWork } from "../runtime/atWork.ts";

const count = z.number().int().nonnegative();

export const statusTableSchema = z.object({
  name: z.string(),
  state: z
    .enum(["upToDate", "copying", "history", "behind", "failed", "stopped"])
    .describe(
      "`upToDate`: at the latest point in time. `copying`: in an open iteration. `history`: its history isn't copied yet. `behind`: at an earlier point in time. `failed`: not copied, for the reason given. `stopped`: not copied until it is resynchronised.",
    ),
  windows: z
    .object({ total: count, exported: count, staged: count, promoted: count })
    .nullable()
    .describe("Of the open iterations; null where it is in none."),
  rows: count.describe("Verified in the open iterations, or else copied in the table's last iteration."),
  retries: retriesSchema.describe("What was tried again, of the same iterations as the rows."),
  resync: z.boolean().describe("Whether it is to be copied whole once more, or is at the moment."),
  days: z.array(z.string()).describe("Days of it that are to be copied once more, or are at the moment."),
  warning: z.string().nullable().describe("Why days of it could not be copied once more."),
  error: z.string().nullable(),
});

export const statusReportSchema = z.object({
  job: z.string(),
  lake: z.string(),
  source: z.string().nullable(),
  destination: z.string().nullable(),
  state: z
    .enum(["none", "idle", "running", "interrupted", "paused", "cancelled", "failed"])
    .describe(
      "`none`: nothing was copied here yet. `interrupted`: an iteration is open, and no run is at work on it.",
    ),
  at: z.iso.datetime(),
  run: z
    .object({
      id: count,
      instance: z.string(),
      openedAt: z.string(),
      lastSeenSecondsAgo: z.number().nullable().describe("Of a run that is at work."),
    })
    .nullable(),
  asked: z
    .object({ wanted: z.enum(["run", "pause", "cancel"]), by: z.string(), at: z.string() })
    .nullable()
    .describe("What was asked of the copy last."),
  resyncsWaiting: count,
  lagSeconds: z.number().nonnegative().nullable(),
  rpoSeconds: z.number().positive().nullable(),
  open: z.array(
    z.object({
      iteration: count,
      lane: z.enum(["forward", "backfill"]),
      windows: count,
      staged: count,
      retries: retriesSchema.describe("What was tried again: of its tables, and steps of the run itself."),
    }),
  ),
  last: z
    .object({
      iteration: count,
      lane: z.enum(["forward", "backfill"]),
      committedAt: z.string(),
      tables: count,
      rows: count,
    })
    .nullable(),
  error: z.string().nullable(),
  warnings: z
    .array(z.string())
    .describe("What stops no copy and should be known, but for what is told with its table."),
  tables: z.array(statusTableSchema),
});

export type StatusReport = z.infer<typeof statusReportSchema>;
export type StatusTable = z.infer<typeof statusTableSchema>;

/** How a copy stands, by its log, what is asked of it, and the last sign of a run. */
export function statusReport(
  { name, lake, state, job }: Target,
  control: Control,
  atWork: AtWork | undefined,
  now: Date,
): StatusReport {
  const open = [state.open.forward, state.open.backfill].filter((each) => each !== undefined);
  const waiting = waitingResyncs(control.resyncs, state);
  const last = state.finished.at(-1);
  const place = (end: { cluster: string; database: string }) => `${end.cluster}/${end.database}`;
  return {
    job: name,
    lake: lake.url,
    source: job === null ? null : place(job.source),
    destination: job === null ? null : place(job.destination),
    state: stateOf(state, control, atWork),
    at: now.toISOString(),
    run:
      state.run === undefined
        ? null
        : {
            id: state.run.id,
            instance: state.run.instance,
            openedAt: state.run.openedAt,
            lastSeenSecondsAgo: atWork?.secondsAgo ?? null,
          },
    asked: control.asked === undefined ? null : { wanted: control.wanted, ...control.asked },
    resyncsWaiting: waiting.length,
    lagSeconds: lagSeconds(state, now),
    rpoSeconds: job === null ? null : job.rpoMs / 1000,
    open: open.map((each) => {
      const windows = Object.values(each.windows);
      const staged = windows.filter(({ stage }) => stage === "staged" || stage === "promoted").length;
      const retries = sumOfRetries([...Object.values(each.retries ?? {}), each.waits]);
      return { iteration: each.iteration, lane: each.lane, windows: windows.length, staged, retries };
    }),
    last:
      last === undefined
        ? null
        : {
            iteration: last.iteration,
            lane: last.lane,
            committedAt: last.committedAt,
            tables: last.tables.length,
            rows: last.tables.reduce((sum, table) => sum + table.rows, 0),
          },
    error: state.failed ?? null,
    warnings: warningsOf({
      ...state,
      warnings: state.warnings.filter(({ about }) => about !== "days"),
    }).map(({ reason }) => reason),
    tables: tablesOf(state, open, waiting),
  };
}

function stateOf(state: State, control: Control, atWork: AtWork | undefined): StatusReport["state"] {
  if (atWork !== undefined) return "running";
  if (control.wanted !== "run") return control.wanted === "pause" ? "paused" : "cancelled";
  if (state.failed !== undefined) return "failed";
  if (state.open.forward !== undefined || state.open.backfill !== undefined) return "interrupted";
  return state.run === undefined ? "none" : "idle";
}

function tablesOf(
  state: State,
  open: readonly OpenIteration[],
  waiting: readonly ResyncRequest[],
): StatusTable[] {
  const names = new Set([
    ...Object.keys(state.tables),
    ...open.flatMap((each) => [
      ...each.tables.map(({ name }) => name),
      ...each.refused.map(({ table }) => table),
    ]),
  ]);
  const latest = latestPoint(state);
  return [...names].toSorted().map((name) => {
    const asked = waiting.filter(({ tables }) => tables.includes(name));
    return tableOf(name, state, open, asked, latest);
  });
}

function tableOf(
  name: string,
  state: State,
  open: readonly OpenIteration[],
  asked: readonly ResyncRequest[],
  latest: string | undefined,
): StatusTable {
  const known = state.tables[name];
  const windows = open.flatMap((each) => {
    const at = each.tables.findIndex((table) => table.name === name);
    return at < 0 ? [] : windowsOf(each, at);
  });
  const parked = open.map(
    (each) => each.parked[name] ?? each.refused.find(({ table }) => table === name)?.reason,
  );
  const planned = open.flatMap((each) => each.tables.filter((table) => table.name === name));
  const lastDone = state.finished.findLast(({ tables }) => tables.some((table) => table.name === name));
  const done = lastDone?.tables.find((table) => table.name === name);
  const error = known?.stopped ?? parked.find((each) => each !== undefined) ?? known?.error ?? null;
  const reached = (...stages: string[]) => windows.filter(({ stage }) => stages.includes(stage)).length;
  return {
    name,
    state: tableState(known, error, windows.length > 0, latest),
    windows:
      windows.length === 0
        ? null
        : {
            total: windows.length,
            exported: reached("exported", "staged", "promoted"),
            staged: reached("staged", "promoted"),
            promoted: reached("promoted"),
          },
    rows: windows.length === 0 ? (done?.rows ?? 0) : windows.reduce((sum, { rows }) => sum + (rows ?? 0), 0),
    retries:
      windows.length === 0
        ? (done?.retries ?? noRetries)
        : sumOfRetries(open.map(({ retries }) => retries?.[name])),
    resync:
      known?.resync === true ||
      planned.some((table) => table.resync === true) ||
      asked.some(({ days }) => days === undefined),
    days: joinedDays(known?.days?.asked, [
      ...planned.flatMap((table) => table.days ?? []),
      ...asked.flatMap(({ days }) => days ?? []),
    ]),
    warning: state.warnings.find(({ about, table }) => about === "days" && table === name)?.reason ?? null,
    error,
  };
}

function tableState(
  known: TableState | undefined,
  error: string | null,
  open: boolean,
  latest: string | undefined,
): StatusTable["state"] {
  if (known?.stopped !== undefined) return "stopped";
  if (error !== null) return "failed";
  if (open) return "copying";
  if (known === undefined || known.backfill === "pending") return "history";
  return latest === undefined || known.cursor === latest ? "upToDate" : "behind";
}

/**
 * The cursor of the latest point in time that any table stands at. The last one that all stand at may be an earlier one: an
 * iteration of days, of what was owed, or one that was given up, moves only the tables of which nothing was left out.
 */
function latestPoint({ tables, finished, lastForward }: State): string | undefined {
  const cursors = new Set(Object.values(tables).map(({ cursor }) => cursor));
  const last = finished.findLast(({ lane, upTo }) => lane === "forward" && cursors.has(upTo));
  return last?.upTo ?? lastForward?.upTo;
}
