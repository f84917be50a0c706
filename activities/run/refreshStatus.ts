import { readStateOfRun } from "../../lake/log.ts";
import { writeStatusFile } from "../../lake/statusFile.ts";
import { statusCsv } from "../../model/statusRows.ts";
import type { Answer, RunRef } from "../contract.ts";
import { clientsOf } from "../environment.ts";
import { answer } from "../outcome.ts";

/** Writes the status file that `KC_Status` shows. */
export function refreshStatus({ job, run, next }: RunRef): Promise<Answer<object>> {
  return answer(async () => {
    const { lake } = clientsOf(job);
    const state = await readStateOfRun(lake, run, next);
    await writeStatusFile(lake, statusCsv(state, new Date()));
    return {};
  });
}
