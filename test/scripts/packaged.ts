import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { unzipSync } from "fflate";
import { nodeExecutable } from "../../local/stack/siblings.ts";

/** The app's package, made and unpacked in an empty folder far from the project. */
export interface Packaged {
  readonly folder: string;
  readonly zipBytes: number;
  /** Paths in the zip. */
  readonly files: readonly string[];
  /** What `npm run package` prints. */
  readonly printed: string;
  readonly remove: () => Promise<void>;
}

/** Runs what `npm run package` runs after the build, and unpacks the zip that it leaves. */
export async function makePackaged(): Promise<Packaged> {
  const base = await mkdtemp(join(tmpdir(), "kusto-copy-package-"));
  const { stdout } = await promisify(execFile)(nodeExecutable(), [
    join(import.meta.dirname, "..", "..", "scripts", "package.ts"),
    ...["--out", join(base, "out")],
  ]);
  const zip = await readFile(join(base, "out", "kusto-copy.zip"));
  await rm(join(base, "out", "package"), { recursive: true });
  const folder = join(base, "unzipped");
  const entries = Object.entries(unzipSync(zip));
  for (const [path, data] of entries) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, data);
  }
  return {
    folder,
    zipBytes: zip.length,
    files: entries.map(([path]) => path),
    printed: stdout,
    remove: () => rm(base, { recursive: true, force: true }),
  };
}
