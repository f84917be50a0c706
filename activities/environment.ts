import {
  createIngestClient,
  createKustoClient,
  type IngestClient,
  type KustoClient,
} from "../kusto/client.ts";
import { displayCluster, type KustoConnection, parseKustoConnection } from "../kusto/connectionString.ts";
import { type ClusterAccess, type Lake, openLake } from "../lake/lake.ts";
import { type LakeLocation, parseLake } from "../lake/location.ts";
import { Terminal } from "../model/errors.ts";
import type { Job } from "../model/job.ts";
import { type JobDefinition, jobOf } from "../model/jobDefinition.ts";
import { type RawSettings, readSettings } from "../model/settings.ts";
import { addresses } from "./jobs/definition.ts";

/** The clients that a job's activities work with. Credentials come from the settings, by cluster and lake. */
export interface JobClients {
  readonly source: KustoClient;
  readonly destination: KustoClient;
  readonly lake: Lake;
}

const lakes = new Map<string, Lake>();
let settingsKept: RawSettings | undefined;

/** The app's settings. Throws Terminal that names every wrong one. */
export function appSettings(): RawSettings {
  if (settingsKept) return settingsKept;
  const read = readSettings(process.env);
  if (!read.ok) {
    const wrong = read.problems.map((problem) => `${problem.name} ${problem.reason}`).join("; ");
    throw new Terminal(
      `The app's settings can't be used: ${wrong}.`,
      {},
      { advice: "Set them in the function app's configuration." },
    );
  }
  settingsKept = read.settings;
  return settingsKept;
}

/**
 * The job of the settings, but for what a definition gives instead. Throws Terminal that names what neither of them
 * gives.
 */
export function configuredJob(now: Date, given: JobDefinition = {}): Job {
  const settings = appSettings();
  return jobOf(settings.KUSTO_COPY_JOB, given, { settings, addresses }, now);
}

/** Clients for a job. A cluster or lake that the settings know is reached with their credentials, others by identity. */
export function clientsOf(job: Job): JobClients {
  return {
    source: createKustoClient(connectionOf(job.source.cluster)),
    destination: createKustoClient(connectionOf(job.destination.cluster)),
    lake: lakeOf(job.lake),
  };
}

/** The queued-ingestion client of a job's destination. */
export function ingestClientOf(job: Job): IngestClient {
  return createIngestClient(connectionOf(job.destination.cluster), job.destination.database);
}

/** The open lake folder of a URL that carries no secret. */
export function lakeOf(url: string): Lake {
  const known = lakes.get(url);
  if (known) return known;
  const wanted = parseLake(url);
  const configured = [process.env.KUSTO_COPY_LAKE, lakeOfJobs(process.env.KUSTO_COPY_JOBS)]
    .flatMap((text) => (text ? [parseLake(text)] : []))
    .find((each) => sameAccount(wanted, each));
  const lake = openLake(configured ? { ...wanted, secret: configured.secret } : wanted);
  lakes.set(url, lake);
  return lake;
}

/** How the clusters reach staged files. */
export function clusterAccess(): ClusterAccess {
  return readAccess("KUSTO_COPY_CLUSTER_ACCESS", appSettings().KUSTO_COPY_CLUSTER_ACCESS, [
    "sas",
    "managed_identity=<system or id>",
  ]);
}

/** How the destination cluster reads the status file: never by a secret, as functions' bodies can be read. */
export function statusAccess(): ClusterAccess {
  return readAccess("KUSTO_COPY_STATUS_ACCESS", appSettings().KUSTO_COPY_STATUS_ACCESS, [
    "impersonate",
    "managed_identity=<system or id>",
  ]);
}

function readAccess(name: string, text: string, allowed: readonly string[]): ClusterAccess {
  const managed = /^managed_identity=(.+)$/.exec(text)?.[1];
  if (managed !== undefined) return { kind: "managedIdentity", id: managed };
  if (text === "sas" && allowed.includes("sas")) return { kind: "sas" };
  if (text === "impersonate" && allowed.includes("impersonate")) return { kind: "impersonate" };
  throw new Terminal(`${name} is "${text}".`, {}, { advice: `Set it to ${allowed.join(" or ")}.` });
}

function connectionOf(cluster: string): KustoConnection {
  const wanted = parseKustoConnection(cluster);
  for (const name of ["KUSTO_COPY_SOURCE", "KUSTO_COPY_DESTINATION"]) {
    const text = process.env[name];
    if (!text) continue;
    const configured = parseKustoConnection(text);
    if (displayCluster(configured) === displayCluster(wanted)) return configured;
  }
  return wanted;
}

/** The setting may name a file beside the app instead. */
export function lakeOfJobs(setting: string | undefined): string | undefined {
  return setting && /^(?:https?|abfss):\/\//i.test(setting) ? setting : undefined;
}

function sameAccount(wanted: LakeLocation, configured: LakeLocation): boolean {
  if (configured.blobEndpoint !== wanted.blobEndpoint) return false;
  // A SAS may be for one container only, a key is for the account.
  return configured.secret.kind !== "sas" || configured.container === wanted.container;
}
