import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Entry } from "./archive.ts";

const dependenciesSchema = z.record(z.string(), z.string()).optional();
const installedSchema = z.looseObject({
  version: z.string().optional(),
  dependencies: dependenciesSchema,
  optionalDependencies: dependenciesSchema,
  peerDependencies: dependenciesSchema,
  peerDependenciesMeta: z.record(z.string(), z.looseObject({ optional: z.boolean().optional() })).optional(),
});
const lockSchema = z.looseObject({
  lockfileVersion: z.number(),
  packages: z.record(z.string(), installedSchema),
});
type Installed = z.infer<typeof installedSchema>;

/** A package as the lock file has it: `node_modules/…`, and what it says of it. */
export interface InstalledPackage {
  readonly path: string;
  readonly entry: Installed;
}

export interface Packages {
  readonly installed: readonly InstalledPackage[];
  readonly files: readonly Entry[];
}

/**
 * These packages and all that they need, in the versions of package-lock.json and from node_modules as it is installed.
 * What Node never loads is left out. Throws where one isn't installed.
 */
export async function readPackages(root: string, names: readonly string[]): Promise<Packages> {
  const lock = lockSchema.parse(JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")));
  const installed = closure(lock.packages, names);
  const files: Entry[] = [];
  for (const { path } of installed) {
    if (!path.includes("node_modules/@types/")) await addFolder(root, path, files);
  }
  return { installed, files };
}

function closure(lock: Readonly<Record<string, Installed>>, names: readonly string[]): InstalledPackage[] {
  const found = new Map<string, Installed>();
  const waiting = names.map((name) => resolved(lock, "", name));
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const entry = lock[path];
    if (entry === undefined || found.has(path)) continue;
    found.set(path, entry);
    for (const name of needed(entry)) waiting.push(resolved(lock, path, name));
  }
  return [...found].map(([path, entry]) => ({ path, entry })).toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Optional packages are for what this app doesn't use: other platforms and other tools. */
function needed(entry: Installed): string[] {
  const peers = Object.keys(entry.peerDependencies ?? {}).filter(
    (name) => entry.peerDependenciesMeta?.[name]?.optional !== true,
  );
  return [...Object.keys(entry.dependencies ?? {}), ...peers].filter(
    (name) => entry.optionalDependencies?.[name] === undefined,
  );
}

/** Where Node finds a package that one at `from` asks for: nearest first. */
function resolved(lock: Readonly<Record<string, Installed>>, from: string, name: string): string {
  for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf("/node_modules/")))) {
    const path = base === "" ? `node_modules/${name}` : `${base}/node_modules/${name}`;
    if (lock[path] !== undefined) return path;
    if (base === "" || !base.includes("/node_modules/")) {
      const top = `node_modules/${name}`;
      if (lock[top] !== undefined) return top;
      throw new Error(`package-lock.json has no ${name}, which ${from || "the app"} needs.`);
    }
  }
}

/** Types, source maps, sources, documentation, tests, and builds for browsers. */
const NEVER_LOADED =
  /\.(?:map|[mc]?ts|tsx|md|markdown|flow|tsbuildinfo)$|(?:^|\/)(?:\.github|\.vscode|__tests__|tests?|docs|examples?|coverage|react-native)\/|(?:^|\/)dist(?:-esm)?\/(?:browser|react-native|workerd)\//i;

async function addFolder(root: string, path: string, files: Entry[]): Promise<void> {
  const folder = join(root, path);
  for (const item of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const file = join(item.parentPath, item.name);
    const inside = file.slice(folder.length + 1).replaceAll("\\", "/");
    // Packages within it are in the lock file by themselves.
    if (!item.isFile() || inside.startsWith("node_modules/") || NEVER_LOADED.test(inside)) continue;
    files.push({ path: `${path}/${inside}`, data: await readFile(file) });
  }
}
