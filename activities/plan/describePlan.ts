import { readUpdatePolicies } from "../../kusto/reads.ts";
import { readControl } from "../../lake/control.ts";
import { readState } from "../../lake/log.ts";
import type { PlannedTable } from "../../model/checkpoint/entries.ts";
import type { OpenIteration, WindowState } from "../../model/checkpoint/state.ts";
import { windowsOf } from "../../model/checkpoint/windows.ts";
import { describe } from "../../model/errors.ts";
import { estimate } from "../../model/estimate.ts";
import type { Job } from "../../model/job.ts";
import { followerInstead } from "../../model/regions.ts";
import { shortText } from "../../model/reports/bounded.ts";
import { type PlanIteration, type PlanReport, type PlanTable, planReport } from "../../model/reports/plan.ts";
import { triggeredTarget } from "../../model/updatePolicies.ts";
import type { Answer, JobInput } from "../contract.ts";
import { readOnlyReason } from "../destination/accessMode.ts";
import { readObstacles } from "../destination/obstacles.ts";
import { clientsOf, type JobClients } from "../environment.ts";
import { answer } from "../outcome.ts";
import { refuseOtherCopy } from "../run/openRun.ts";
import { allowedSlots } from "../run/slots.ts";
import { type DryRun, dryRun } from "./dryRun.ts";
import { type RetentionLoss, retentionLoss } from "./retentionLoss.ts";
import { policyChanges, schemaChanges } from "./schemaChanges.ts";
import { readTableDetails } from "./tableDetails.ts";

/**
 * What the next run of a job would do, as the clusters and the log stand now: the plan of a run, by the code that plans
 * in earnest, with what it would meet at the destination. Writes nothing anywhere, and makes no container.
 */
export function describePlan({ job }: JobInput): Promise<Answer<PlanReport>> {
  return answer(async () => {
    const clients = clientsOf(job);
    const [before, control] = await Promise.all([readState(clients.lake), readControl(clients.lake)]);
    if (before.job) refuseOtherCopy(before.job, job);
    const warnings: string[] = [];
    if (control.wanted !== "run")
      warnings.push(
        `The copy was asked to ${control.wanted}${control.asked ? ` (${control.asked.by}, ${control.asked.at})` : ""}: resume it, or nothing of this happens.`,
      );
    const readOnly = await readOnlyReason(clients.destination, job.destination.database);
    if (readOnly !== undefined) warnings.push(readOnly);
    if (job.schema === "all")
      warnings.push(
        "Functions, ingestion mappings and table policies of the source would be mirrored too: the plan doesn't list which of them differ.",
      );
    const dry = await dryRun(job, clients, before, control);
    for (const { about, reason } of dry.state.warnings)
      if (about === "days") warnings.push(shortText(reason));
    const tables: PlanTable[] = [];
    const iterations: PlanIteration[] = [];
    for (const each of dry.iterations) {
      const described = await describeIteration(job, clients, dry, each, readOnly);
      tables.push(...described.tables);
      iterations.push(described.iteration);
    }
    const named = new Set(tables.map((table) => table.name));
    for (const { table, reason } of dry.refused) {
      if (!named.has(table)) tables.push(refusedTable(table, reason));
      named.add(table);
    }
    if (tables.length === 0 && iterations.every((each) => each.quiet === 0))
      warnings.push(`The job selects no table of database ${job.source.database}.`);
    const copied = tables.filter((table) => table.state === "copied");
    const work = totalsOf(copied);
    const begun = iterations.filter((each) => each.windows > 0).length;
    const slots = await allowedSlots(job).catch((error: unknown) => {
      warnings.push(shortText(`How many slots there are could not be asked for: ${describe(error)}`));
      return undefined;
    });
    return planReport(
      {
        job: job.name,
        source: job.source,
        destination: job.destination,
        lake: job.lake,
        at: new Date().toISOString(),
        log: before.run ? "known" : "none",
        iterations,
        totals: {
          copied: copied.length,
          prepared: tables.filter((table) => table.state === "prepared").length,
          refused: tables.filter((table) => table.state === "refused").length,
          ...work,
        },
        estimate: slots && begun > 0 ? estimate(work, begun, slots, before.finished) : null,
        follower: followerInstead(job),
        warnings,
      },
      tables,
    );
  });
}

