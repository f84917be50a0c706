import { createRequire } from "node:module";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(import.meta.url);
const extension = extname(here);

/** A file of `local/`, in the form that this one has: TypeScript in the sources, JavaScript in what was built. */
export function localFile(name: string): string {
  return join(dirname(here), "..", `${name}${extension}`);
}

/** The folder that holds the app: the repository, or `dist` once built. */
export const appFolder = resolve(dirname(here), "../..");

/** A Node that can run the files of `local/`: the one that runs this, or the project's own if this one can't read TypeScript. */
export function nodeExecutable(): string {
  if (extension === ".js" || process.features.typescript) return process.execPath;
  const packageFile = createRequire(import.meta.url).resolve("node/package.json");
  return join(dirname(packageFile), "bin", "node");
}
