import { jsonString, parseJson, printJson, textOfDynamic } from "../json.ts";
import { define, defineWithNulls } from "./define.ts";
import { boolOfText } from "./dynamicFunctions.ts";

const LETTER = /[\p{L}\p{N}]/u;

/** Whether a term stands in a text (`query/has-operator.md`): bounded by what is not alphanumeric. */
function hasTerm(text: string, term: string, mode: string): boolean {
  if (term === "") return true;
  const startsFree = mode.includes("s") || !LETTER.test(term[0] ?? "");
  const endsFree = mode.includes("e") || !LETTER.test(term.at(-1) ?? "");
  for (let at = text.indexOf(term); at >= 0; at = text.indexOf(term, at + 1)) {
    const before = text[at - 1];
    const after = text[at + term.length];
    if (
      (startsFree || before === undefined || !LETTER.test(before)) &&
      (endsFree || after === undefined || !LETTER.test(after))
    ) {
      return true;
    }
  }
  return false;
}

const expressions = new Map<string, RegExp>();

function expression(source: string, flags: string): RegExp {
  const key = `${flags}/${source}`;
  let found = expressions.get(key);
  if (found === undefined) {
    found = new RegExp(source, flags);
    if (expressions.size > 1000) expressions.clear();
    expressions.set(key, found);
  }
  return found;
}

function array(items: readonly string[]): string {
  return printJson({ kind: "array", items: items.map(jsonString) });
}

/** What `extract_all()` finds: a list of captures, or of lists where there are several (`query/extract-all-function.md`). */
function extractAll(source: string, groups: string | null, text: string): string | null {
  const wanted = groups === null ? undefined : parseJson(groups);
  const found = [...text.matchAll(expression(source, "gu"))].map((match) => {
    if (wanted?.kind !== "array") return match.slice(1).map((group) => group ?? "");
    return wanted.items.map((item) =>
      item.kind === "number"
        ? (match[Number(item.text)] ?? "")
        : item.kind === "string"
          ? (match.groups?.[item.value] ?? "")
          : "",
    );
  });
  if (found.length === 0) return null;
  return printJson({
    kind: "array",
    items: found.map((captures) =>
      captures.length === 1
        ? jsonString(captures[0] ?? "")
        : { kind: "array", items: captures.map(jsonString) },
    ),
  });
}

function decodedUrl(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

function percent(text: string, kept: RegExp): string {
  return [...new TextEncoder().encode(text)]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return kept.test(char) ? char : `%${byte.toString(16).padStart(2, "0")}`;
    })
    .join("");
}

export const textFunctions = [
  define("kusto_has", ["text", "text", "text"], "bool", (text, term, mode) =>
    mode.includes("c") ? hasTerm(text, term, mode) : hasTerm(text.toLowerCase(), term.toLowerCase(), mode),
  ),
  define("kusto_bool", ["text"], "bool", boolOfText),
  defineWithNulls("kusto_extract_all", ["text", "text", "text"], "text", (source, groups, text) =>
    source === null || text === null ? null : extractAll(source, groups, text),
  ),
  // The named groups of the first match, in their order, or nothing.
  define("kusto_match", ["text", "text", "text"], "texts", (source, flags, text) => {
    const match = expression(source, flags).exec(text);
    return match === null ? null : Object.values(match.groups ?? {}).map((group) => group ?? null);
  }),
  define("kusto_count_of", ["text", "text", "bool"], "long", (text, search, regex) => {
    if (search === "") return 0n;
    if (regex) return BigInt([...text.matchAll(expression(search, "gu"))].length);
    let count = 0n;
    for (let at = text.indexOf(search); at >= 0; at = text.indexOf(search, at + 1)) count++;
    return count;
  }),
  define("kusto_url_encode", ["text"], "text", (text) =>
    percent(text, /[A-Za-z0-9\-_.!*()]/).replaceAll("%20", "+"),
  ),
  define("kusto_url_encode_component", ["text"], "text", (text) => percent(text, /[A-Za-z0-9\-_.~]/)),
  define("kusto_url_decode", ["text"], "text", decodedUrl),
  define("kusto_base64_decode", ["text"], "text", (text) => {
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return null;
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(text, "base64"));
    } catch {
      return null;
    }
  }),
  define("kusto_split", ["text", "text"], "text", (text, delimiter) =>
    array(delimiter === "" ? [text] : text.split(delimiter)),
  ),
  define("kusto_join", ["text", "text"], "text", (items, delimiter) => {
    const value = parseJson(items);
    return value?.kind === "array" ? value.items.map(textOfDynamic).join(delimiter) : null;
  }),
  define("kusto_translate", ["text", "text", "text"], "text", (from, to, text) => {
    const targets = [...to];
    const map = new Map([...from].map((char, index) => [char, targets[index] ?? targets.at(-1) ?? ""]));
    return [...text].map((char) => map.get(char) ?? char).join("");
  }),
];
