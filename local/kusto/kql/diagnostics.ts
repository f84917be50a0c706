import { semanticError, syntaxError } from "../kustoError.ts";
import type { Analysis } from "./language.ts";
import { wrap } from "./syntax.ts";

/**
 * What the parser objects to and the documentation doesn't, by code and function: the path of `extract_json()` may be
 * computed for each row (`query/extract-json-function.md`), the seconds of `make_timespan()` may have a fraction
 * (`query/make-timespan-function.md`).
 */
const ALLOWED: Readonly<Record<string, RegExp>> = {
  KS129: /^extract_?json\s*\(/,
  KS134: /^make_timespan\s*\(/,
};

function allowed(code: string, at: number, length: number, analysis: Analysis): boolean {
  const functions = ALLOWED[code];
  const root = analysis.Syntax;
  if (functions === undefined || root === null) return false;
  let node = root.GetNodeAt(at, length);
  // The argument that is objected to may be a call itself; what counts is the call around it.
  while (
    node !== null &&
    node !== undefined &&
    node.Parent !== null &&
    node.TextStart === at &&
    node.End <= at + length
  ) {
    node = node.Parent;
  }
  for (; node !== null && node !== undefined; node = node.Parent) {
    if (wrap(node).kind === "FunctionCallExpression") return functions.test((node.toString() ?? "").trim());
  }
  return false;
}

/** Throws the first error that the parser finds, of syntax or of meaning. */
export function diagnostics(analysis: Analysis): void {
  const syntactic = new Set<string>();
  const own = analysis.GetSyntaxDiagnostics();
  for (let i = 0; own !== null && i < own.Count; i++) {
    const d = own.getItem(i);
    syntactic.add(`${d.Code}@${d.Start}`);
  }
  const all = analysis.GetDiagnostics();
  for (let i = 0; all !== null && i < all.Count; i++) {
    const d = all.getItem(i);
    if (d.Severity !== "Error" || allowed(d.Code ?? "", d.Start, d.Length, analysis)) continue;
    const message = `${d.Code}: ${d.Message}`;
    throw syntactic.has(`${d.Code}@${d.Start}`) ? syntaxError(message) : semanticError(message);
  }
}
