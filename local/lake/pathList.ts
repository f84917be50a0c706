import { authorize } from "./authorize.ts";
import { isFolder, parentsOf } from "./directories.ts";
import type { LakeAnswer, LakeContext } from "./lakeContext.ts";
import { badRequest, notImplemented, pathNotFound } from "./lakeError.ts";
import type { LakeRequest } from "./lakeRequest.ts";

const largestPage = 5000;

interface Entry {
  readonly name: string;
  readonly directory: boolean;
  readonly length: number;
  readonly modified: Date;
  readonly etag: string;
  readonly created: Date | undefined;
}

/** 100 ns since 1601, as the service gives creation times. */
function fileTime(date: Date): string {
  return ((BigInt(date.getTime()) + 11_644_473_600_000n) * 10_000n).toString();
}

function inAnswer(entry: Entry) {
  return {
    name: entry.name,
    ...(entry.directory ? { isDirectory: "true" } : {}),
    lastModified: entry.modified.toUTCString(),
    etag: entry.etag,
    contentLength: String(entry.length),
    owner: "$superuser",
    group: "$superuser",
    permissions: entry.directory ? "rwxr-x---" : "rw-r-----",
    ...(entry.created === undefined ? {} : { creationTime: fileTime(entry.created) }),
  };
}

/** Marks the directories that only blobs written beside the lake imply, so that the listing has them. */
async function markImplied(context: LakeContext, filesystem: string, directory: string): Promise<void> {
  const prefix = directory === "" ? "" : `${directory}/`;
  const marked = new Set<string>();
  const needed = new Set<string>();
  for await (const blob of context.blobs
    .getContainerClient(filesystem)
    .listBlobsFlat({ prefix, includeMetadata: true })) {
    if (isFolder(blob.metadata)) marked.add(blob.name);
    for (const parent of parentsOf(blob.name)) if (parent.startsWith(prefix)) needed.add(parent);
  }
  for (const path of needed) if (!marked.has(path)) await context.directories.mark(filesystem, path);
}

/**
 * Path - List (`data-lake-storage-gen2/path/list`): files and directories, below a directory or right in it.
 * The continuation is the name of the last entry.
 */
export async function listPaths(context: LakeContext, request: LakeRequest): Promise<LakeAnswer> {
  authorize(context, request, { anyOf: "l", resourceType: "c" });
  const recursive = request.query.get("recursive");
  if (recursive === null)
    throw badRequest(
      "MissingRequiredQueryParameter",
      "A query parameter that's mandatory for this request is not specified: recursive.",
    );
  if (recursive !== "true" && recursive !== "false")
    throw badRequest(
      "InvalidQueryParameterValue",
      `The value '${recursive}' for the query parameter recursive is invalid.`,
    );
  if (request.query.has("beginFrom")) throw notImplemented("Listing with beginFrom");
  const directory = (request.query.get("directory") ?? "").replace(/^\/+|\/+$/g, "");
  const size = Number(request.query.get("maxResults") ?? largestPage);
  if (!Number.isInteger(size) || size < 1)
    throw badRequest(
      "OutOfRangeQueryParameterValue",
      "One of the query parameters specified in the request URI is outside the permissible range: maxResults.",
    );
  const limit = Math.min(size, largestPage);
  const container = context.blobs.getContainerClient(request.filesystem);
  if (directory !== "" && (await context.directories.kind(request.filesystem, directory)) !== "directory") {
    await container.getProperties();
    throw pathNotFound();
  }
  const continuation = request.query.get("continuation");
  const after =
    continuation === null || continuation === ""
      ? ""
      : Buffer.from(continuation, "base64url").toString("utf8");
  if (after === "") await markImplied(context, request.filesystem, directory);

  const prefix = directory === "" ? "" : `${directory}/`;
  const entries: Entry[] = [];
  // Azurite continues behind the name that its marker is.
  const pages = container
    .listBlobsFlat({ prefix, includeMetadata: true })
    .byPage({ maxPageSize: largestPage, ...(after === "" ? {} : { continuationToken: after }) });
  for await (const page of pages) {
    for (const blob of page.segment.blobItems) {
      if (recursive === "false" && blob.name.slice(prefix.length).includes("/")) continue;
      entries.push({
        name: blob.name,
        directory: isFolder(blob.metadata),
        length: blob.properties.contentLength ?? 0,
        modified: blob.properties.lastModified,
        etag: blob.properties.etag,
        created: blob.properties.createdOn,
      });
      if (entries.length > limit) break;
    }
    if (entries.length > limit) break;
  }
  const shown = entries.slice(0, limit);
  const last = shown.at(-1);
  return {
    status: 200,
    headers: {
      "x-ms-continuation":
        entries.length > limit && last !== undefined
          ? Buffer.from(last.name, "utf8").toString("base64url")
          : undefined,
    },
    body: { paths: shown.map(inAnswer) },
  };
}
