import { authorize } from "./authorize.ts";
import { conditionsOf, contentHeadersOf } from "./conditions.ts";
import { folderMark } from "./directories.ts";
import type { LakeAnswer, LakeContext } from "./lakeContext.ts";
import { badRequest, blobErrorCode, notImplemented, pathAlreadyExists, pathConflict } from "./lakeError.ts";
import type { LakeRequest } from "./lakeRequest.ts";
import { renamePath } from "./pathRename.ts";
import { readProperties } from "./properties.ts";

const refusedHeaders = [
  "x-ms-permissions",
  "x-ms-umask",
  "x-ms-owner",
  "x-ms-group",
  "x-ms-acl",
  "x-ms-proposed-lease-id",
  "x-ms-lease-duration",
  "x-ms-expiry-option",
  "x-ms-expiry-time",
  "x-ms-encryption-key",
  "x-ms-encryption-context",
];

/** Path - Create (`data-lake-storage-gen2/path/create`): a file, a directory, or the new name of one. */
export async function createPath(context: LakeContext, request: LakeRequest): Promise<LakeAnswer> {
  for (const name of refusedHeaders) {
    if (request.header(name) !== undefined) throw notImplemented(`Creating a path with the header ${name}`);
  }
  if (request.path === "") throw badRequest("InvalidUri", "The request URI is invalid: it names no path.");
  if (request.header("x-ms-rename-source") !== undefined) return renamePath(context, request);
  authorize(context, request, {
    anyOf: request.header("if-none-match") === "*" ? "cw" : "w",
    resourceType: "o",
  });
  const { filesystem, path } = request;
  const resource = request.query.get("resource");
  if (resource !== "file" && resource !== "directory") {
    throw badRequest(
      "InvalidQueryParameterValue",
      `The value '${resource ?? ""}' for the query parameter resource is invalid.`,
    );
  }
  const metadata = readProperties(request.header("x-ms-properties"));
  const blob = context.blobs.getContainerClient(filesystem).getBlockBlobClient(path);
  const kind = await context.directories.kind(filesystem, path);
  if (kind !== "none" && request.header("if-none-match") === "*") throw pathAlreadyExists();
  if (kind === "file" && resource === "directory") throw pathAlreadyExists();
  if (kind === "directory" && resource === "file") throw pathConflict();
  await context.directories.checkParents(filesystem, path);
  try {
    const made = await blob.upload("", 0, {
      blobHTTPHeaders: contentHeadersOf(request),
      metadata: resource === "directory" ? { ...metadata, [folderMark]: "true" } : metadata,
      conditions: conditionsOf(request),
    });
    await context.directories.markParents(filesystem, path);
    return {
      status: 201,
      headers: {
        etag: made.etag,
        "last-modified": made.lastModified?.toUTCString(),
        "x-ms-request-server-encrypted": "true",
      },
    };
  } catch (error) {
    if (blobErrorCode(error) === "BlobAlreadyExists") throw pathAlreadyExists();
    throw error;
  }
}
