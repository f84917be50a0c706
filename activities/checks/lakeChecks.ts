import { randomBytes } from "node:crypto";
import { RestError } from "@azure/storage-blob";
import { isStatus } from "../../lake/files.ts";
import { type Lake, openLake } from "../../lake/lake.ts";
import { readState } from "../../lake/log.ts";
import type { Job } from "../../model/job.ts";
import { accessTo, lakeOf } from "../lakes.ts";
import { refuseOtherCopy } from "../run/openRun.ts";
import { clockSight } from "./clusterChecks.ts";
import { type CheckOf, cantTell, fail, type Sight, warn, well } from "./runChecks.ts";

/*
 * The lake: the log is kept by putting files that must not be there yet, and staged files are written and read by the
 * clusters. Probes are files of this process in a folder of their own, deleted again.
 */

const PROBES = "probe";
const RIGHTS =
  "Give this identity the role Storage Blob Data Contributor on the account or container (az role assignment create), and let this process through the account's firewall.";

export function lakeChecks(job: Job): CheckOf[] {
  const many = job.stagingLakes.length > 0;
  const urls = [job.lake, ...job.stagingLakes];
  return urls.flatMap((url, i) => {
    const lake = lakeOf(url);
    const checks = [...accountChecks(job, lake), ...(i === 0 ? [logCheck(job, lake)] : [])];
    return many ? checks.map((check) => ({ ...check, name: `${check.name} (lake ${i + 1})` })) : checks;
  });
}

function accountChecks(job: Job, lake: Lake): CheckOf[] {
  return [
    {
      name: "read and list",
      why: "The checkpoint log in the lake is the only authority on what has been done.",
      fix: RIGHTS,
      look: async () => {
        try {
          for await (const _ of lake.container.listBlobsFlat({ prefix: lake.blobName("log/") })) break;
          return well(`${lake.url} can be read.`);
        } catch (error) {
          if (isStatus(error, 404)) return warn(missing(lake), "The first run makes it, or make it before.");
          throw denied(error);
        }
      },
    },
    {
      name: "write once and delete",
      why: "An entry of the log is written only where none of its number is: that keeps two runs from working on one folder.",
      fix: RIGHTS,
      look: () => onceSight(lake),
    },
    {
      name: "versioning and soft delete",
      why: "Versions and deleted files of a copy's staging stay on the account, and are paid for, long after it has deleted them.",
      fix: "Switch both off for this account, or keep staged files in an account without them; the log alone is small.",
      refused: "unknown",
      look: () => versionsSight(lake),
    },
    {
      name: "kind of account",
      why: "Both kinds do; folders of a hierarchical account are deleted in one request.",
      fix: "az storage account show --query isHnsEnabled tells it.",
      refused: "unknown",
      look: async () => {
        const { isHierarchicalNamespaceEnabled: hierarchical } = await lake.container.getAccountInfo();
        if (hierarchical === undefined)
          return cantTell("The account doesn't tell whether it is hierarchical.");
        return well(hierarchical ? "It has a hierarchical namespace." : "It is flat.");
      },
    },
    {
      name: "clock",
      why: "A SAS holds between two moments by the account's clock.",
      fix: "Set the clock of the machine that the app runs on by a time server.",
      refused: "unknown",
      look: async () => {
        const before = Date.now();
        const answer = await fetch(lake.location.blobEndpoint, {
          method: "HEAD",
          signal: AbortSignal.timeout(15_000),
        });
        // The header has whole seconds.
        const there = Date.parse(answer.headers.get("date") ?? "");
        return clockSight(there, before - 1000, Date.now(), "The lake's clock");
      },
    },
    {
      name: "credential for the clusters",
      why: "The clusters write and read staged files by what this process gives them.",
      fix: "Give this identity Storage Blob Data Contributor, which may ask for a user-delegation key; or let the clusters reach the lake by managed_identity=<system or id>.",
      look: () => credentialSight(job, lake),
    },
  ];
}

async function onceSight(lake: Lake): Promise<Sight> {
  const blob = lake.container.getBlockBlobClient(
    lake.blobName(`${PROBES}/${randomBytes(8).toString("hex")}.txt`),
  );
  const put = () => blob.upload("probe", 5, { conditions: { ifNoneMatch: "*" } });
  try {
    await put();
  } catch (error) {
    if (isMissingContainer(error))
      return cantTell(missing(lake), "Make the container, or run the copy once.");
    throw denied(error);
  }
  try {
    await put();
    return fail(
      "A file that was there already was written over, though the request forbade it.",
      "Use a storage account that honours If-None-Match: two runs over this folder would not see each other.",
    );
  } catch (error) {
    if (!isStatus(error, 409) && !isStatus(error, 412)) throw error;
  } finally {
    await blob.delete().catch((error: unknown) => {
      throw denied(error);
    });
  }
  return well("A probe was written once, refused a second time, and deleted.");
}

