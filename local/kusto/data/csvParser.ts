/** Takes text in pieces and gives records. */
export interface CsvParser {
  readonly write: (text: string) => void;
  readonly end: () => void;
}

export interface CsvStyle {
  readonly delimiter: string;
  /** Backslash escapes instead of quotes (`tsve`). */
  readonly backslash: boolean;
  /** Whether a line with nothing on it is a record: it is where records have one field. */
  readonly emptyLines: boolean;
}

export type CsvProblem = "closingQuoteMissing" | "recordTooLarge";

const MAX_RECORD = 64 * 1024 * 1024;
const ESCAPES: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", "0": "\0" };

/**
 * Reads delimiter-separated text by RFC 4180, record by record, whatever its size: the exact way, used where
 * DuckDB's fast reader would see less (ragged records, spaces before quotes, mixed line ends).
 * A quote counts where a field begins; a lone carriage return is data (`ingestion-supported-formats.md`).
 */
export function csvParser(
  style: CsvStyle,
  onRecord: (fields: string[]) => void,
  onProblem: (problem: CsvProblem) => never,
): CsvParser {
  let fields: string[] = [];
  let field = "";
  let state: "start" | "plain" | "quoted" | "quote" | "escape" = "start";
  let pendingReturn = false;
  let size = 0;
  const special = style.backslash
    ? new RegExp(`[${style.delimiter}\\n\\r\\\\]`, "g")
    : new RegExp(`[${style.delimiter === "|" ? "|" : style.delimiter}\\n\\r]`, "g");
  const add = (text: string): void => {
    field += text;
    size += text.length;
    if (size > MAX_RECORD) onProblem("recordTooLarge");
  };
  const endField = (): void => {
    fields.push(field);
    field = "";
    state = "start";
  };
  const endRecord = (): void => {
    const empty = fields.length === 0 && field === "" && state === "start";
    endField();
    if (!empty || style.emptyLines) onRecord(fields);
    fields = [];
    size = 0;
  };
  const plainRun = (text: string, from: number): number => {
    special.lastIndex = from;
    const at = special.exec(text)?.index ?? text.length;
    if (at > from) {
      add(text.slice(from, at));
      if (state === "start" || state === "quote") state = "plain";
    }
    return at;
  };
  const quotedRun = (text: string, from: number): number => {
    const at = text.indexOf('"', from);
    const end = at < 0 ? text.length : at;
    add(text.slice(from, end));
    if (at < 0) return end;
    state = "quote";
    return at + 1;
  };
  const escaped = (character: string): void => {
    add(ESCAPES[character] ?? character);
    state = "plain";
  };
  const step = (text: string, at: number): number => {
    if (state === "quoted") return quotedRun(text, at);
    const character = text.charAt(at);
    if (state === "escape") {
      escaped(character);
      return at + 1;
    }
    if (pendingReturn) {
      pendingReturn = false;
      if (character === "\n") {
        endRecord();
        return at + 1;
      }
      add("\r");
      if (state === "start" || state === "quote") state = "plain";
    }
    if (character === '"' && !style.backslash && (state === "start" || state === "quote")) {
      if (state === "quote") add('"');
      state = "quoted";
    } else if (character === style.delimiter) endField();
    else if (character === "\n") endRecord();
    else if (character === "\r") pendingReturn = true;
    else if (character === "\\" && style.backslash) state = "escape";
    else return plainRun(text, at);
    return at + 1;
  };
  return {
    write: (text) => {
      for (let at = 0; at < text.length; ) at = step(text, at);
    },
    end: () => {
      if (state === "quoted") onProblem("closingQuoteMissing");
      if (pendingReturn) add("\r");
      if (fields.length > 0 || field !== "" || state !== "start") endRecord();
    },
  };
}
