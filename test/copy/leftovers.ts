import { expect } from "vitest";
import { type Lake, openLake } from "../../lake/lake.ts";
import { parseLake } from "../../lake/location.ts";
import type { Stack } from "../../local/stack/stack.ts";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import { tableNames } from "./drive.ts";
import type { CopyStack } from "./support.ts";

/** The lake folder of a copy that `bodyOf` asks for: that of its destination database. */
export function lakeOf(stack: Stack, database: string): Lake {
  return openLake(parseLake(`${stack.urls.lake}/copy/${database};${storageAccount.key}`));
}

/** Names of the exported files that lie in a lake folder. */
export async function stagedFiles(lake: Lake): Promise<string[]> {
  const files: string[] = [];
  if (!(await lake.container.exists())) return files;
  for await (const { name } of lake.container.listBlobsFlat({ prefix: `${lake.blobName("staged")}/` })) {
    // A hierarchical account lists folders too.
    if (/part[^/]*$/.test(name)) files.push(name);
  }
  return files;
}

/** Nothing of how a copy was made is left: no staging table, or where they are named no other than its tables; no tag of an attempt, no exported file. */
export async function nothingLeft(
  copies: CopyStack,
  database: string,
  tables?: readonly string[],
): Promise<void> {
  const names = await tableNames(copies.destination, database);
  if (tables !== undefined) expect(names).toEqual(tables.toSorted());
  expect(names.filter((name) => name.startsWith("KC_") && name !== "KC_Status")).toEqual([]);
  const extents = await copies.destination.command(database, `.show database ['${database}'] extents`);
  expect(extents.filter((extent) => String(extent.Tags).includes("kc:"))).toEqual([]);
  expect(await stagedFiles(lakeOf(copies.stack, database))).toEqual([]);
}
