import { createOrAlterStatusFunction } from "../../kusto/commands/functions.ts";
import { blobUrl } from "../../lake/lake.ts";
import { STATUS_FILE } from "../../lake/statusFile.ts";
import type { Answer, RunRef } from "../contract.ts";
import { clientsOf } from "../environment.ts";
import { statusAccess } from "../lakes.ts";
import { answer } from "../outcome.ts";

/** Creates `KC_Status` in the destination, over this lake folder's status file. */
export function createStatusView({ job }: RunRef): Promise<Answer<object>> {
  return answer(async () => {
    const { lake, destination } = clientsOf(job);
    const suffix = await lake.clusterSuffix(statusAccess());
    const statusUrl = `${blobUrl(lake, STATUS_FILE)}${suffix}`;
    await destination.command(job.destination.database, createOrAlterStatusFunction({ statusUrl }), {
      idempotent: true,
    });
    return {};
  });
}
