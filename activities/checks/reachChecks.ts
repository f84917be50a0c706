import { randomBytes } from "node:crypto";
import { rowsOf } from "../../kusto/client.ts";
import { exportedFile } from "../../kusto/commands/exportData.ts";
import { exportProbe, PROBE_TEXT, readProbe } from "../../kusto/commands/probes.ts";
import { isStatus, writeText } from "../../lake/files.ts";
import type { Lake } from "../../lake/lake.ts";
import { deleteFolder } from "../../lake/stagedFiles.ts";
import type { Job } from "../../model/job.ts";
import { clientsOf } from "../environment.ts";
import { accessTo, clusterUrl, lakeOf } from "../lakes.ts";
import { type CheckOf, cantTell, fail, type Sight, well } from "./runChecks.ts";

/** Whether the clusters themselves reach the lakes with what they are given: one row is written, and one file read. */
export function reachChecks(job: Job): CheckOf[] {
  const urls = [job.lake, ...job.stagingLakes];
  return urls.flatMap((url, i) => {
    const name = urls.length > 1 ? ` (lake ${i + 1})` : "";
    const lake = lakeOf(url);
    const how = accessTo(job, lake).kind;
    const fix =
      how === "managedIdentity"
        ? "Give the cluster's managed identity Storage Blob Data Contributor on the lake, allow it ExportRequest, ExternalDataRequest and NativeIngestion by its policy, and let the cluster through the lake's firewall."
        : "Let the cluster through the lake's firewall (its outbound addresses, a managed private endpoint, or trusted services), and through its own callout policy for the account.";
    return [
      {
        name: `source writes to the lake${name}`,
        why: "The source exports straight into the lake. The check exports one row to a folder of its own, and deletes it.",
        fix,
        look: () => withProbe(lake, (folder) => exportSight(job, lake, folder)),
      },
      {
        name: `destination reads the lake${name}`,
        why: "The destination ingests straight from the lake. The check reads a file of one line by externaldata.",
        fix,
        look: () => withProbe(lake, (folder) => readSight(job, lake, folder)),
      },
    ];
  });
}

async function exportSight(job: Job, lake: Lake, folder: string): Promise<Sight> {
  const { source } = clientsOf(job);
  const target = await clusterUrl(job, lake, folder, 1);
  const rows = rowsOf(exportedFile, await source.command(job.source.database, exportProbe(target)));
  const written = rows.reduce((sum, file) => sum + file.NumRecords, 0n);
  return written === 1n
    ? well("One row was exported, and deleted again.")
    : fail(`${written} rows were exported instead of one.`);
}

async function readSight(job: Job, lake: Lake, folder: string): Promise<Sight> {
  const { destination } = clientsOf(job);
  const path = `${folder}/read.txt`;
  await writeText(lake, path, PROBE_TEXT);
  const rows = await destination.query(
    job.destination.database,
    readProbe(await clusterUrl(job, lake, path, 1)),
  );
  return String(rows[0]?.Text).trim() === PROBE_TEXT
    ? well("A file of this process was read.")
    : fail("The cluster read something else than what was written.");
}

/** Does something with a folder of its own, and deletes it afterwards, whatever came of it. */
async function withProbe(lake: Lake, look: (folder: string) => Promise<Sight>): Promise<Sight> {
  const folder = `probe/${randomBytes(8).toString("hex")}`;
  try {
    for await (const _ of lake.container.listBlobsFlat({ prefix: lake.blobName(folder) })) break;
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
    return cantTell(
      `There is no container ${lake.location.container} yet.`,
      "Make the container, or run the copy once.",
    );
  }
  try {
    return await look(folder);
  } finally {
    await deleteFolder(lake, folder).catch(() => undefined);
  }
}
