import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(import.meta.url);
const extension = extname(here);

/** A file of `local/`, in the form that this one has: TypeScript in the sources, JavaScript in what was built. */
export function localFile(name: string): string {
  return join(dirname(here), "..", `${name}${extension}`);
}

/** The app's folder: the nearest one above that has a package.json, which names what the host loads. */
export const appFolder = nearest(dirname(here));

function nearest(folder: string): string {
  if (existsSync(join(folder, "package.json"))) return folder;
  const above = dirname(folder);
  if (above === folder) throw new Error(`No package.json in any folder above ${here}`);
  return nearest(above);
}

/** A Node that can run the files of `local/`: the one that runs this, or the project's own if this one can't read TypeScript. */
export function nodeExecutable(): string {
  if (extension === ".js" || process.features.typescript) return process.execPath;
  const packageFile = createRequire(import.meta.url).resolve("node/package.json");
  return join(dirname(packageFile), "bin", "node");
}
