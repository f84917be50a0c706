import type { BlobGetPropertiesResponse } from "@azure/storage-blob";
import { authorize } from "./authorize.ts";
import { conditionsOf, contentHeadersOf } from "./conditions.ts";
import { folderMark, isFolder } from "./directories.ts";
import type { LakeAnswer, LakeContext } from "./lakeContext.ts";
import { badRequest, notImplemented, pathNotFound } from "./lakeError.ts";
import type { LakeRequest } from "./lakeRequest.ts";
import { readProperties, writeProperties } from "./properties.ts";

/** Owner, group, permissions and access control list that every path has: the local lake knows one principal. */
export function accessHeaders(directory: boolean): Record<string, string> {
  return {
    "x-ms-owner": "$superuser",
    "x-ms-group": "$superuser",
    "x-ms-permissions": directory ? "rwxr-x---" : "rw-r-----",
    "x-ms-acl": directory ? "user::rwx,group::r-x,other::---" : "user::rw-,group::r--,other::---",
  };
}

async function existing(context: LakeContext, request: LakeRequest): Promise<BlobGetPropertiesResponse> {
  const container = context.blobs.getContainerClient(request.filesystem);
  if ((await context.directories.kind(request.filesystem, request.path)) === "none") {
    await container.getProperties();
    throw pathNotFound();
  }
  return container.getBlobClient(request.path).getProperties({ conditions: conditionsOf(request) });
}

/** Path - Get Properties with an action (`data-lake-storage-gen2/path/get-properties`). */
export async function getPathProperties(context: LakeContext, request: LakeRequest): Promise<LakeAnswer> {
  const action = request.query.get("action");
  if (action !== "getAccessControl" && action !== "getStatus")
    throw notImplemented(`The action ${action ?? ""}`);
  authorize(context, request, { anyOf: "re", resourceType: "o" });
  if (request.path === "") {
    const root = await context.blobs.getContainerClient(request.filesystem).getProperties();
    return {
      status: 200,
      headers: { etag: root.etag, "last-modified": root.lastModified?.toUTCString(), ...accessHeaders(true) },
    };
  }
  const found = await existing(context, request);
  const directory = isFolder(found.metadata);
  const common = {
    etag: found.etag,
    "last-modified": found.lastModified?.toUTCString(),
    ...accessHeaders(directory),
  };
  if (action === "getAccessControl") return { status: 200, headers: common };
  return {
    status: 200,
    headers: {
      ...common,
      "content-length": String(found.contentLength ?? 0),
      "content-type": found.contentType,
      "x-ms-resource-type": directory ? "directory" : "file",
      "x-ms-properties": writeProperties(found.metadata),
      "x-ms-creation-time": found.createdOn?.toUTCString(),
    },
  };
}

/** Path - Update with `action=setProperties`: user properties and what is said of the content. */
export async function setPathProperties(context: LakeContext, request: LakeRequest): Promise<LakeAnswer> {
  authorize(context, request, { anyOf: "w", resourceType: "o" });
  if (request.path === "") throw badRequest("InvalidUri", "The request URI is invalid: it names no path.");
  const found = await existing(context, request);
  const blob = context.blobs.getContainerClient(request.filesystem).getBlobClient(request.path);
  const metadata = readProperties(request.header("x-ms-properties"));
  await blob.setMetadata(isFolder(found.metadata) ? { ...metadata, [folderMark]: "true" } : metadata, {
    conditions: conditionsOf(request),
  });
  const done = await blob.setHTTPHeaders(contentHeadersOf(request, httpHeadersOf(found)));
  return { status: 200, headers: { etag: done.etag, "last-modified": done.lastModified?.toUTCString() } };
}

/** What a blob's properties say of its content, to be said again when it is written anew. */
export function httpHeadersOf(found: BlobGetPropertiesResponse) {
  return {
    ...(found.cacheControl === undefined ? {} : { blobCacheControl: found.cacheControl }),
    ...(found.contentType === undefined ? {} : { blobContentType: found.contentType }),
    ...(found.contentEncoding === undefined ? {} : { blobContentEncoding: found.contentEncoding }),
    ...(found.contentLanguage === undefined ? {} : { blobContentLanguage: found.contentLanguage }),
    ...(found.contentDisposition === undefined ? {} : { blobContentDisposition: found.contentDisposition }),
  };
}
