import { ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { expect } from "vitest";
import type { Stack } from "../../local/stack/stack.ts";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import { commandsOf, createIdTable, idsOf, loadIds, tableNames, wholeRanges } from "../copy/drive.ts";
import { type CopyStack, differing } from "../copy/support.ts";

export const ROWS = 300;

/** A table of ids at the source, loaded as one ingestion. */
export async function idTable(copies: CopyStack, database: string, table = "Events"): Promise<void> {
  await createIdTable(copies.source, database, table);
  await loadIds(copies.stack.urls.sourceKusto, database, table, [0, ROWS]);
}

/** The container that the lakes of tests lie in. */
export function lakeContainer(stack: Stack): ContainerClient {
  return new ContainerClient(
    `${stack.urls.blob}/copy`,
    new StorageSharedKeyCredential(storageAccount.name, storageAccount.key),
  );
}

/** Paths of the staged files of a copy to a destination database. */
export async function stagedFiles(stack: Stack, destination: string): Promise<string[]> {
  const found: string[] = [];
  const container = lakeContainer(stack);
  if (!(await container.exists())) return found;
  for await (const { name } of container.listBlobsFlat({ prefix: `${destination}/staged/` }))
    if (/\.(csv|parquet)(\.gz)?$/.test(name)) found.push(name);
  return found;
}

/** How many exports of a table the source was asked for. */
export async function exportsOf(copies: CopyStack, database: string, table: string): Promise<number> {
  const ofTable = new RegExp(`^\\.export.*<\\|.*${table}\\b`, "s");
  return (await commandsOf(copies.source, database)).filter((text) => ofTable.test(text)).length;
}

/** Nothing of how a copy was made is left at the destination or in the lake: no staging table, no attempt's tag, no file. */
export async function nothingLeft(
  copies: CopyStack,
  database: string,
  tables: readonly string[],
): Promise<void> {
  expect(await tableNames(copies.destination, database)).toEqual(tables.toSorted());
  const extents = await copies.destination.command(database, `.show database ${database} extents`);
  expect(extents.filter((extent) => String(extent.Tags).includes("kc:"))).toEqual([]);
  expect(await stagedFiles(copies.stack, database)).toEqual([]);
}

/** Each table of the destination holds what the source's does. */
export async function equal(copies: CopyStack, database: string): Promise<void> {
  expect(differing(await copies.compare(database))).toEqual([]);
}

/** A copy that is done: each row once, equal by content in each table, and nothing left over. */
export async function exact(copies: CopyStack, database: string, to = ROWS): Promise<void> {
  expect(await idsOf(copies.destination, database, "Events")).toEqual(wholeRanges([0, to]));
  await equal(copies, database);
  await nothingLeft(copies, database, await tableNames(copies.source, database));
}
