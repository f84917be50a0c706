import { readDefinition } from "../activities/jobs/definition.ts";
import { describe } from "../model/errors.ts";
import { pointerOf } from "../model/fieldProblems.ts";
import type { JobDefinition } from "../model/jobDefinition.ts";
import type { FieldProblem } from "./problem.ts";

/** Body of `POST /api/copies`, read and held against the schema of definitions: every wrong field is named. */
export function readCopyRequest(
  text: string,
): { ok: true; request: JobDefinition } | { ok: false; errors: FieldProblem[] } {
  let body: unknown;
  try {
    body = text.trim() === "" ? {} : JSON.parse(text);
  } catch (error) {
    return { ok: false, errors: [{ pointer: "", detail: `The body is no JSON: ${describe(error)}` }] };
  }
  const read = readDefinition(body);
  if (read.ok) return { ok: true, request: read.definition };
  const errors = read.problems.map(({ path, detail }) => ({ pointer: pointerOf(path), detail }));
  return { ok: false, errors };
}
