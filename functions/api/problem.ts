import type { HttpResponseInit } from "@azure/functions";

export interface FieldProblem {
  /** JSON pointer of the field in the request's body. */
  readonly pointer: string;
  readonly detail: string;
}

/** A problem body (RFC 9457). */
export function problem(
  status: number,
  title: string,
  detail: string,
  more: { readonly errors?: readonly FieldProblem[]; readonly [member: string]: unknown } = {},
): HttpResponseInit {
  return {
    status,
    headers: { "content-type": "application/problem+json" },
    body: JSON.stringify({ type: "about:blank", title, status, detail, ...more }),
  };
}
