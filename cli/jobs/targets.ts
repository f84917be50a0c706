import { lakeOf } from "../../activities/environment.ts";
import { storageFailure } from "../../lake/failure.ts";
import type { Lake } from "../../lake/lake.ts";
import { lakeUrl, parseLakes } from "../../lake/location.ts";
import { readState } from "../../lake/log.ts";
import type { State } from "../../model/checkpoint/state.ts";
import { withMoreContext } from "../../model/errors.ts";
import type { Job } from "../../model/job.ts";
import { BadUse } from "../output/badUse.ts";
import type { Given } from "../program/given.ts";
import { prepareEnvironment } from "./environment.ts";
import { definitionOf } from "./options.ts";
import { checkedSettings, readJobs } from "./readJobs.ts";

/** A copy as its lake folder knows it. */
export interface Target {
  readonly name: string;
  readonly lake: Lake;
  readonly state: State;
  /** The job that the call describes, or the one that ran last; null where neither is there. */
  readonly job: Job | null;
}

/**
 * The copies that a call is about: those of its file, or the one of its lake folder, which alone is enough. Throws
 * BadUse where no folder is named.
 */
export async function readTargets(given: Given): Promise<Target[]> {
  if (describesJob(given)) {
    const jobs = await readJobs(given);
    return Promise.all(jobs.map((job) => targetOf(job.lake, job)));
  }
  const over = definitionOf(given);
  await prepareEnvironment(given);
  const settings = checkedSettings();
  const [folder] = [over.lake ?? settings.KUSTO_COPY_LAKE.trim()].flat();
  if (!folder)
    throw new BadUse(
      "No lake folder is named: give --lake, or --config with its jobs, or set KUSTO_COPY_LAKE in the environment.",
    );
  return [await targetOf(lakeUrl(parseLakes(folder)[0]), null)];
}

async function targetOf(url: string, job: Job | null): Promise<Target> {
  const lake = lakeOf(url);
  const state = await readState(lake).catch((error: unknown) => {
    throw withMoreContext(storageFailure(error), { operation: `read the lake folder ${url}` });
  });
  return { name: job?.name ?? state.job?.name ?? "default", lake, state, job: job ?? state.job ?? null };
}

/** Whether a call says which clusters it is about: by its options, its file or the environment. */
function describesJob(given: Given): boolean {
  if (given.config !== undefined) return true;
  const has = (option: string | undefined, setting: string) =>
    Boolean(option ?? process.env[setting]?.trim());
  return (
    has(given.source, "KUSTO_COPY_SOURCE") &&
    has(given.destination, "KUSTO_COPY_DESTINATION") &&
    has(given.lake?.[0], "KUSTO_COPY_LAKE")
  );
}
