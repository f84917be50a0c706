import { isFabric } from "../kusto/login/clouds.ts";
import { isOneLake } from "../lake/address.ts";
import { type ClusterAccess, readClusterAccess } from "../lake/clusterAccess.ts";
import { blobUrl, type Lake, openLake } from "../lake/lake.ts";
import { parseLake } from "../lake/location.ts";
import { windowPlace } from "../model/checkpoint/entries.ts";
import type { WindowState } from "../model/checkpoint/state.ts";
import { Terminal } from "../model/errors.ts";
import type { Job } from "../model/job.ts";
import { lakeWithLogin } from "./connections.ts";
import { appSettings, knownConnections } from "./settings.ts";

/*
 * Where staged files lie. The job's own lake folder holds the log, the status and its share of the files; each further
 * lake folder may serve many copies, so a copy's files are in a folder of its own there, named by its copy id.
 */

const open = new Map<string, Lake>();

/** The open lake folder of a URL that carries no secret: with the login that the settings hold for its account. */
export function lakeOf(url: string): Lake {
  const known = open.get(url);
  if (known) return known;
  const lake = openLake(lakeWithLogin(url, knownConnections()));
  open.set(url, lake);
  return lake;
}

/** The lake folders that a copy's staged files are spread over, the job's own first. */
export function stagingLakes(job: Job, copyId: string): [Lake, ...Lake[]] {
  return [lakeOf(job.lake), ...job.stagingLakes.map((url) => lakeOf(`${url}/${copyId}`))];
}

/**
 * The lake folder of one attempt at a window: the same at each delivery. Windows go around the lakes, and another
 * attempt goes to the next one, as an account that throttles or refuses is one reason why attempts fail.
 */
export function lakeOfAttempt(job: Job, copyId: string, window: string, attempt: number): Lake {
  const lakes = stagingLakes(job, copyId);
  const place = windowPlace(window);
  return lakes[(place.table + place.window + attempt - 1) % lakes.length] ?? lakes[0];
}

/** The lake folder that a window's exported files are in, by the log. */
export function lakeOfFiles(job: Job, window: Pick<WindowState, "lake">): Lake {
  return lakeOf(window.lake ?? job.lake);
}

/** What the log notes of the lake that files are in: nothing for the job's own. */
export function notedLake(job: Job, lake: Lake): { lake?: string } {
  return lake.url === job.lake ? {} : { lake: lake.url };
}

/**
 * A folder's URL with what a cluster needs to use it in an attempt at a window: a SAS of its own in all but the first, as
 * storage may have refused the one that was. A secret.
 */
export async function clusterUrl(job: Job, lake: Lake, path: string, attempt: number): Promise<string> {
  const suffix = await lake.clusterSuffix(accessTo(job, lake), attempt > 1 ? "new" : "kept");
  return `${blobUrl(lake, path)}${suffix}`;
}

/** How the clusters reach a lake: as the job says of it, as the settings say of its account, or by the app's standard. */
export function accessTo(job: Job, lake: Lake): ClusterAccess {
  const { url } = lake;
  // A further lake's files are in a folder of the copy's own below it.
  const said = job.lakeAccess[url] ?? job.lakeAccess[url.slice(0, url.lastIndexOf("/"))];
  const access = said === undefined ? lake.location.access : readClusterAccess(said);
  return access ?? standardAccess();
}

/**
 * Refuses a job whose clusters could not reach its lakes: queued ingestion runs later and in nobody's name, so that it
 * can't impersonate who queued it; and OneLake takes no SAS
 * (`kusto/api/connection-strings/storage-connection-strings.md`).
 */
export function refuseAccess(job: Job): void {
  for (const url of [job.lake, ...job.stagingLakes]) {
    const access = accessTo(job, lakeOf(url));
    if (access.kind === "impersonate" && job.ingestion === "queued") {
      throw new Terminal(
        `Queued ingestion can't read the lake ${url} by impersonation: it runs in the background, in nobody's name.`,
        {},
        {
          advice:
            "Ingest directly (KUSTO_COPY_INGESTION=direct), or let the clusters reach the lake by SAS or by managed_identity=<system or id>.",
        },
      );
    }
    const fabric = [job.source.cluster, job.destination.cluster].find(isFabric);
    if (access.kind === "managedIdentity" && fabric !== undefined) {
      throw new Terminal(
        `${fabric} can't reach the lake ${url} by a managed identity: an Eventhouse has none.`,
        {},
        { advice: "Let the clusters reach the lake by SAS, or append ;impersonate with direct ingestion." },
      );
    }
    if (access.kind === "sas" && isOneLake(parseLake(url))) {
      throw new Terminal(
        `OneLake takes no SAS, which the clusters would reach the lake ${url} by.`,
        {},
        {
          advice:
            "Append ;managed_identity=<system or id> to the lake, or ;impersonate with direct ingestion.",
        },
      );
    }
  }
}

function standardAccess(): ClusterAccess {
  return settingAccess("KUSTO_COPY_CLUSTER_ACCESS");
}

/** How the destination cluster reads the status file: never by a secret, as functions' bodies can be read. */
export function statusAccess(): ClusterAccess {
  return settingAccess("KUSTO_COPY_STATUS_ACCESS");
}

/** The settings' schema lets nothing else pass. */
function settingAccess(name: "KUSTO_COPY_CLUSTER_ACCESS" | "KUSTO_COPY_STATUS_ACCESS"): ClusterAccess {
  const access = readClusterAccess(appSettings()[name]);
  if (access === undefined) throw new Terminal(`${name} names no way for the clusters to reach a lake.`);
  return access;
}
