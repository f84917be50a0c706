import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { z } from "zod";

const require = createRequire(import.meta.url);

const MANIFEST = require.resolve("@kusto/language-service-next/package.json");

const packageSchema = z.object({ version: z.string() });
const lineSchema = z.object({ shape: z.string(), error: z.string().nullable() });

/** What the parser said of a command's shape: its error in words, or null where it finds none. */
export interface SyntaxMemory {
  readonly recall: (shape: string) => string | null | undefined;
  readonly keep: (shape: string, error: string | null) => void;
}

/**
 * Verdicts of the parser on shapes of commands, kept from one process to the next beside the installed packages, as
 * parsing one for the first time takes a tenth of a second. They depend on nothing but the parser, whose version is in the
 * file's name, and the form in which it is asked, whose number is there too. A line that can't be read, as the end of one that is
 * being written, is no verdict; where nothing can be written, none is kept.
 */
export function openSyntaxMemory(
  form: number,
  folder = join(dirname(MANIFEST), "../../.cache/kusto-copy"),
): SyntaxMemory {
  const { version } = packageSchema.parse(JSON.parse(readFileSync(MANIFEST, "utf8")));
  const file = join(folder, `syntax-${version}-${form}.jsonl`);
  const verdicts = new Map(read(file).map(({ shape, error }) => [shape, error]));
  return {
    recall: (shape) => verdicts.get(shape),
    keep: (shape, error) => {
      verdicts.set(shape, error);
      try {
        mkdirSync(folder, { recursive: true });
        appendFileSync(file, `${JSON.stringify({ shape, error })}\n`);
      } catch {
        // Packages may be installed where nobody may write: then each process asks the parser itself.
      }
    },
  };
}

function read(file: string): z.output<typeof lineSchema>[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return [];
  }
  return text.split("\n").flatMap((line) => {
    try {
      return [lineSchema.parse(JSON.parse(line))];
    } catch {
      return [];
    }
  });
}
