import { existsSync } from "node:fs";
import { readDeclaredJobs } from "../../activities/jobs/declaredJobs.ts";
import { jobOfDefinition } from "../../activities/jobs/jobs.ts";
import { describe } from "../../model/errors.ts";
import { dottedPath } from "../../model/fieldProblems.ts";
import type { Job } from "../../model/job.ts";
import { type JobDefinition, mergeDefinitions } from "../../model/jobDefinition.ts";
import { overlapsOf } from "../../model/jobsOverlap.ts";
import { BadUse } from "../output/badUse.ts";
import type { Given } from "../program/given.ts";

/**
 * The jobs of the file that the environment names, each overridden by what the options say: those that the call asks
 * for, or else all that are enabled. Throws BadUse where one of them, or the file, is wrong.
 */
export async function jobsOfFile(given: Given, over: JobDefinition): Promise<Job[]> {
  const file = process.env.KUSTO_COPY_JOBS ?? "";
  const isFile = !/^[a-z]+:\/\//i.test(file);
  if (isFile && !existsSync(file)) throw new BadUse(`--config: there is no file ${file}.`);
  const declared = await readDeclaredJobs();
  if (declared.problems.length > 0) throw new BadUse(declared.problems.join(" "));
  const names = declared.jobs.map(({ name }) => name);
  const unknown = (given.job ?? []).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new BadUse(`--job: ${file} has no job of the name "${unknown}". It has ${names.join(", ")}.`);
  const wanted = declared.jobs.filter((each) =>
    given.job === undefined
      ? !("definition" in each) || each.definition.enabled !== false
      : given.job.includes(each.name),
  );
  if (wanted.length === 0) throw new BadUse(`${file} declares no job that is enabled: name one by --job.`);
  const wrong = wanted.flatMap((each) => ("problems" in each ? each.problems : []));
  if (wrong.length > 0)
    throw new BadUse(
      `${file}: ${wrong.map(({ path, detail }) => `${dottedPath(path)}: ${detail}`).join(" ")} Correct it, or choose others by --job.`,
    );
  const definitions = wanted.flatMap((each) =>
    "definition" in each ? [{ name: each.name, definition: each.definition }] : [],
  );
  const now = new Date();
  const jobs = definitions.map(({ name, definition }) => {
    try {
      return jobOfDefinition(name, mergeDefinitions(overriding(over, definition), definition), now);
    } catch (error) {
      throw new BadUse(`${file}: ${name}: ${describe(error)}`);
    }
  });
  refuseOverlaps(jobs);
  return jobs;
}

/**
 * A lake that is given by option takes the place of a job's own; jobs without one have each a folder of theirs below
 * it, as in the app.
 */
function overriding(over: JobDefinition, definition: JobDefinition): JobDefinition {
  if (definition.lake !== undefined) return over;
  const { lake: _, ...rest } = over;
  return rest;
}

function refuseOverlaps(jobs: readonly Job[]): void {
  const [first] = overlapsOf(jobs);
  if (first === undefined) return;
  const [one, other] = first.jobs;
  throw new BadUse(
    `Jobs ${one} and ${other} share ${first.what}. Give each a lake folder and tables of its own, or choose one by --job.`,
  );
}
