import { z } from "zod";
import { type FieldProblem, fieldProblems } from "./fieldProblems.ts";
import { jobSchema } from "./job.ts";
import { type definitionSchemaFor, type JobDefinition, mergeDefinitions } from "./jobDefinition.ts";
import { recordOf } from "./record.ts";

/*
 * A file of jobs: definitions by name, and what all of them share. It is read whole, and every wrong field told by its
 * place; a job that is wrong leaves the others as they are.
 */

/** A job as a file declares it, or what is wrong with it. */
export type DeclaredJob =
  | { readonly name: string; readonly definition: JobDefinition }
  | { readonly name: string; readonly problems: readonly FieldProblem[] };

export interface JobsFile {
  readonly jobs: readonly DeclaredJob[];
  /** What is wrong beside the jobs. */
  readonly problems: readonly FieldProblem[];
}

type DefinitionSchema = ReturnType<typeof definitionSchemaFor>;

const jobNameSchema = jobSchema.shape.name;
const NAME = "is not a name of up to 63 letters, digits, dots, dashes and underscores";

/** What all jobs of a file share: a lake folder is one job's alone. */
function defaultsSchemaOf(definition: DefinitionSchema) {
  return definition
    .omit({ lake: true })
    .meta({ title: "Defaults", description: "What every job has that says nothing else" });
}

/** The schema of a whole file, as editors want it. */
export function jobsFileSchemaOf(definition: DefinitionSchema) {
  return z
    .strictObject({
      defaults: defaultsSchemaOf(definition).optional(),
      jobs: z.record(jobNameSchema, definition).describe("Jobs by name"),
    })
    .meta({ title: "Jobs", description: "Jobs of Kusto Copy" });
}

/** The jobs of a parsed file. */
export function jobsOfFile(document: unknown, definition: DefinitionSchema): JobsFile {
  const whole = z
    .strictObject({ defaults: z.unknown(), jobs: recordOf(z.unknown()) })
    .partial({ defaults: true })
    .safeParse(document);
  // A field that there isn't, beside the jobs, is told and hurts none of them.
  const known = whole.success ? whole.data : looseSchema.safeParse(document).data;
  const shared = defaultsSchemaOf(definition).safeParse(known?.defaults ?? {});
  const ofDefaults = shared.success
    ? []
    : fieldProblems(shared.error).map(({ path, detail }) => ({ path: ["defaults", ...path], detail }));
  const jobs = Object.entries(known?.jobs ?? {}).map(([name, given]): DeclaredJob => {
    const place = (path: readonly string[]) => ["jobs", name, ...path];
    const problems: FieldProblem[] = [];
    if (!jobNameSchema.safeParse(name).success)
      problems.push({ path: place([]), detail: `The key ${NAME}.` });
    const parsed = definition.safeParse(given ?? {});
    for (const { path, detail } of parsed.success ? [] : fieldProblems(parsed.error))
      problems.push({ path: place(path), detail });
    if (problems.length > 0 || !parsed.success || !shared.success)
      return { name, problems: [...problems, ...ofDefaults] };
    return { name, definition: mergeDefinitions(parsed.data, shared.data) };
  });
  return { jobs, problems: [...(whole.success ? [] : fieldProblems(whole.error)), ...ofDefaults] };
}

const looseSchema = z.object({ defaults: z.unknown(), jobs: recordOf(z.unknown()) });
