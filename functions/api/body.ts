import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import type { z } from "zod";
import { describe } from "../../model/errors.ts";
import { fieldProblems, pointerOf } from "../../model/fieldProblems.ts";
import { type FieldProblem, problem } from "./problem.ts";

export type Body<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: HttpResponseInit };

/** A request's body, held against a schema; one that is left out is `{}`. The refusal names every wrong field. */
export async function readBody<T extends z.ZodType>(
  request: HttpRequest,
  schema: T,
): Promise<Body<z.infer<T>>> {
  const text = await request.text();
  let body: unknown;
  try {
    body = text.trim() === "" ? {} : JSON.parse(text);
  } catch (error) {
    return invalid([{ pointer: "", detail: `The body is no JSON: ${describe(error)}` }]);
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return { ok: true, value: parsed.data };
  return invalid(
    fieldProblems(parsed.error).map(({ path, detail }) => ({ pointer: pointerOf(path), detail })),
  );
}

function invalid(errors: readonly FieldProblem[]): { ok: false; refusal: HttpResponseInit } {
  const refusal = problem(
    400,
    "The request is not valid.",
    "Correct the fields that are named and send it again.",
    {
      errors,
    },
  );
  return { ok: false, refusal };
}
