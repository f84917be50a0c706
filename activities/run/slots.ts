import { readSlots as readCapacity } from "../../kusto/reads.ts";
import { readState } from "../../lake/log.ts";
import type { State } from "../../model/checkpoint/state.ts";
import { type Job, type Slots, slotsOf } from "../../model/job.ts";
import type { SlotCounts } from "../../model/schedule.ts";
import { sharesOf } from "../../model/slotShares.ts";
import type { Answer, RunRef } from "../contract.ts";
import { clientsOf, lakeOf } from "../environment.ts";
import { readJobs } from "../jobs/jobs.ts";
import { answer } from "../outcome.ts";

/** A run's share of its clusters' slots as it is now: jobs that came to work since take theirs, and those that ended leave it. */
export function readSlots({ job }: RunRef): Promise<Answer<SlotCounts>> {
  return answer(async () => sharedSlots(job, await allowedSlots(job)));
}

/**
 * Slots as the job gives them, whoever else is at work; a cluster is asked for its capacity only where a percentage is
 * of it, as `.show capacity` needs Database User (`kusto/management/show-capacity-command.md`), and a source that is only
 * read may give no more than Database Viewer.
 */
export async function allowedSlots(job: Job): Promise<SlotCounts> {
  const { source, destination } = clientsOf(job);
  const ofSource = isShare(job.slots.export) || isShare(job.slots.query);
  const ofDestination = isShare(job.slots.ingestion) || isShare(job.slots.query);
  const [from, to] = await Promise.all([
    ofSource ? readCapacity(source, job.source.database) : NOT_ASKED,
    ofDestination ? readCapacity(destination, job.destination.database) : NOT_ASKED,
  ]);
  return {
    export: slotsOf(job.slots.export, from.export),
    ingestion: slotsOf(job.slots.ingestion, to.ingestion),
    query: slotsOf(job.slots.query, Math.min(MOST_QUERIES, from.queries, to.queries)),
  };
}

/** What of a job's slots is left to it by the app's other jobs that are at work on its clusters. */
export async function sharedSlots(job: Job, allowed: SlotCounts): Promise<SlotCounts> {
  return sharesOf(job, allowed, await jobsAtWork(job));
}

/** The app's other jobs that copy something now. One whose log can't be read takes no slots either. */
async function jobsAtWork(asking: Job): Promise<Job[]> {
  const { jobs } = await readJobs(new Date());
  const others = jobs.flatMap(({ job }) =>
    job === undefined || job.lake === asking.lake || !sharesCluster(job, asking) ? [] : [job],
  );
  const atWork = await Promise.all(
    others.map(async (job) => {
      try {
        return isAtWork(await readState(lakeOf(job.lake)), Date.now());
      } catch {
        return false;
      }
    }),
  );
  return others.filter((_, i) => atWork[i]);
}

function sharesCluster(a: Job, b: Job): boolean {
  const clusters = [a.source.cluster, a.destination.cluster];
  return clusters.includes(b.source.cluster) || clusters.includes(b.destination.cluster);
}

/** How long a run may take to plan its first iteration: until then it is known by having been opened alone. */
const OPENING_MS = 30_000;

/**
 * Whether a run has an iteration open, or is about to plan its first. An iteration that a run which failed, or was asked
 * to end, left open takes no slots until it is taken up again.
 */
function isAtWork(state: State, now: number): boolean {
  if (!state.run || state.failed !== undefined || state.ended !== undefined) return false;
  if (state.open.forward !== undefined || state.open.backfill !== undefined) return true;
  const { id, openedAt } = state.run;
  return now - Date.parse(openedAt) < OPENING_MS && !state.finished.some(({ run }) => run === id);
}

/** Where a cluster names no limit of queries, its default for a large one is taken. */
const MOST_QUERIES = 500;

/** Stands for a capacity that nothing is a share of. */
const NOT_ASKED = { export: 0, ingestion: 0, queries: 0 };

function isShare(slots: Slots): boolean {
  return "percent" in slots;
}
