import type { BlobClient, BlobRequestConditions } from "@azure/storage-blob";
import { authorize } from "./authorize.ts";
import { conditionsOf } from "./conditions.ts";
import { forEachBounded } from "./forEachBounded.ts";
import type { LakeAnswer, LakeContext } from "./lakeContext.ts";
import {
  badRequest,
  blobErrorCode,
  LakeError,
  notImplemented,
  pathAlreadyExists,
  pathConflict,
  toLakeError,
} from "./lakeError.ts";
import { type LakeRequest, splitPath } from "./lakeRequest.ts";
import { checkSas } from "./sas.ts";

const parallel = 8;

interface Place {
  readonly filesystem: string;
  readonly path: string;
}

function sourceOf(context: LakeContext, request: LakeRequest): Place {
  const text = request.header("x-ms-rename-source") ?? "";
  const mark = text.indexOf("?");
  const place = splitPath(mark < 0 ? text : text.slice(0, mark), context.account);
  if (!text.startsWith("/") || place.path === "") {
    throw badRequest(
      "InvalidRenameSourcePath",
      "The source directory for a rename operation is invalid: it has the form /filesystem/path.",
    );
  }
  if (request.header("authorization") === undefined) {
    const sas = new URLSearchParams(mark < 0 ? request.query : text.slice(mark + 1).replaceAll("+", "%2B"));
    checkSas(sas, context.account, context.key, place, { anyOf: "md", resourceType: "o" }, new Date());
  }
  return place;
}

function sourceConditions(request: LakeRequest): BlobRequestConditions {
  const match = request.header("x-ms-source-if-match");
  const noneMatch = request.header("x-ms-source-if-none-match");
  const modified = request.header("x-ms-source-if-modified-since");
  const unmodified = request.header("x-ms-source-if-unmodified-since");
  const lease = request.header("x-ms-source-lease-id");
  return {
    ...(match === undefined ? {} : { ifMatch: match }),
    ...(noneMatch === undefined ? {} : { ifNoneMatch: noneMatch }),
    ...(modified === undefined ? {} : { ifModifiedSince: new Date(modified) }),
    ...(unmodified === undefined ? {} : { ifUnmodifiedSince: new Date(unmodified) }),
    ...(lease === undefined ? {} : { leaseId: lease }),
  };
}

async function copy(from: BlobClient, to: BlobClient, conditions: BlobRequestConditions): Promise<void> {
  const poller = await to.beginCopyFromURL(from.url, { conditions, intervalInMs: 20 });
  await poller.pollUntilDone();
}

function same(a: Place, b: Place): boolean {
  return a.filesystem === b.filesystem && a.path === b.path;
}

/**
 * The rename of Path - Create (`data-lake-storage-gen2/path/create`). Unlike in the service it isn't one atomic step
 * here: blobs are copied inside the account, then the old ones deleted. The conditions on a file do hold atomically.
 */
export async function renamePath(context: LakeContext, request: LakeRequest): Promise<LakeAnswer> {
  authorize(context, request, { anyOf: "mw", resourceType: "o" });
  if (request.query.get("mode") === "posix") throw notImplemented("A rename with mode=posix");
  if (request.header("x-ms-properties") !== undefined) throw notImplemented("A rename with x-ms-properties");
  const from = sourceOf(context, request);
  const to: Place = { filesystem: request.filesystem, path: request.path };
  const source = context.blobs.getContainerClient(from.filesystem);
  const target = context.blobs.getContainerClient(to.filesystem);
  const kind = await context.directories.kind(from.filesystem, from.path);
  if (kind === "none")
    throw new LakeError(404, "SourcePathNotFound", "The source path for a rename operation does not exist.");
  try {
    await source.getBlobClient(from.path).getProperties({ conditions: sourceConditions(request) });
  } catch (error) {
    const known = toLakeError(error);
    if (known.status !== 412 && known.status !== 304) throw error;
    throw new LakeError(
      412,
      "SourceConditionNotMet",
      "The source condition specified using HTTP conditional header(s) is not met.",
    );
  }
  if (same(from, to)) return answer(target.getBlobClient(to.path));
  if (kind === "directory" && `${to.filesystem}/${to.path}/`.startsWith(`${from.filesystem}/${from.path}/`)) {
    throw new LakeError(
      409,
      "InvalidDestinationPath",
      "The specified path, or an element of the path, exists and its resource type is invalid for this operation.",
    );
  }
  await context.directories.checkParents(to.filesystem, to.path);
  const there = await context.directories.kind(to.filesystem, to.path);
  if (there !== "none" && request.header("if-none-match") === "*") throw pathAlreadyExists();
  if (there !== "none" && there !== kind) throw pathConflict();
  if (there === "directory" && (await context.directories.hasChildren(to.filesystem, to.path)))
    throw pathAlreadyExists();

  const names: string[] = [];
  if (kind === "directory")
    for await (const blob of source.listBlobsFlat({ prefix: `${from.path}/` })) names.push(blob.name);
  try {
    await copy(source.getBlobClient(from.path), target.getBlobClient(to.path), conditionsOf(request));
  } catch (error) {
    if (blobErrorCode(error) === "BlobAlreadyExists") throw pathAlreadyExists();
    throw error;
  }
  await forEachBounded(names, parallel, (name) =>
    copy(source.getBlobClient(name), target.getBlobClient(to.path + name.slice(from.path.length)), {}),
  );
  await forEachBounded([...names.reverse(), from.path], parallel, async (name) => {
    await source.getBlobClient(name).delete({ deleteSnapshots: "include" });
  });
  context.directories.forget(from.filesystem, from.path);
  await context.directories.markParents(to.filesystem, to.path);
  return answer(target.getBlobClient(to.path));
}

async function answer(blob: BlobClient): Promise<LakeAnswer> {
  const properties = await blob.getProperties();
  return {
    status: 201,
    headers: {
      etag: properties.etag,
      "last-modified": properties.lastModified?.toUTCString(),
      "content-length": "0",
    },
  };
}
