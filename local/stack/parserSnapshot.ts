import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { cachedDataVersionTag } from "node:v8";
import { z } from "zod";
import { nodeExecutable } from "./siblings.ts";

/*
 * Microsoft's parser takes two seconds of processor time to come to its first answer, in each local Kusto. A snapshot of a
 * process that has made it saves them (`node --build-snapshot`); whoever starts many local Kustos makes one first.
 */

const require = createRequire(import.meta.url);
const PARSER = "@kusto/language-service-next";
const SCRIPTS = ["bridge.min.js", "Kusto.Language.Bridge.min.js"];

/** What a local Kusto needs of the parser first: the grammars of queries and of commands. */
const WARMING = `;(() => {
  const { GlobalState, KustoCode } = globalThis.Kusto.Language;
  KustoCode.ParseAndAnalyze("T | take 1", GlobalState.Default);
  KustoCode.Parse(".show tables");
})();`;

const packageSchema = z.object({ version: z.string() });

/** Where the snapshot is kept: beside the packages, for this Node on this processor and this parser alone. */
function snapshotFile(): string {
  const manifest = require.resolve(`${PARSER}/package.json`);
  const { version } = packageSchema.parse(JSON.parse(readFileSync(manifest, "utf8")));
  const node = `${process.version}-${process.platform}-${process.arch}-${cachedDataVersionTag()}`;
  return join(dirname(manifest), "../../.cache/kusto-copy", `parser-${version}-${node}.blob`);
}

/** What Node is told to start with the parser's snapshot; nothing where none was made for this Node. */
export function parserSnapshotArguments(): string[] {
  if (nodeExecutable() !== process.execPath) return [];
  const file = snapshotFile();
  return existsSync(file) ? ["--snapshot-blob", file] : [];
}

/** Makes the snapshot, unless it is there. Throws where this Node can't. */
export async function makeParserSnapshot(): Promise<void> {
  const file = snapshotFile();
  if (existsSync(file)) return;
  await mkdir(dirname(file), { recursive: true });
  const folder = await mkdtemp(`${file}-`);
  try {
    const scripts = await Promise.all(
      SCRIPTS.map((script) => readFile(require.resolve(`${PARSER}/${script}`), "utf8")),
    );
    const entry = join(folder, "parser.js");
    await writeFile(entry, [...scripts, WARMING].join("\n;\n"));
    const made = join(folder, "parser.blob");
    await promisify(execFile)(process.execPath, ["--snapshot-blob", made, "--build-snapshot", entry]);
    // Another process may be making it too: whole it is the same.
    await rename(made, file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
