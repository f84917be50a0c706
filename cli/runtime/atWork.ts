import { hostname } from "node:os";
import { isStatus } from "../../lake/files.ts";
import type { Lake } from "../../lake/lake.ts";
import { entryPath } from "../../lake/log.ts";
import { STATUS_FILE } from "../../lake/statusFile.ts";
import type { State } from "../../model/checkpoint/state.ts";
import type { Job } from "../../model/job.ts";

/** A run that is at work in a lake folder, as far as one can see from there. */
export interface AtWork {
  readonly instance: string;
  readonly secondsAgo: number;
}

/** A run writes its status file every few seconds while it copies, and an entry for all it does. */
const SIGN_OF_LIFE_S = 60;

/**
 * Whether a run is at work in a folder. A run that ended says so in the log, or leaves no iteration open; one that died
 * leaves its iteration open, and its last sign of life grows old: the age of its last entry, or of the status file, by
 * the storage's own clock. A run of this command on this machine is gone when its process is.
 */
export async function runAtWork(lake: Lake, state: State): Promise<AtWork | undefined> {
  const { run } = state;
  if (run === undefined || state.failed !== undefined || state.ended !== undefined) return undefined;
  // A run that has only just opened has no iteration yet.
  const opening = state.next - 1 === run.id;
  if (!opening && !state.open.forward && !state.open.backfill) return undefined;
  if (isGone(run.instance)) return undefined;
  const ages = await Promise.all([age(lake, entryPath(state.next - 1)), age(lake, STATUS_FILE)]);
  const secondsAgo = Math.min(...ages);
  return secondsAgo <= SIGN_OF_LIFE_S ? { instance: run.instance, secondsAgo } : undefined;
}

/** Seconds since a file was written, by the storage's clock; infinite where there is none. */
async function age(lake: Lake, path: string): Promise<number> {
  try {
    const { date, lastModified } = await lake.container
      .getBlockBlobClient(lake.blobName(path))
      .getProperties();
    if (!date || !lastModified) return Number.POSITIVE_INFINITY;
    return Math.max(0, (date.getTime() - lastModified.getTime()) / 1000);
  } catch (error) {
    if (isStatus(error, 404)) return Number.POSITIVE_INFINITY;
    throw error;
  }
}

const PREFIX = "cli:";

/** The id of a run of this process: it tells others where the run is, and this machine whether it still is. */
export function instanceId(job: Job, next: number): string {
  return `${PREFIX}${thisHost()}:${process.pid}:${job.name.slice(0, 50)}:${next}`;
}

/** Who asks, for the control file and those who read it. */
export function whoAsks(): string {
  return `kusto-copy on ${thisHost()}`;
}

function thisHost(): string {
  return (
    hostname()
      .replace(/[^A-Za-z0-9.-]/g, "-")
      .slice(0, 25) || "host"
  );
}

function isGone(instance: string): boolean {
  const match = /^cli:([^:]+):(\d+):/.exec(instance);
  if (match?.[1] !== thisHost()) return false;
  const pid = Number(match[2]);
  // A process of this very number was an earlier one, as in a container that starts anew.
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}
