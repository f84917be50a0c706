import { stripVTControlCharacters, styleText } from "node:util";

/** What the command writes to: a terminal, or a pipe. */
export interface Out {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

export type Painter = (style: Style, text: string) => string;

type Style = "red" | "green" | "yellow" | "dim" | "bold";

/** Whether colours may be used: on a terminal, unless NO_COLOR is set (https://no-color.org) or it knows none. */
export function hasColours(
  out: Out,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  return out.isTTY === true && !environment.NO_COLOR && environment.TERM !== "dumb";
}

/** Whether lines can be drawn over: a terminal that isn't a dumb one. */
export function canRedraw(
  out: Out,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  return out.isTTY === true && environment.TERM !== "dumb";
}

export function painter(colours: boolean): Painter {
  return (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text);
}

const WIDE =
  /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Extended_Pictographic}/u;

/** Columns that a text takes on a terminal. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of stripVTControlCharacters(text)) width += columnsOf(character);
  return width;
}

function columnsOf(character: string): number {
  if (/\p{M}|\p{Cf}/u.test(character)) return 0;
  return WIDE.test(character) && character > "\u00ff" ? 2 : 1;
}

/** The beginning of a text that fits so many columns, an ellipsis where it is cut; escape sequences are kept whole. */
export function clipped(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = "";
  let width = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what an escape sequence begins with
  for (const part of text.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith("\u001b[")) {
      kept += part;
      continue;
    }
    for (const character of part) {
      const more = columnsOf(character);
      if (width + more > columns - 1) return `${kept}…${text.includes("\u001b[") ? "\u001b[0m" : ""}`;
      kept += character;
      width += more;
    }
  }
  return kept;
}

export function padded(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - widthOf(text)));
}

/** Text that came from elsewhere (names, reasons), without what would steer a terminal. */
export function harmless(text: string): string {
  return stripVTControlCharacters(text).replace(/\p{Cc}/gu, " ");
}
