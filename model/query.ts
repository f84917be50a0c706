import { functionProblem } from "./query/functions.ts";
import { KEEP_INGESTION_TIME, operatorProblem, SOURCE_OPERATORS } from "./query/operators.ts";
import { type Token, tokens, Unreadable } from "./query/tokens.ts";

/*
 * The pipes that a job appends to its tables. Only what makes of each row what that row alone says can be copied window by
 * window and be verified: everything else is refused by its name.
 *
 * Invariants:
 * 1. What stands in strings and comments, and names in brackets, decides nothing; nor does white space.
 * 2. An operator or function that isn't known to be of each row alone is refused, wherever in the query it stands.
 * 3. The pipes are of one reading: what two readers of the language could end at different places is refused.
 */

export type QueryReading =
  /** The pipes as they follow a table's name, without comments; empty for an empty text. */
  { readonly ok: true; readonly pipes: string } | { readonly ok: false; readonly problem: string };

/**
 * Reads the pipes of a text: `| where … | project …`. The problem is a sentence that says what to do instead; of the text it
 * repeats no more than the name of an operator or function.
 */
export function readQuery(text: string): QueryReading {
  try {
    return { ok: true, pipes: pipesOf(tokens(text)) };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, problem: error.message };
    throw error;
  }
}

/** Why a text can't be a copy's query; nothing where it can. */
export function queryProblem(text: string): string | undefined {
  const reading = readQuery(text);
  return reading.ok ? undefined : reading.problem;
}

function pipesOf(all: readonly Token[]): string {
  const [first] = all;
  if (first === undefined) return "";
  if (!isSymbol(first, "|")) {
    throw new Unreadable(
      "It follows the name of each table, so it begins with a pipe: | where … | project ….",
    );
  }
  checkBrackets(all);
  let timed = true;
  const segments = operatorsOf(all);
  for (const { name, rest } of segments) {
    refuse(operatorProblem(name));
    checkExpressions(rest, timed);
    timed &&= KEEP_INGESTION_TIME.has(name);
  }
  return segments.map(({ name, rest }) => ` | ${name}${rest.map(written).join("")}`).join("");
}

function written(token: Token): string {
  return `${token.apart ? " " : ""}${token.text}`;
}

/** The operators one after the other, each with what follows its name. A pipe in brackets begins a query of its own. */
function operatorsOf(all: readonly Token[]): { name: string; rest: Token[] }[] {
  const found: { name: string; rest: Token[] }[] = [];
  let depth = 0;
  for (let i = 0; i < all.length; i++) {
    const token = all[i];
    if (token === undefined) break;
    if (isSymbol(token, "|")) {
      const name = operatorName(all, i + 1);
      if (depth > 0) {
        refuse(operatorProblem(found.at(-1)?.name ?? name));
        refuse(operatorProblem(name));
        throw new Unreadable("A query in brackets reads rows besides the one at hand: leave it out.");
      }
      found.push({ name, rest: [] });
      i += name.split("-").length * 2 - 1;
      continue;
    }
    if (isOpening(token)) depth++;
    if (isClosing(token)) depth--;
    found.at(-1)?.rest.push(token);
  }
  return found;
}

/** The operator's name after a pipe: words joined by hyphens, with nothing between. */
function operatorName(all: readonly Token[], at: number): string {
  const first = all[at];
  if (first?.kind !== "word") throw new Unreadable("An operator has to follow each pipe.");
  let name = first.text;
  for (let i = at + 1; ; i += 2) {
    const hyphen = all[i];
    const word = all[i + 1];
    const joined =
      hyphen !== undefined && isSymbol(hyphen, "-") && !hyphen.apart && word?.kind === "word" && !word.apart;
    if (!joined) return name;
    name += `-${word.text}`;
  }
}

