import type { ServerResponse } from "node:http";
import { authorize } from "./authorize.ts";
import { proxyBlob } from "./blobProxy.ts";
import { folderMark } from "./directories.ts";
import type { LakeContext } from "./lakeContext.ts";
import { LakeError } from "./lakeError.ts";
import type { LakeRequest } from "./lakeRequest.ts";
import type { Need } from "./sas.ts";

function needOf(request: LakeRequest): Need {
  const resourceType = request.filesystem === "" ? "s" : request.path === "" ? "c" : "o";
  if (request.query.get("comp") === "list") return { anyOf: "l", resourceType };
  switch (request.method) {
    case "GET":
    case "HEAD":
      return { anyOf: "r", resourceType };
    case "DELETE":
      return { anyOf: "d", resourceType };
    default:
      return { anyOf: request.header("if-none-match") === "*" ? "cw" : "w", resourceType };
  }
}

/**
 * A request of the blob protocol to a hierarchical account (`storage/blobs/data-lake-storage-known-issues.md`): it goes
 * through to the blob endpoint as it is, so that conditions on it are atomic, inside the rules that directories set.
 */
export async function blobRequest(
  context: LakeContext,
  request: LakeRequest,
  response: ServerResponse,
  lostAfterMs?: number,
): Promise<void> {
  const { filesystem, path, method } = request;
  const need = needOf(request);
  // The blob endpoint doesn't know signatures of directories: checked here, sent on with the key.
  const resign = request.query.get("sr") === "d" ? {} : undefined;
  if (resign !== undefined) authorize(context, request, need);
  const options = { lostAfterMs, ...(resign === undefined ? {} : { resign }) };
  const comp = request.query.get("comp");
  if (path === "" || filesystem === "") {
    if (method === "DELETE" && request.query.get("restype") === "container") {
      return proxyBlob(context, request, response, {
        ...options,
        afterSuccess: async () => context.directories.forget(filesystem, ""),
      });
    }
    return proxyBlob(context, request, response, options);
  }
  if (method === "PUT" && (comp === null || comp === "blocklist")) {
    authorize(context, request, need);
    await context.directories.checkParents(filesystem, path);
    // A write that must find nothing there is answered right by the blob endpoint itself.
    const mustBeAbsent = request.header("if-none-match") === "*";
    if (!mustBeAbsent && (await context.directories.isMarked(filesystem, path))) {
      throw new LakeError(
        409,
        "ResourceTypeMismatch",
        "The specified resource type does not match: the path is a directory.",
      );
    }
    return proxyBlob(context, request, response, {
      ...options,
      afterSuccess: () => context.directories.markParents(filesystem, path),
    });
  }
  if (method === "PUT" && comp === "metadata") {
    authorize(context, request, need);
    const directory = await context.directories.isMarked(filesystem, path);
    return proxyBlob(
      context,
      request,
      response,
      directory ? { lostAfterMs, resign: { [`x-ms-meta-${folderMark}`]: "true" } } : options,
    );
  }
  if (method === "DELETE" && comp === null) {
    authorize(context, request, need);
    if (await context.directories.hasChildren(filesystem, path)) {
      throw new LakeError(
        409,
        "DirectoryIsNotEmpty",
        "This operation is not permitted on a non-empty directory.",
      );
    }
    return proxyBlob(context, request, response, {
      ...options,
      afterSuccess: async () => context.directories.forget(filesystem, path),
    });
  }
  return proxyBlob(context, request, response, options);
}