/** What an identity without rights of management can see: a version's id on a write, a deleted file in a listing. */
async function versionsSight(lake: Lake): Promise<Sight> {
  const name = lake.blobName(`${PROBES}/${randomBytes(8).toString("hex")}.txt`);
  const blob = lake.container.getBlockBlobClient(name);
  let versioned: boolean;
  try {
    versioned = (await blob.upload("probe", 5)).versionId !== undefined;
  } catch (error) {
    if (isMissingContainer(error))
      return cantTell(missing(lake), "Make the container, or run the copy once.");
    throw denied(error);
  }
  await blob.delete();
  let kept = false;
  for await (const each of lake.container.listBlobsFlat({ prefix: name, includeDeleted: true }))
    kept ||= each.deleted === true;
  if (!versioned && !kept) return well("Neither is on.");
  const on = [...(versioned ? ["versioning"] : []), ...(kept ? ["soft delete"] : [])].join(" and ");
  return warn(`The account has ${on} on: staged files stay after they are deleted.`);
}

async function credentialSight(job: Job, lake: Lake): Promise<Sight> {
  const access = accessTo(job, lake);
  if (access.kind === "managedIdentity")
    return well(`The clusters use their managed identity ${access.id}: none is given to them.`);
  if (access.kind === "impersonate")
    return well("The clusters reach the lake in the name of who asks them: none is given to them.");
  const { login } = lake.location;
  const suffix = await lake.clusterSuffix(access);
  const until = Date.parse(new URLSearchParams(suffix.slice(1)).get("se") ?? "");
  if (login.kind === "sas") {
    const days = (until - Date.now()) / 86_400_000;
    if (Number.isNaN(days)) return cantTell("The SAS that the settings hold doesn't tell how long it holds.");
    const text = `The SAS that the settings hold runs out at ${new Date(until).toISOString()}.`;
    const fix = "Put a new SAS into the settings, or use an identity, whose SAS are renewed by themselves.";
    return days < 0 ? fail(text, fix) : days < 7 ? warn(text, fix) : well(text);
  }
  return well(
    login.kind === "key"
      ? "SAS are made with the account key."
      : "A user-delegation key was given, and SAS are made with it.",
  );
}

function logCheck(job: Job, lake: Lake): CheckOf {
  return {
    name: "checkpoint log",
    why: "A log with a gap or a damaged entry would be guessed at, and rows copied twice or left out.",
    fix: "Restore the file that is named, or copy into a new lake folder and new tables.",
    look: async () => {
      // Opened anew, so that nothing this process remembers stands in for what is there.
      const state = await readState(openLake(lake.location));
      if (!state.job) return well("The folder holds no log yet: the next run begins a copy.");
      refuseOtherCopy(state.job, job);
      const stopped = Object.entries(state.tables).filter(([, table]) => table.stopped !== undefined);
      if (stopped.length > 0)
        return warn(
          `The log is whole (${state.next} entries), and tables have stopped: ${stopped.map(([name]) => name).join(", ")}.`,
          "kusto-copy resync copies a stopped table whole once more.",
        );
      if (state.failed !== undefined)
        return warn(
          `The log is whole (${state.next} entries); the last run failed: ${state.failed}`,
          "Run the copy again when the reason is mended.",
        );
      return well(`The log is whole: ${state.next} entries, ${state.lastIteration} iterations.`);
    },
  };
}

function missing(lake: Lake): string {
  return `There is no container ${lake.location.container} yet.`;
}

function isMissingContainer(error: unknown): boolean {
  return error instanceof RestError && error.statusCode === 404;
}

/** Storage tells a firewall from a missing role by its code alone. */
function denied(error: unknown): unknown {
  if (!(error instanceof RestError) || error.statusCode !== 403) return error;
  const why =
    error.code === "AuthorizationFailure"
      ? " (a firewall, a private endpoint, or an account that takes no key)"
      : error.code === "AuthorizationPermissionMismatch"
        ? " (the role is missing; a new one takes some minutes)"
        : "";
  error.message = `${error.code ?? "Forbidden"}${why}: ${error.message}`;
  return error;
}
