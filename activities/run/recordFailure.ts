import { isStatus, readForChange } from "../../lake/files.ts";
import type { Lake } from "../../lake/lake.ts";
import { appendEntry, readState } from "../../lake/log.ts";
import { STATUS_FILE, writeStatusFile } from "../../lake/statusFile.ts";
import { noteUnopened, readStanding } from "../../lake/unopened.ts";
import type { State } from "../../model/checkpoint/state.ts";
import type { Job } from "../../model/job.ts";
import { statusCsv } from "../../model/statusRows.ts";
import type { Answer, FailureInput } from "../contract.ts";
import { clientsOf } from "../environment.ts";
import { answer } from "../outcome.ts";
import { isOpenedSince, isOtherCopy } from "./openRun.ts";

/**
 * Notes why a run ended, wherever the log stands: a step that failed half-way may have written its entry. Writes nothing to
 * the log where that belongs to another instance, or where this one never opened a run; why one could not be opened is told
 * beside the log, and harms no run of another process.
 */
export function recordFailure(input: FailureInput): Promise<Answer<object>> {
  return answer(async () => {
    const { job, instance, reason, openingSince } = input;
    const { lake } = clientsOf(job);
    const state = await readState(lake);
    if (state.run?.instance === instance) {
      if (state.failed === undefined)
        await appendEntry(
          lake,
          { number: state.next, run: state.run.id, step: "record failure" },
          { kind: "failed", reason },
        );
    } else if (openingSince === undefined || isOtherCopy(state, job) || isOpenedSince(state, openingSince)) {
      return {};
    } else await noteUnopened(lake, state, reason);
    if (openingSince !== undefined) await showFailure(lake, job);
    return {};
  });
}

/**
 * Brings the status file up to date where no run does: one that never came to copy has no number to refresh it by. A run that
 * may be at work shows by itself how it stands, and its file is its sign of life.
 */
async function showFailure(lake: Lake, job: Job): Promise<void> {
  // Read first: a run that opens and writes it meanwhile has its file stay.
  const { condition } = await readForChange(lake, STATUS_FILE);
  if (mayBeAtWork(await readState(lake))) return;
  const state = await readStanding(lake);
  try {
    await writeStatusFile(lake, statusCsv({ ...state, job: state.job ?? job }, new Date()), condition);
  } catch (error) {
    if (!isStatus(error, 412) && !isStatus(error, 409)) throw error;
  }
}

/** By the log alone: a run has an iteration open, or was opened last. */
function mayBeAtWork({ run, failed, ended, open, next }: State): boolean {
  if (run === undefined || failed !== undefined || ended !== undefined) return false;
  return next - 1 === run.id || open.forward !== undefined || open.backfill !== undefined;
}
