import { storageFailure } from "../../lake/failure.ts";
import { readStoredJobs, type StoredJob, storedJobUrl } from "../../lake/jobsStore.ts";
import { parseLakes, publicLake } from "../../lake/location.ts";
import { describe } from "../../model/errors.ts";
import { dottedPath, type FieldProblem } from "../../model/fieldProblems.ts";
import type { Job } from "../../model/job.ts";
import { type JobDefinition, jobOf } from "../../model/jobDefinition.ts";
import { type Overlap, overlapsOf } from "../../model/jobsOverlap.ts";
import { appSettings } from "../environment.ts";
import { refuseAccess } from "../lakes.ts";
import { jobsFolder, readDeclaredJobs } from "./declaredJobs.ts";
import { addresses, readDefinition } from "./definition.ts";

/*
 * The app's jobs: those of a file, those put over HTTP, and the one of the plain settings.
 *
 * Invariants:
 * 1. A name is one job. A declared one comes before one put over HTTP, and both before the settings' own.
 * 2. A job that is wrong, or that can't be read, is told with its reasons and hides no other.
 * 3. Jobs that share a lake folder or could copy into one table are refused, each naming the other.
 */

/** Where a job comes from: a file, the HTTP API, or the plain settings. */
export type JobOrigin = "file" | "api" | "settings";

export interface KnownJob {
  readonly name: string;
  readonly origin: JobOrigin;
  readonly definition: JobDefinition;
  /** Whether the timer runs it. */
  readonly enabled: boolean;
  /** Undefined where it is refused. */
  readonly job?: Job;
  /** Why it is refused. */
  readonly problem?: string;
  /** Of a job that was put over HTTP: its version. */
  readonly etag?: string;
}

export interface KnownJobs {
  readonly jobs: readonly KnownJob[];
  /** What is wrong beside the jobs: a file that can't be read, fields that there aren't. */
  readonly problems: readonly string[];
  /** Why the plain settings describe no job: no fault where jobs are elsewhere, or each request describes one. */
  readonly undescribed?: string;
}

/** All jobs of the app, by name. `now` anchors horizons that are given as time spans. Throws Terminal for wrong settings. */
export async function readJobs(now: Date): Promise<KnownJobs> {
  const [declared, stored] = await Promise.all([readDeclaredJobs(), storedJobs()]);
  const jobs: KnownJob[] = declared.jobs.map((each) =>
    "definition" in each
      ? made(each.name, "file", each.definition, now)
      : refused(each.name, "file", told(each.problems)),
  );
  const problems = [...declared.problems, ...stored.problems];
  for (const each of stored.jobs) {
    if (jobs.some(({ name }) => name === each.name)) {
      problems.push(
        `Job ${each.name} is both declared and put over HTTP (${each.url}): the declared one is run. Delete one of them.`,
      );
      continue;
    }
    jobs.push(ofStored(each, now));
  }
  const own = settingsJob(now);
  if ("name" in own && !jobs.some(({ name }) => name === own.name)) jobs.push(own);
  const all = withoutOverlaps(jobs).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { jobs: all, problems, ...("undescribed" in own ? own : {}) };
}

/** A job that a definition of this name makes: with the app's settings, in its own folder where it names none. */
export function jobOfDefinition(name: string, definition: JobDefinition, now: Date): Job {
  const settings = appSettings();
  // The settings' own job has the settings' folder itself.
  const lake = name === settings.KUSTO_COPY_JOB ? undefined : folderOf(name);
  const job = jobOf(name, definition, { settings, addresses, lake }, now);
  refuseAccess(job);
  return job;
}

/** What a job would share with others if it were one of them. */
export function overlapsWith(job: Job, others: readonly KnownJob[]): Overlap[] {
  return others.flatMap((other) =>
    other.job === undefined || other.name === job.name ? [] : overlapsOf([job, other.job]),
  );
}

/** Where a job that names no lake keeps its log: a folder of its own below the app's first one; files go to all of them. */
function folderOf(name: string): string | undefined {
  const { KUSTO_COPY_LAKE: lake } = appSettings();
  if (lake === "") return undefined;
  const [location, ...others] = parseLakes(lake);
  const own = { ...location, folder: [location.folder, "copies", name].filter(Boolean).join("/") };
  return [own, ...others].map(publicLake).join("\n");
}

async function storedJobs(): Promise<{ jobs: (StoredJob & { url: string })[]; problems: string[] }> {
  try {
    const lake = jobsFolder();
    const jobs = lake === undefined ? [] : await readStoredJobs(lake);
    return {
      jobs: jobs.map((each) => ({ ...each, url: lake ? storedJobUrl(lake, each.name) : "" })),
      problems: [],
    };
  } catch (error) {
    return {
      jobs: [],
      problems: [`The jobs put over HTTP can't be read: ${describe(storageFailure(error))}`],
    };
  }
}

function ofStored({ name, etag, definition, url }: StoredJob & { url: string }, now: Date): KnownJob {
  const read = readDefinition(definition);
  if (!read.ok) return { ...refused(name, "api", `${url}: ${told(read.problems)}`), etag };
  return { ...made(name, "api", read.definition, now), etag };
}

/** The job of the plain settings where they describe one whole, or why they don't. */
function settingsJob(now: Date): KnownJob | { readonly undescribed: string } {
  const settings = appSettings();
  const name = settings.KUSTO_COPY_JOB;
  let job: Job;
  try {
    job = jobOf(name, {}, { settings, addresses }, now);
  } catch (error) {
    return { undescribed: describe(error) };
  }
  try {
    refuseAccess(job);
  } catch (error) {
    return refused(name, "settings", describe(error));
  }
  return { name, origin: "settings", definition: {}, enabled: true, job };
}

function made(name: string, origin: JobOrigin, definition: JobDefinition, now: Date): KnownJob {
  const known = { name, origin, definition, enabled: definition.enabled ?? true };
  try {
    return { ...known, job: jobOfDefinition(name, definition, now) };
  } catch (error) {
    return { ...known, problem: describe(error) };
  }
}

function refused(name: string, origin: JobOrigin, problem: string): KnownJob {
  return { name, origin, definition: {}, enabled: true, problem };
}

function told(problems: readonly FieldProblem[]): string {
  return problems.map(({ path, detail }) => `${dottedPath(path)}: ${detail}`).join(" ");
}

/** Keeps invariant 3. */
function withoutOverlaps(jobs: readonly KnownJob[]): KnownJob[] {
  const overlaps = overlapsOf(jobs.flatMap(({ job }) => (job === undefined ? [] : [job])));
  return jobs.map((known) => {
    const mine = overlaps.filter((each) => each.jobs.includes(known.name));
    if (mine.length === 0) return known;
    const { job: _, ...rest } = known;
    const problem = mine
      .map(({ jobs: [a, b], what }) => `Jobs ${a} and ${b} share ${what}: neither is run.`)
      .join(" ");
    return {
      ...rest,
      problem: `${problem} Give each job a lake folder and tables of its own (tables.include, tables.exclude).`,
    };
  });
}
