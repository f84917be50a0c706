import { RestError } from "@azure/storage-blob";
import type { Lake } from "./lake.ts";

/** Sizes in bytes of the files in a folder below the lake folder, by name. For progress; what to ingest is never read from a listing. */
export async function fileSizes(lake: Lake, folder: string): Promise<Map<string, number>> {
  const prefix = `${lake.blobName(folder)}/`;
  const sizes = new Map<string, number>();
  for await (const blob of lake.container.listBlobsFlat({ prefix })) {
    sizes.set(blob.name.slice(prefix.length), blob.properties.contentLength ?? 0);
  }
  return sizes;
}

/**
 * Deletes a folder below the lake folder and all in it; gone already is well. On a hierarchical account the folder
 * goes in one request; on a flat one, and where the account's dfs endpoint refuses it or can't be reached (a private
 * endpoint for blobs alone), its blobs go one by one.
 */
export async function deleteFolder(lake: Lake, folder: string): Promise<void> {
  const name = lake.blobName(folder);
  const files = lake.files.getFileSystemClient(lake.location.container);
  try {
    await files.getDirectoryClient(name).delete(true);
  } catch (error) {
    if (!(error instanceof RestError) || isBusy(error.statusCode)) throw error;
  }
  const left: string[] = [];
  for await (const blob of lake.container.listBlobsFlat({ prefix: `${name}/` })) left.push(blob.name);
  // A hierarchical account that refused the folder lists the folders in it too, and each goes after what lies in it only.
  for (const each of left.reverse()) {
    // A backup may have taken snapshots: a blob that has any goes with them only.
    await lake.container.deleteBlob(each, { deleteSnapshots: "include" }).catch((error: unknown) => {
      if (!(error instanceof RestError) || error.statusCode !== 404) throw error;
    });
  }
}

/** Whether an answer's status says that the service takes the request later: it has begun it, perhaps, or is about to be there again. */
function isBusy(status: number | undefined): boolean {
  return status !== undefined && (status === 408 || status === 429 || (status >= 500 && status !== 501));
}

/** Creates the lake's container if it is missing; whether it was created. */
export async function ensureContainer(lake: Lake): Promise<boolean> {
  try {
    if (await lake.container.exists()) return false;
  } catch (error) {
    // A SAS for one container may not ask for the container's properties; writing will tell whether it is there.
    if (error instanceof RestError && error.statusCode === 403) return false;
    throw error;
  }
  const answer = await lake.container.createIfNotExists();
  return answer.succeeded;
}

/** Names of the folders directly in a folder below the lake folder; one that is empty may be told as a blob. */
export async function subfolders(lake: Lake, folder: string): Promise<string[]> {
  const prefix = `${lake.blobName(folder)}/`;
  const names = new Set<string>();
  for await (const item of lake.container.listBlobsByHierarchy("/", { prefix, includeMetadata: true })) {
    const name = item.name.slice(prefix.length).replace(/\/$/, "");
    if (name !== "" && (item.kind === "prefix" || item.metadata?.hdi_isfolder === "true")) names.add(name);
  }
  return [...names];
}
