import { authorize } from "./authorize.ts";
import { conditionsOf } from "./conditions.ts";
import type { LakeAnswer, LakeContext } from "./lakeContext.ts";
import { notImplemented } from "./lakeError.ts";
import type { LakeRequest } from "./lakeRequest.ts";
import { readProperties, writeProperties } from "./properties.ts";

const pageSize = 5000;

/** Filesystem - List (`data-lake-storage-gen2/filesystem/list`). */
export async function listFilesystems(context: LakeContext, request: LakeRequest): Promise<LakeAnswer> {
  authorize(context, request, { anyOf: "l", resourceType: "s" });
  const prefix = request.query.get("prefix");
  const continuation = request.query.get("continuation");
  const pages = context.blobs.listContainers(prefix === null ? {} : { prefix }).byPage({
    maxPageSize: Math.min(Number(request.query.get("maxResults") ?? pageSize), pageSize),
    ...(continuation === null ? {} : { continuationToken: continuation }),
  });
  for await (const page of pages) {
    return {
      status: 200,
      headers: { "x-ms-continuation": page.continuationToken === "" ? undefined : page.continuationToken },
      body: {
        filesystems: page.containerItems.map((item) => ({
          name: item.name,
          lastModified: item.properties.lastModified.toUTCString(),
          etag: item.properties.etag,
        })),
      },
    };
  }
  return { status: 200, body: { filesystems: [] } };
}

/** Filesystem - Create, Delete, Get Properties, Set Properties. */
export async function filesystemOperation(context: LakeContext, request: LakeRequest): Promise<LakeAnswer> {
  const container = context.blobs.getContainerClient(request.filesystem);
  switch (request.method) {
    case "PUT": {
      authorize(context, request, { anyOf: "cw", resourceType: "c" });
      const made = await container.create({ metadata: readProperties(request.header("x-ms-properties")) });
      return {
        status: 201,
        headers: {
          etag: made.etag,
          "last-modified": made.lastModified?.toUTCString(),
          "x-ms-namespace-enabled": "true",
        },
      };
    }
    case "DELETE":
      authorize(context, request, { anyOf: "d", resourceType: "c" });
      await container.delete({ conditions: conditionsOf(request) });
      context.directories.forget(request.filesystem, "");
      return { status: 202 };
    case "HEAD": {
      authorize(context, request, { anyOf: "r", resourceType: "c" });
      const found = await container.getProperties();
      return {
        status: 200,
        headers: {
          etag: found.etag,
          "last-modified": found.lastModified?.toUTCString(),
          "x-ms-properties": writeProperties(found.metadata),
          "x-ms-namespace-enabled": "true",
        },
      };
    }
    case "PATCH": {
      authorize(context, request, { anyOf: "w", resourceType: "c" });
      const done = await container.setMetadata(readProperties(request.header("x-ms-properties")), {
        conditions: conditionsOf(request),
      });
      return { status: 200, headers: { etag: done.etag, "last-modified": done.lastModified?.toUTCString() } };
    }
    default:
      throw notImplemented(`${request.method} on a filesystem`);
  }
}
