import type { z } from "zod";

/** A field that is not what it should be, by its place in the whole. */
export interface FieldProblem {
  readonly path: readonly string[];
  readonly detail: string;
}

/** Every wrong field of what a schema refused; of fields that there aren't, each by itself. */
export function fieldProblems(error: z.ZodError): FieldProblem[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({ path: [...path, key], detail: "There is no such field." }));
    }
    return [{ path, detail: issue.message }];
  });
}

/** The place as a JSON pointer (RFC 6901): `/tables/include/0`. */
export function pointerOf(path: readonly string[]): string {
  return path.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The place as people write it: `jobs.storms.tables.include[0]`, `jobs.storms.tables.queries["My.Table"]`. */
export function dottedPath(path: readonly string[]): string {
  return path.reduce((place, part) => {
    if (/^\d+$/.test(part)) return `${place}[${part}]`;
    if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(part)) return `${place}[${JSON.stringify(part)}]`;
    return place === "" ? part : `${place}.${part}`;
  }, "");
}