/** A planned table of an iteration and what is left of it. */
interface Left {
  readonly table: PlannedTable;
  readonly windows: number;
  readonly rows: number;
}

async function describeIteration(
  job: Job,
  { source, destination }: JobClients,
  { state }: DryRun,
  { open, resumed }: DryRun["iterations"][number],
  readOnly: string | undefined,
): Promise<{ iteration: PlanIteration; tables: PlanTable[] }> {
  const { there, reasons } = await readObstacles(job, destination, state, open);
  const left = open.tables.map((table, t) => leftOf(open, table, t));
  const refusal = (name: string) => open.parked[name] ?? readOnly ?? reasons.get(name);
  const known = open.tables.map((table) => table.name);
  // A table that was dropped since an open iteration was planned has no size any more, and its windows will fail.
  const sizes = await readTableDetails(source, job.source.database, known).catch(() => new Map());
  const existing = await readTableDetails(
    destination,
    job.destination.database,
    known.filter((name) => there.has(name)),
  );
  const policies =
    job.updatePolicies === "disable"
      ? await readUpdatePolicies(destination, job.destination.database)
      : new Map();
  const going = open.tables.filter((table) => refusal(table.name) === undefined);
  const dropped = await retentionLoss(job, source, destination, going, sizes, existing);
  const tables = left.map(({ table, windows, rows }): PlanTable => {
    const reason = refusal(table.name);
    const size = sizes.get(table.name);
    return {
      name: table.name,
      iteration: open.iteration,
      lane: open.lane,
      state: reason !== undefined ? "refused" : windows > 0 ? "copied" : "prepared",
      whole: table.signature !== undefined,
      days: [...(table.days ?? [])],
      windows,
      rows,
      bytes: size === undefined ? null : shareOf(size, rows),
      format: table.format,
      changes:
        reason === undefined
          ? [
              ...(job.schema === "none"
                ? []
                : schemaChanges(table, there.get(table.name), state.tables[table.name])),
              ...policyChanges(table.name, triggeredTarget(policies, [table.name])),
            ]
          : [],
      reason: reason === undefined ? null : shortText(reason),
      dropped: lossOf(dropped.get(table.name), rows),
    };
  });
  return {
    iteration: {
      iteration: open.iteration,
      lane: open.lane,
      resumed,
      tables: tables.filter((table) => table.state !== "refused").length,
      ...totalsOf(tables.filter((table) => table.state === "copied")),
      quiet: open.quiet.length,
    },
    tables,
  };
}

function leftOf(open: OpenIteration, table: PlannedTable, t: number): Left {
  const states: WindowState[] = windowsOf(open, t);
  const windows = table.windows.filter((_, w) => states[w]?.stage !== "promoted");
  return { table, windows: windows.length, rows: windows.reduce((sum, window) => sum + window.rows, 0) };
}

/** A table that no iteration takes. */
function refusedTable(name: string, reason: string): PlanTable {
  return {
    name,
    iteration: null,
    lane: null,
    state: "refused",
    whole: false,
    days: [],
    windows: 0,
    rows: 0,
    bytes: null,
    format: null,
    changes: [],
    reason: shortText(reason),
    dropped: null,
  };
}

/** The rows' share of what the table's extents held before compression. */
function shareOf(size: { TotalOriginalSize: number; TotalRowCount: bigint }, rows: number): number | null {
  const all = Number(size.TotalRowCount);
  if (rows === 0) return 0;
  return all === 0 ? null : Math.round(size.TotalOriginalSize * Math.min(1, rows / all));
}

/** Of an iteration that was begun, rows that are shown already are no loss of what is left. */
function lossOf(loss: RetentionLoss | undefined, rows: number): PlanTable["dropped"] {
  if (loss === undefined || rows === 0) return null;
  return { ...loss, rows: Math.min(loss.rows, rows) };
}

function totalsOf(tables: readonly Pick<PlanTable, "windows" | "rows" | "bytes">[]) {
  const sizes = tables.map((table) => table.bytes);
  return {
    windows: tables.reduce((sum, table) => sum + table.windows, 0),
    rows: tables.reduce((sum, table) => sum + table.rows, 0),
    bytes: sizes.some((size) => size === null)
      ? null
      : sizes.reduce((sum: number, size) => sum + (size ?? 0), 0),
  };
}
