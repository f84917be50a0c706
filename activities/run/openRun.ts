import { randomBytes } from "node:crypto";
import type { Lake } from "../../lake/lake.ts";
import { appendEntry, readState, Stale } from "../../lake/log.ts";
import { ensureContainer } from "../../lake/stagedFiles.ts";
import { owedCleanUps } from "../../model/checkpoint/cleaned.ts";
import type { OpenIteration, State } from "../../model/checkpoint/state.ts";
import { Terminal } from "../../model/errors.ts";
import type { Job } from "../../model/job.ts";
import { countedFrom } from "../../model/lag.ts";
import type { Answer, OpenedRun, OpenIterationSummary, OpenRunInput } from "../contract.ts";
import { readOnlyReason } from "../destination/accessMode.ts";
import { clientsOf } from "../environment.ts";
import { lakeOf, refuseAccess } from "../lakes.ts";
import { answer } from "../outcome.ts";
import { allowedSlots, sharedSlots } from "./slots.ts";

/**
 * Opens a run: writes the entry that makes every older run on this lake folder stale. Delivered twice, it finds its
 * own entry.
 */
export function openRun({ job, instance, step, startedAt }: OpenRunInput): Promise<Answer<OpenedRun>> {
  return answer(async () => {
    const { lake, destination } = clientsOf(job);
    refuseAccess(job);
    for (const url of [job.lake, ...job.stagingLakes]) await ensureContainer(lakeOf(url));
    const before = await readState(lake);
    if (before.job) refuseOtherCopy(before.job, job);
    const readOnly = await readOnlyReason(destination, job.destination.database);
    if (readOnly !== undefined) throw new Terminal(readOnly);
    // Before the log is touched: a job that may not even ask for capacity takes nothing over.
    const allowed = await allowedSlots(job);
    if (before.run?.step !== step) {
      refuseLateDelivery(lake, before, startedAt);
      const copyId = before.copyId ?? randomBytes(4).toString("hex");
      await appendEntry(
        lake,
        { number: before.next, run: before.next, step },
        { kind: "runOpened", copyId, job, instance },
      );
    }
    const state = await readState(lake);
    if (state.run?.step !== step) throw staleBy(lake, state);
    const open = [state.open.forward, state.open.backfill].filter((each) => each !== undefined);
    return {
      run: state.run.id,
      next: state.next,
      // After the entry: of two runs that open side by side, one sees the other.
      slots: await sharedSlots(job, allowed),
      open: open.map((each) => ({ ...summary(each), intended: each.intended.map((move) => move.table) })),
      toClean: owedCleanUps(state),
      known: state.lastIteration > 0,
      lastReadAt: countedFrom(state),
      lastDurationMs: state.lastForward?.durationMs ?? 0,
      policiesOff: state.disabledPolicies.length > 0,
      resyncs: Object.values(state.tables).some(
        ({ days, resync, stopped }) =>
          (days !== undefined && stopped === undefined) || (resync === true && open.length > 0),
      ),
    };
  });
}

/** What an orchestration carries of an open iteration. */
export function summary(open: OpenIteration): OpenIterationSummary {
  return {
    iteration: open.iteration,
    lane: open.lane,
    windows: Object.keys(open.windows).length,
    tables: open.tables.length,
  };
}

/**
 * Clocks that differ by more than this are wrong, and tell nothing about which run is the newer one. A machine whose clock runs
 * ahead keeps every other run out for as long as this, and how late the delivery is doesn't count: an orchestration that
 * is given up for another has that one opened within minutes.
 */
const LATE_DELIVERY_MS = 3_600_000;

/**
 * A run that was opened after this orchestration started is the newer one: opening once more, by a delivery that comes
 * late or comes again, would stop it for nobody's sake.
 */
function refuseLateDelivery(lake: Lake, state: State, startedAt: string): void {
  if (isOpenedSince(state, startedAt)) throw staleBy(lake, state);
}

/** Whether the log's run was opened after this moment, as far as clocks can tell. */
export function isOpenedSince({ run }: State, startedAt: string): boolean {
  if (!run) return false;
  const opened = Date.parse(run.openedAt) - Date.parse(startedAt);
  return opened > 0 && opened < LATE_DELIVERY_MS;
}

function staleBy(lake: Lake, state: State): Stale {
  return new Stale(lake, state.next - 1, { run: state.run?.id ?? -1, instance: state.run?.instance });
}

/** A lake folder belongs to one source and one destination: its cursors mean nothing elsewhere. */
export function refuseOtherCopy(before: Job, job: Job): void {
  if (ends(before) === ends(job)) return;
  throw new Terminal(
    `The lake folder ${job.lake} holds the checkpoint log of another copy: ${ends(before)}.`,
    {},
    {
      advice: "Give this copy a lake folder of its own.",
    },
  );
}

/** Whether a log is of a copy between other databases than a job's. */
export function isOtherCopy({ job: before }: State, job: Job): boolean {
  return before !== undefined && ends(before) !== ends(job);
}

function ends({ source, destination }: Job): string {
  return `${source.cluster} ${source.database} to ${destination.cluster} ${destination.database}`;
}
