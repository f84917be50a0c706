import { type Lake, openLake } from "../../lake/lake.ts";
import { parseLake } from "../../lake/location.ts";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import { startLakeForTests } from "../local/lake/azuriteForTests.ts";

/** Real storage. `open` gives a lake as a fresh process has it: one that has read nothing yet. */
export async function startStorage(): Promise<{
  open: (path: string) => Lake;
  url: string;
  stop: () => Promise<void>;
}> {
  const stack = await startLakeForTests();
  return {
    open: (path) => openLake(parseLake(`${stack.lake.url}/${path};${storageAccount.key}`)),
    url: stack.lake.url,
    stop: stack.stop,
  };
}

export async function put(lake: Lake, path: string, text: string): Promise<void> {
  await lake.container.getBlockBlobClient(lake.blobName(path)).upload(text, Buffer.byteLength(text));
}

export async function get(lake: Lake, path: string): Promise<string> {
  return (await lake.container.getBlockBlobClient(lake.blobName(path)).downloadToBuffer()).toString();
}

export async function remove(lake: Lake, path: string): Promise<void> {
  await lake.container.deleteBlob(lake.blobName(path));
}

/** Names of all files below the lake folder. */
export async function files(lake: Lake, folder = ""): Promise<string[]> {
  const prefix = lake.blobName(folder);
  const names: string[] = [];
  for await (const blob of lake.container.listBlobsFlat({ prefix, includeMetadata: true })) {
    // A hierarchical account lists its folders too.
    if (blob.metadata?.hdi_isfolder !== "true") names.push(blob.name.slice(lake.blobName("").length));
  }
  return names;
}
