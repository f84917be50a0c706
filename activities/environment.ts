import type { IngestClient, KustoClient } from "../kusto/client.ts";
import { lazyIngestClient, lazyKustoClient } from "../kusto/lazyClients.ts";
import { ingestionEndpoint } from "../kusto/login/clouds.ts";
import type { Lake } from "../lake/lake.ts";
import type { Job } from "../model/job.ts";
import { type JobDefinition, jobOf } from "../model/jobDefinition.ts";
import { connectionTo } from "./connections.ts";
import { addresses } from "./jobs/definition.ts";
import { lakeOf, refuseAccess } from "./lakes.ts";
import { appSettings, knownConnections } from "./settings.ts";

export { lakeOfJobs } from "./connections.ts";
export { lakeOf } from "./lakes.ts";
export { appSettings, knownConnections } from "./settings.ts";

/** The clients that a job's activities work with. Credentials come from the settings, by cluster and lake. */
export interface JobClients {
  readonly source: KustoClient;
  readonly destination: KustoClient;
  readonly lake: Lake;
}

/**
 * The job of the settings, but for what a definition gives instead. Throws Terminal that names what neither of them
 * gives, or the setting that holds a string which can't be used.
 */
export function configuredJob(now: Date, given: JobDefinition = {}): Job {
  const settings = appSettings();
  knownConnections();
  const job = jobOf(settings.KUSTO_COPY_JOB, given, { settings, addresses }, now);
  refuseAccess(job);
  return job;
}

/** Clients for a job. A cluster or lake that the settings know is reached with their credentials, others by identity. */
export function clientsOf(job: Job): JobClients {
  const known = knownConnections();
  return {
    source: lazyKustoClient(connectionTo(job.source.cluster, "source", known)),
    destination: lazyKustoClient(connectionTo(job.destination.cluster, "destination", known)),
    lake: lakeOf(job.lake),
  };
}

/** The ingestion service of a job's destination, as a client of commands. */
export function ingestionServiceOf(job: Job): { readonly client: KustoClient; readonly endpoint: string } {
  const connection = connectionTo(job.destination.cluster, "destination", knownConnections());
  const endpoint = ingestionEndpoint(connection.cluster);
  return { client: lazyKustoClient({ ...connection, cluster: endpoint }), endpoint };
}

/** The queued-ingestion client of a job's destination. */
export function ingestClientOf(job: Job): IngestClient {
  const connection = connectionTo(job.destination.cluster, "destination", knownConnections());
  return lazyIngestClient(connection, job.destination.database);
}
