import { randomBytes } from "node:crypto";
import { readSlots } from "../kusto/reads.ts";
import { appendEntry, readState } from "../lake/log.ts";
import { ensureContainer } from "../lake/stagedFiles.ts";
import type { OpenIteration } from "../model/checkpoint/state.ts";
import { Terminal } from "../model/errors.ts";
import { type Job, slotsOf } from "../model/job.ts";
import type { SlotCounts } from "../model/schedule.ts";
import type { Answer, OpenedRun, OpenIterationSummary, OpenRunInput } from "./contract.ts";
import { clientsOf } from "./environment.ts";
import { answer } from "./outcome.ts";

/**
 * Opens a run: writes the entry that makes every older run on this lake folder stale. Delivered twice, it finds its
 * own entry.
 */
export function openRun({ job, instance, step }: OpenRunInput): Promise<Answer<OpenedRun>> {
  return answer(async () => {
    const { lake } = clientsOf(job);
    await ensureContainer(lake);
    const before = await readState(lake);
    if (before.job) refuseOtherCopy(before.job, job);
    if (before.run?.step !== step) {
      const copyId = before.copyId ?? randomBytes(4).toString("hex");
      await appendEntry(
        lake,
        { number: before.next, run: before.next, step },
        { kind: "runOpened", copyId, job, instance },
      );
    }
    const state = await readState(lake);
    const open = [state.open.forward, state.open.backfill].filter((each) => each !== undefined);
    return {
      run: state.run?.id ?? before.next,
      next: state.next,
      slots: await slotCounts(job),
      open: open.map((each) => ({ ...summary(each), intended: each.intended.map((move) => move.table) })),
      toClean: state.toClean.map((each) => each.iteration),
      known: state.lastIteration > 0,
      lastReadAt:
        state.lastForward?.readAt ?? state.finished.at(-1)?.readAt ?? state.open.backfill?.readAt ?? null,
      lastDurationMs: state.lastForward?.durationMs ?? 0,
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

/** Where a cluster names no limit of queries, its default for a large one is taken. */
const MOST_QUERIES = 500;

/** A lake folder belongs to one source and one destination: its cursors mean nothing elsewhere. */
function refuseOtherCopy(before: Job, job: Job): void {
  const ends = (each: Job) =>
    `${each.source.cluster} ${each.source.database} to ${each.destination.cluster} ${each.destination.database}`;
  if (ends(before) === ends(job)) return;
  throw new Terminal(
    `The lake folder ${job.lake} holds the checkpoint log of another copy: ${ends(before)}.`,
    {},
    {
      advice: "Give this copy a lake folder of its own.",
    },
  );
}

async function slotCounts(job: Job): Promise<SlotCounts> {
  const { source, destination } = clientsOf(job);
  const [from, to] = await Promise.all([
    readSlots(source, job.source.database),
    readSlots(destination, job.destination.database),
  ]);
  return {
    export: slotsOf(job.slots.export, from.export),
    ingestion: slotsOf(job.slots.ingestion, to.ingestion),
    query: slotsOf(job.slots.query, Math.min(MOST_QUERIES, from.queries, to.queries)),
  };
}
