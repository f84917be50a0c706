import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import type { Entry } from "./archive.ts";

/** What the host loads, as package.json's `main` says. */
const ENTRY_POINT = join("dist", "functions", "index.js");
/** Folders that are never deployed, whatever imports them. */
const NOT_DEPLOYED = ["local", "cli", "test", "scripts"];

export interface AppFiles {
  readonly files: readonly Entry[];
  /** The packages that the files import, by name. */
  readonly packages: readonly string[];
}

/**
 * The built files that are reached from the entry point by imports, with the files that they name beside them
 * (`new URL("./page.html", import.meta.url)`), and the packages that they import. Throws where one of them lies in a
 * folder that isn't deployed.
 */
export async function appFiles(root: string): Promise<AppFiles> {
  const files = new Map<string, Uint8Array>();
  const packages = new Set<string>();
  const waiting = [join(root, ENTRY_POINT)];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    const path = relative(root, file).split(sep).join("/");
    if (files.has(path)) continue;
    refuseNotDeployed(path);
    const data = await readFile(file);
    if (!/\.m?js$/.test(file)) {
      files.set(path, data);
      continue;
    }
    const text = data.toString("utf8");
    files.set(path, Buffer.from(text.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n")));
    for (const specifier of importsOf(text)) {
      if (specifier.startsWith(".")) waiting.push(join(dirname(file), specifier));
      else if (!specifier.startsWith("node:")) packages.add(packageOf(specifier));
    }
    for (const asset of assetsOf(text)) {
      const beside = join(dirname(file), asset);
      if (existsSync(beside)) waiting.push(beside);
    }
  }
  return {
    files: [...files].map(([path, data]) => ({ path, data })),
    packages: [...packages].toSorted(),
  };
}

/** What a built module imports, statically or when it is needed. */
export function importsOf(text: string): string[] {
  const found = text.matchAll(
    /^\s*(?:import|export)\s[^;"']*?\bfrom\s*["']([^"']+)["']|^\s*import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/gm,
  );
  return [...found].flatMap((match) => match[1] ?? match[2] ?? match[3] ?? []);
}

function assetsOf(text: string): string[] {
  const found = text.matchAll(/new URL\(\s*["'](\.{1,2}\/[^"']+)["'],\s*import\.meta\.url\s*\)/g);
  return [...found].flatMap((match) => match[1] ?? []);
}

/** `@azure/storage-blob/x` is of `@azure/storage-blob`. */
function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function refuseNotDeployed(path: string): void {
  const folder = path.split("/")[1] ?? "";
  if (NOT_DEPLOYED.includes(folder)) {
    throw new Error(`${path} is imported by what is deployed, and ${folder}/ is not.`);
  }
}
