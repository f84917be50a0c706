/// <reference types="@kusto/language-service-next" />
import { KustoError } from "../kustoError.ts";
import { language } from "../parser.ts";
import { tokenAt } from "./lexer.ts";
import { openSyntaxMemory } from "./syntaxMemory.ts";

/**
 * Documented forms that the parser knows less of than the documentation: two queries in braces
 * (`replace-extents.md`), `false` for ingestion time (`alter-ingestion-time-policy-command.md`), tags dropped from a table
 * (`drop-extent-tags.md`, examples), data that isn't the language at all (`ingest-inline.md`), and a script, whose
 * commands are checked one by one (`execute-database-script.md`).
 */
const BEYOND_THE_PARSER = [
  /^\.\s*replace\s+(async\s+)?extents\b/i,
  /\bpolicy\s+ingestiontime\s+false\s*$/i,
  /^\.\s*show\s+principal\s*$/i,
  /^\.\s*drop\s+extent\s+tags\s+from\b/i,
  /^\.\s*ingest\s+inline\b/i,
  /^\.\s*execute\s+database\s+script\b/i,
];

/** Which form of `errorIn` made a verdict: another number where that says anything else of a command than it did. */
const VERDICTS = 1;

const memory = openSyntaxMemory(VERDICTS);

/**
 * The command with what varies from one to the next taken out: names in brackets, strings, guids, datetimes, and the
 * query that follows, which is parsed when it is run. Parsing a command takes the parser a tenth of a second, and
 * most commands are of few shapes.
 */
function shapeOf(text: string): string {
  const parts: string[] = [];
  const gaps: string[] = [];
  let last = 0;
  const add = (part: string, start: number, end: number): void => {
    // A list of any length has the shape of a list of one.
    const repeated = parts.at(-1) === "," && parts.at(-2) === part && /^(\[|'|[0-9a-f]{8}-)/.test(part);
    if (repeated) {
      parts.pop();
      gaps.pop();
    } else {
      parts.push(part);
      gaps.push(start === last ? "" : " ");
    }
    last = end;
  };
  for (let token = tokenAt(text, 0); token.kind !== "end"; token = tokenAt(text, last)) {
    const { kind, start, end } = token;
    if (kind === "string") add("'x'", start, end);
    else if (kind === "name") add("['x']", start, end);
    else if (kind === "value" && token.text.length === 36)
      add("00000000-0000-0000-0000-000000000000", start, end);
    else add(token.text, start, end);
    if (kind === "punctuation" && token.text === "<|") {
      parts.push("T");
      gaps.push(" ");
      break;
    }
    if (
      kind === "word" &&
      /^(datetime|timespan|time)$/i.test(token.text) &&
      tokenAt(text, end).text === "("
    ) {
      const close = text.indexOf(")", end);
      if (close < 0) break;
      add(/^datetime$/i.test(token.text) ? "(2023-03-10)" : "(1d)", end, close + 1);
    }
  }
  return parts.map((part, index) => `${gaps[index] ?? ""}${part}`).join("");
}

function errorIn(shape: string): string | null {
  const diagnostics = language.KustoCode.Parse(shape)?.GetDiagnostics();
  for (let at = 0; at < (diagnostics?.Count ?? 0); at += 1) {
    const found = diagnostics?.getItem(at);
    if (found === undefined || found === null || found.Severity !== "Error") continue;
    const near =
      shape.slice(found.Start, found.Start + Math.max(found.Length, 1)) || "the end of the command";
    return `Syntax error: ${found.Code}: ${found.Message} (at '${near}')`;
  }
  return null;
}

/** Fails where Microsoft's own parser finds an error in the command. */
export function checkSyntax(text: string): void {
  if (BEYOND_THE_PARSER.some((form) => form.test(text))) return;
  const shape = shapeOf(text);
  let error = memory.recall(shape);
  if (error === undefined) {
    error = errorIn(shape);
    memory.keep(shape, error);
  }
  if (error !== null)
    throw new KustoError(400, "General_BadRequest", "Kusto.Data.Exceptions.SyntaxException", error, true);
}
