import { createHash } from "node:crypto";
import type { DurableClient } from "durable-functions";
import { lakeOf } from "../../activities/environment.ts";
import { askFor, readControl } from "../../lake/control.ts";
import { readState } from "../../lake/log.ts";
import type { State } from "../../model/checkpoint/state.ts";
import type { Control } from "../../model/control.ts";
import type { Job } from "../../model/job.ts";
import { COPY_JOB } from "../../orchestrators/index.ts";
import { type CopyInstance, unfinishedOn } from "./instances.ts";

export type Started =
  | { readonly kind: "started"; readonly id: string }
  | { readonly kind: "running"; readonly by: CopyInstance }
  | { readonly kind: "paused"; readonly asked: Control["asked"] };

/** Who is told to have asked, where a request of the HTTP API did. */
export const BY_HTTP = "http";

/**
 * Starts a run of a job, unless one works on its lake folder or the folder is paused. A cancelled one begins anew. Two
 * starts at the same moment may both get through here: then the log's fence lets one of them go on.
 */
export async function startCopy(client: DurableClient, job: Job): Promise<Started> {
  const by = await unfinishedOn(client, job.lake);
  if (by) return { kind: "running", by };
  const { wanted, asked } = await readControl(lakeOf(job.lake));
  if (wanted === "pause") return { kind: "paused", asked };
  if (wanted === "cancel") await askFor(lakeOf(job.lake), "run", BY_HTTP);
  return startRun(client, job);
}

/** Starts a run whatever is asked of the folder: it finds out by itself. */
export async function startRun(
  client: DurableClient,
  job: Job,
  state?: State,
): Promise<Exclude<Started, { kind: "paused" }>> {
  const known = state ?? (await readState(lakeOf(job.lake)));
  const id = copyId(job, known);
  try {
    await client.startNew(COPY_JOB, { instanceId: id, input: { job } });
  } catch (error) {
    // Another start of the same run came between the look and this one: the host refuses a running id.
    const first = await unfinishedOn(client, job.lake);
    if (first) return { kind: "running", by: first };
    throw error;
  }
  return { kind: "started", id };
}

/**
 * `copy:<job>:<iteration>:<folder>-<run>`: the iteration that the run goes on with or begins, and the number that the run
 * will have in the log, so that a copy which failed keeps its id and its story.
 */
function copyId(job: Job, state: State): string {
  const iteration = (state.open.forward ?? state.open.backfill)?.iteration ?? state.lastIteration + 1;
  return `copy:${job.name}:${iteration}:${folderMark(job.lake)}-${state.next}`;
}

/** Whether a copy of this id is one of the job into its lake folder. */
export function isCopyOf(id: string, job: Job): boolean {
  const [kind, name, , run] = id.split(":");
  return kind === "copy" && name === job.name && (run ?? "").startsWith(`${folderMark(job.lake)}-`);
}

/** Requests may copy into many folders under one job's name: the instances of each need ids of their own. */
function folderMark(lake: string): string {
  return createHash("sha256").update(lake).digest("hex").slice(0, 8);
}