function checkBrackets(all: readonly Token[]): void {
  const open: string[] = [];
  for (const [i, token] of all.entries()) {
    if (isOpening(token)) {
      const before = all[i - 1];
      const ofDynamic = open.includes("dynamic") || open.includes("{");
      if (token.text === "{" && !ofDynamic)
        throw new Unreadable(
          "Braces can stand in dynamic({…}) alone: functions can't be defined in the query.",
        );
      open.push(
        token.text === "(" && before?.kind === "word" && before.text === "dynamic" ? "dynamic" : token.text,
      );
    }
    if (isClosing(token)) {
      const opened = open.pop();
      if (opened === undefined || CLOSES[opened] !== token.text)
        throw new Unreadable("Its brackets don't match.");
    }
  }
  if (open.length > 0) throw new Unreadable("A bracket isn't closed.");
}

const CLOSES: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}", dynamic: ")" };

function checkExpressions(rest: readonly Token[], timed: boolean): void {
  for (const [i, token] of rest.entries()) {
    if (!isSymbol(token, "(")) continue;
    const before = rest[i - 1];
    if (before !== undefined && (isSymbol(before, "]") || before.kind === "string"))
      throw new Unreadable(
        "A name in quotes can't be called: it may be a stored function, which can read other tables.",
      );
    if (before?.kind === "word") checkCall(before.text, timed);
    const inner = insideOf(rest, i);
    checkSource(inner);
    if (isList(rest, i)) checkList(inner);
  }
}

function checkCall(name: string, timed: boolean): void {
  if (name !== "ingestion_time") refuse(functionProblem(name));
  else if (!timed) {
    throw new Unreadable(
      "ingestion_time() is known of a table's rows as they are stored: use it before every operator but where and extend, and keep it in a column (| extend Ingested = ingestion_time()) to use it later.",
    );
  }
}

/** A query may begin in brackets without a pipe: `in (union A, B)`. */
function checkSource(inner: readonly Token[]): void {
  const [first, second] = inner;
  if (first?.kind !== "word" || !SOURCE_OPERATORS.has(first.text)) return;
  const begins =
    second !== undefined && (second.kind !== "symbol" || isSymbol(second, "[") || isSymbol(second, "*"));
  if (begins) refuse(operatorProblem(first.text));
}

const LIST_WORDS: ReadonlySet<string> = new Set(["in", "has_any", "has_all"]);

/** Whether the bracket at this place opens the list of `in`, `in~`, `has_any` and their like. */
function isList(rest: readonly Token[], at: number): boolean {
  const before = rest[at - 1];
  const word = before !== undefined && isSymbol(before, "~") ? rest[at - 2] : before;
  return word?.kind === "word" && LIST_WORDS.has(word.text);
}

/** A list that is one name is read as a table (`kusto/query/in-operator.md`): `in (T)`, `in ((T))`, `in (['T'])`. */
function checkList(inner: readonly Token[]): void {
  let content = inner;
  while (content.length > 1 && content[0] !== undefined && isSymbol(content[0], "(")) {
    const within = insideOf(content, 0);
    if (within.length + 2 !== content.length) return;
    content = within;
  }
  const [first, name, last] = content;
  const bare =
    content.length === 1 && first?.kind === "word" && !/^\d|^(?:true|false|null)$/.test(first.text);
  const quoted =
    content.length === 3 &&
    first !== undefined &&
    last !== undefined &&
    isSymbol(first, "[") &&
    name?.kind === "string" &&
    isSymbol(last, "]");
  if (!bare && !quoted) return;
  throw new Unreadable(
    "A list that is a single name may be read as another table, which may change before the copy is verified: write the values themselves, or == for a column.",
  );
}

function insideOf(all: readonly Token[], at: number): Token[] {
  let depth = 0;
  for (let i = at; i < all.length; i++) {
    const token = all[i];
    if (token === undefined) break;
    if (isOpening(token)) depth++;
    if (isClosing(token)) depth--;
    if (depth === 0) return all.slice(at + 1, i);
  }
  return [];
}

function isSymbol(token: Token, text: string): boolean {
  return token.kind === "symbol" && token.text === text;
}

function isOpening(token: Token): boolean {
  return token.kind === "symbol" && "([{".includes(token.text);
}

function isClosing(token: Token): boolean {
  return token.kind === "symbol" && ")]}".includes(token.text);
}

function refuse(problem: string | undefined): void {
  if (problem !== undefined) throw new Unreadable(problem);
}
