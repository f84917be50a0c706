import { semanticError, syntaxError } from "../kustoError.ts";
import type { Analysis } from "./language.ts";
import { wrap } from "./syntax.ts";

/**
 * What the parser objects to and Kusto doesn't: the path of `extract_json()` may be computed for each row
 * (`query/extract-json-function.md` asks for a string, not for a constant).
 */
function allowed(code: string, at: number, length: number, analysis: Analysis): boolean {
  if (code !== "KS129") return false;
  const root = analysis.Syntax;
  if (root === null) return false;
  let node = root.GetNodeAt(at, length);
  for (; node !== null && node !== undefined; node = node.Parent) {
    if (wrap(node).kind === "FunctionCallExpression") {
      return /^extract_?json\s*\(/.test((node.toString() ?? "").trim());
    }
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
