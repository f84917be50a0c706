import type { DurableClient } from "durable-functions";
import type { KnownJob } from "../../activities/jobs/jobs.ts";
import { readStanding } from "../../lake/unopened.ts";
import type { State } from "../../model/checkpoint/state.ts";
import type { Control } from "../../model/control.ts";
import type { Job } from "../../model/job.ts";
import { lagSeconds } from "../../model/lag.ts";
import type { JobState, JobView } from "../api/views.ts";
import { readFolder } from "../copies/folder.ts";
import { type CopyInstance, unfinishedCopies } from "../copies/instances.ts";

/** Each job with how it stands. A lake folder that can't be read is told at its job, and hides no other. */
export async function jobViews(client: DurableClient, jobs: readonly KnownJob[]): Promise<JobView[]> {
  const running = await unfinishedCopies(client);
  return Promise.all(jobs.map((known) => viewOf(known, running)));
}

async function viewOf(known: KnownJob, running: readonly CopyInstance[]): Promise<JobView> {
  const { name, origin, enabled, definition, job } = known;
  const base = { name, origin, enabled, definition, job: job ?? null, lagSeconds: null, copy: null };
  if (!job) return { ...base, state: "refused", error: known.problem ?? null };
  const copy = running.find((each) => each.job?.lake === job.lake)?.id ?? null;
  const folder = await readFolder(job.lake, readStanding);
  if ("problem" in folder) return { ...base, copy, state: "unreadable", error: folder.problem };
  return {
    ...base,
    copy,
    lagSeconds: lagSeconds(folder.state, new Date()),
    ...standing(folder.state, folder.control, copy !== null),
  };
}

/** Why nothing can be said of a job's lake folder; undefined where it can be read. */
export async function folderProblem(job: Job): Promise<string | undefined> {
  const folder = await readFolder(job.lake);
  return "problem" in folder ? folder.problem : undefined;
}

function standing(state: State, control: Control, runs: boolean): { state: JobState; error: string | null } {
  const { wanted, asked } = control;
  if (wanted !== "run") {
    const error = state.ended?.reason ?? `${wanted} was asked for by ${asked?.by} at ${asked?.at}.`;
    if (wanted === "pause") return { state: runs ? "pausing" : "paused", error };
    return { state: runs ? "cancelling" : "cancelled", error };
  }
  if (runs) return { state: "running", error: null };
  if (state.failed !== undefined) return { state: "failed", error: state.failed };
  return { state: "idle", error: null };
}
