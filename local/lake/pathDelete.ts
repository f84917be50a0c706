import { authorize } from "./authorize.ts";
import { conditionsOf } from "./conditions.ts";
import { forEachBounded } from "./forEachBounded.ts";
import type { LakeAnswer, LakeContext } from "./lakeContext.ts";
import { directoryNotEmpty, isNotFound, pathNotFound } from "./lakeError.ts";
import type { LakeRequest } from "./lakeRequest.ts";

const parallel = 8;

/** Removes all below a directory: deepest names first, so that no directory goes before what lies in it. */
async function deleteBelow(context: LakeContext, filesystem: string, directory: string): Promise<void> {
  const container = context.blobs.getContainerClient(filesystem);
  const names: string[] = [];
  for await (const blob of container.listBlobsFlat({ prefix: `${directory}/`, includeUncommitedBlobs: true }))
    names.push(blob.name);
  await forEachBounded(names.reverse(), parallel, async (name) => {
    try {
      await container.deleteBlob(name, { deleteSnapshots: "include" });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  });
}

/**
 * Path - Delete (`data-lake-storage-gen2/path/delete`). A directory with something in it goes only with
 * `recursive=true`. Unlike in the service, that isn't one atomic step here: it is one blob after the other.
 */
export async function deletePath(context: LakeContext, request: LakeRequest): Promise<LakeAnswer> {
  authorize(context, request, { anyOf: "d", resourceType: "o" });
  const { filesystem, path } = request;
  const blob = context.blobs.getContainerClient(filesystem).getBlobClient(path);
  const kind = await context.directories.kind(filesystem, path);
  if (kind === "none") {
    await context.blobs.getContainerClient(filesystem).getProperties();
    throw pathNotFound();
  }
  const conditions = conditionsOf(request);
  if (kind === "directory") {
    const recursive = request.query.get("recursive") === "true";
    if (!recursive && (await context.directories.hasChildren(filesystem, path))) throw directoryNotEmpty();
    // The conditions are on the directory itself, and must hold before anything below it goes.
    await blob.getProperties({ conditions });
    await deleteBelow(context, filesystem, path);
    context.directories.forget(filesystem, path);
  }
  await blob.delete({ conditions, deleteSnapshots: "include" });
  return { status: 200 };
}
