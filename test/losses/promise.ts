import { ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { expect } from "vitest";
import type { Stack } from "../../local/stack/stack.ts";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import { commandsOf, createIdTable, idsOf, loadIds, tableNames, wholeRanges } from "../copy/drive.ts";
import { nothingLeft } from "../copy/leftovers.ts";
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

/** How many exports of a table the source was asked for. */
export async function exportsOf(copies: CopyStack, database: string, table: string): Promise<number> {
  const ofTable = new RegExp(`^\\.export.*<\\|.*${table}\\b`, "s");
  return (await commandsOf(copies.source, database)).filter((text) => ofTable.test(text)).length;
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
