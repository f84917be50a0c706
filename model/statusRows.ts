import { windowId } from "./checkpoint/entries.ts";
import type { OpenIteration, State } from "./checkpoint/state.ts";
import { windowsOf } from "./checkpoint/windows.ts";
import { formatDuration } from "./durations.ts";
import { lagSeconds } from "./lag.ts";
import { noRetries, type Retries, sumOfRetries } from "./retries.ts";
import { STATUS_COLUMNS, type StatusColumn } from "./statusColumns.ts";
import { warningsOf } from "./warnings.ts";

export type StatusRow = Readonly<Record<StatusColumn, string | number | null>>;

/**
 * What `KC_Status` shows: the job, each open iteration with its windows in full, finished iterations folded to a row
 * per table.
 */
export function statusRows(state: State, now: Date): StatusRow[] {
  const open = [state.open.forward, state.open.backfill].filter((each) => each !== undefined);
  return [
    jobRow(state, now),
    ...warningsOf(state).map(({ table, reason }) =>
      row(state, now, { TableName: table, State: "warning", Error: reason, UpdatedAt: now.toISOString() }),
    ),
    ...open.flatMap((each) => openRows(state, each, now)),
    ...state.finished.toReversed().flatMap((iteration) => [
      row(state, now, {
        Iteration: iteration.iteration,
        Lane: iteration.lane,
        State: iteration.abandoned === true ? "cancelled" : "committed",
        Rows: total(iteration.tables.map((table) => table.rows)),
        Bytes: total(iteration.tables.map((table) => table.bytes)),
        Cursor: iteration.upTo,
        UpdatedAt: iteration.committedAt,
        ...retriesIn(sumOfRetries([...iteration.tables.map((table) => table.retries), iteration.waits])),
      }),
      ...iteration.tables.map((table) =>
        row(state, now, {
          Iteration: iteration.iteration,
          Lane: iteration.lane,
          TableName: table.name,
          State: table.error === undefined ? "committed" : "failed",
          Rows: table.rows,
          Bytes: table.bytes,
          Error: table.error ?? "",
          Cursor: state.tables[table.name]?.cursor ?? "",
          UpdatedAt: iteration.committedAt,
          ...retriesIn(table.retries),
        }),
      ),
    ]),
  ];
}

/** The status file: a header line and a line per row (RFC 4180). */
export function statusCsv(state: State, now: Date): string {
  const lines = [STATUS_COLUMNS.map((column) => column.name).join(",")];
  for (const each of statusRows(state, now))
    lines.push(STATUS_COLUMNS.map((column) => field(each[column.name])).join(","));
  return `${lines.join("\r\n")}\r\n`;
}

function jobRow(state: State, now: Date): StatusRow {
  const open = state.open.forward ?? state.open.backfill;
  return row(state, now, {
    Iteration: state.lastIteration,
    State: state.failed !== undefined ? "failed" : (state.ended?.outcome ?? (open ? "running" : "idle")),
    Error: state.failed ?? state.ended?.reason ?? lateness(state, now),
    Cursor: state.lastForward?.upTo ?? "",
    UpdatedAt: now.toISOString(),
  });
}

/** Told where the clusters can't keep the RPO, and by how much. */
function lateness(state: State, now: Date): string {
  const lag = lagSeconds(state, now);
  const rpoMs = state.job?.rpoMs;
  if (lag === null || rpoMs === undefined || lag * 1000 <= rpoMs) return "";
  return `The replica is ${formatDuration(Math.round(lag - rpoMs / 1000) * 1000)} further behind than its RPO of ${formatDuration(rpoMs)}.`;
}

function openRows(state: State, open: OpenIteration, now: Date): StatusRow[] {
  const common = { Iteration: open.iteration, Lane: open.lane, UpdatedAt: now.toISOString() };
  return [
    row(state, now, {
      ...common,
      State: "running",
      Cursor: open.upTo,
      ...retriesIn(sumOfRetries([...Object.values(open.retries ?? {}), open.waits])),
    }),
    ...open.tables.flatMap((table, t) => {
      const windows = windowsOf(open, t);
      const parked = open.parked[table.name];
      return [
        row(state, now, {
          ...common,
          TableName: table.name,
          State:
            parked !== undefined
              ? "failed"
              : windows.every((window) => window.stage === "promoted")
                ? "promoted"
                : "running",
          Rows: total(windows.map((window) => window.rows ?? 0)),
          Bytes: total(windows.map((window) => window.bytes ?? 0)),
          Error: parked ?? "",
          Cursor: state.tables[table.name]?.cursor ?? "",
          ...retriesIn(open.retries?.[table.name]),
        }),
        ...windows.map((window, w) =>
          row(state, now, {
            ...common,
            TableName: table.name,
            WindowId: windowId(open.iteration, t, w),
            State: window.stage,
            Rows: window.rows ?? window.content?.rows ?? null,
            Bytes: window.bytes ?? null,
            IngestedFrom: table.windows[w]?.from ?? null,
            IngestedTo: table.windows[w]?.to ?? null,
            Attempt: window.attempt,
            Error: window.error ?? "",
          }),
        ),
      ];
    }),
    ...open.refused.map(({ table, reason }) =>
      row(state, now, { ...common, TableName: table, State: "failed", Error: reason }),
    ),
  ];
}

function row(state: State, now: Date, values: Partial<StatusRow>): StatusRow {
  const lag = lagSeconds(state, now);
  return {
    Job: state.job?.name ?? "",
    Iteration: null,
    Lane: "",
    TableName: "",
    WindowId: "",
    State: "",
    Rows: null,
    Bytes: null,
    IngestedFrom: null,
    IngestedTo: null,
    Attempt: null,
    Error: "",
    LagSeconds: lag === null ? null : Math.round(lag * 10) / 10,
    Cursor: "",
    UpdatedAt: null,
    Retries: null,
    RetryReason: "",
    ...values,
  };
}

/** Steps and attempts that were tried again, together: how much, and why the last time. */
function retriesIn(retries: Retries = noRetries): Pick<StatusRow, "Retries" | "RetryReason"> {
  return { Retries: retries.steps + retries.attempts, RetryReason: retries.reason ?? "" };
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}

function field(value: string | number | null): string {
  const text = value === null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
