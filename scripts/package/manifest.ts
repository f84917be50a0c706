import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Entry } from "./archive.ts";
import type { InstalledPackage } from "./packages.ts";

const packageSchema = z.object({
  name: z.string(),
  version: z.string(),
  description: z.string(),
  license: z.string(),
  type: z.literal("module"),
  main: z.string(),
  engines: z.record(z.string(), z.string()),
  dependencies: z.record(z.string(), z.string()),
});

/**
 * package.json of the package, with the dependencies that the deployed code imports and no other, and a lock file of
 * their versions. Throws where the code imports what package.json doesn't list.
 */
export async function manifest(
  root: string,
  names: readonly string[],
  installed: readonly InstalledPackage[],
): Promise<Entry[]> {
  const { dependencies, ...about } = packageSchema.parse(
    JSON.parse(await readFile(join(root, "package.json"), "utf8")),
  );
  const own = Object.fromEntries(
    names.map((name) => {
      const version = dependencies[name];
      if (version === undefined) {
        throw new Error(`The deployed code imports ${name}, which package.json has not as a dependency.`);
      }
      return [name, version];
    }),
  );
  const lock = {
    name: about.name,
    version: about.version,
    lockfileVersion: 3,
    requires: true,
    packages: {
      "": { name: about.name, version: about.version, license: about.license, dependencies: own },
      ...Object.fromEntries(installed.map(({ path, entry }) => [path, entry])),
    },
  };
  return [
    { path: "package.json", data: json({ ...about, dependencies: own }) },
    { path: "package-lock.json", data: json(lock) },
  ];
}

function json(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}
