import { clipped, type Out, widthOf } from "./terminal.ts";

/** Lines at the end of a terminal that are drawn over again and again. */
export interface Frame {
  /** Draws the lines in place of the last ones: as many as fit. */
  readonly draw: (lines: readonly string[]) => void;
  /** Writes a text above the lines, to stay. */
  readonly print: (text: string) => void;
  /** Takes the lines away. */
  readonly clear: () => void;
  /** Leaves the lines as they are, and gives the cursor back. */
  readonly end: () => void;
}

const HIDE = "\u001b[?25l";
const SHOW = "\u001b[?25h";
const ERASE_LINE = "\u001b[K";
const ERASE_BELOW = "\u001b[J";

/** Rows and columns of a terminal; where it doesn't tell, those of the oldest ones. */
export function sizeOf(out: Out): { columns: number; rows: number } {
  return { columns: Math.max(20, out.columns || 80), rows: Math.max(4, out.rows || 24) };
}

/**
 * Draws by moving up over what was drawn and writing anew. After the terminal was made narrower, its old lines take
 * more rows than they were, as terminals break them: that many are gone over.
 */
export function createFrame(out: Out): Frame {
  let drawn: string[] = [];
  let hidden = false;

  const over = (): string => {
    const { columns, rows } = sizeOf(out);
    const up = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
    return up === 0 ? "" : `\u001b[${Math.min(up, rows - 1)}A\r`;
  };
  const show = (lines: readonly string[], before: string): void => {
    const { columns, rows } = sizeOf(out);
    // The cursor's own row is the last one; the last column is left free, as some terminals wrap there.
    const next = lines.slice(0, rows - 1).map((line) => clipped(line, columns - 1));
    const text = next.map((line) => `${line}${ERASE_LINE}\n`).join("");
    out.write(`${hidden ? "" : HIDE}${over()}${before}${text}${ERASE_BELOW}`);
    hidden = true;
    drawn = next;
  };
  const reveal = (): void => {
    if (hidden) out.write(SHOW);
    hidden = false;
  };
  return {
    draw: (lines) => show(lines, ""),
    print: (text) => {
      const lines = text.endsWith("\n") ? text : `${text}\n`;
      show(drawn, lines.replaceAll("\n", `${ERASE_LINE}\n`));
    },
    clear: () => {
      if (drawn.length > 0) out.write(`${over()}${ERASE_BELOW}`);
      drawn = [];
      reveal();
    },
    end: () => {
      drawn = [];
      reveal();
    },
  };
}
