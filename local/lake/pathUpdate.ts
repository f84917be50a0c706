import type { BlockBlobClient } from "@azure/storage-blob";
import { authorize } from "./authorize.ts";
import { conditionsOf, contentHeadersOf } from "./conditions.ts";
import type { LakeAnswer, LakeContext } from "./lakeContext.ts";
import { badRequest, LakeError, notImplemented, pathConflict, pathNotFound } from "./lakeError.ts";
import type { LakeRequest } from "./lakeRequest.ts";
import { httpHeadersOf } from "./pathProperties.ts";

const refusedHeaders = [
  "x-ms-structured-body",
  "x-ms-content-crc64",
  "x-ms-lease-action",
  "x-ms-proposed-lease-id",
  "x-ms-encryption-key",
];

/** The name of a block tells where in the file it lies; all names of a blob must have one length. */
const blockName = (position: number) =>
  Buffer.from(`lake-${String(position).padStart(20, "0")}`).toString("base64");

function positionOf(name: string): number | undefined {
  const match = /^lake-(\d{20})$/.exec(Buffer.from(name, "base64").toString("utf8"));
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

function requiredPosition(request: LakeRequest): number {
  const text = request.query.get("position");
  if (text === null)
    throw badRequest(
      "MissingRequiredQueryParameter",
      "A query parameter that's mandatory for this request is not specified: position.",
    );
  const position = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(position)) {
    throw badRequest(
      "InvalidQueryParameterValue",
      `The value '${text}' for the query parameter position is invalid.`,
    );
  }
  return position;
}

async function fileOf(context: LakeContext, request: LakeRequest): Promise<BlockBlobClient> {
  for (const name of refusedHeaders) {
    if (request.header(name) !== undefined) throw notImplemented(`Writing a file with the header ${name}`);
  }
  const kind = await context.directories.kind(request.filesystem, request.path);
  if (kind === "directory") throw pathConflict();
  const container = context.blobs.getContainerClient(request.filesystem);
  if (kind === "none") {
    await container.getProperties();
    throw pathNotFound();
  }
  return container.getBlockBlobClient(request.path);
}

/** Path - Update with `action=append` (`data-lake-storage-gen2/path/update`): keeps the data until a flush. */
export async function appendData(context: LakeContext, request: LakeRequest): Promise<LakeAnswer> {
  authorize(context, request, { anyOf: "aw", resourceType: "o" });
  const position = requiredPosition(request);
  const lengthText = request.header("content-length");
  if (lengthText === undefined)
    throw new LakeError(411, "MissingContentLengthHeader", "The Content-Length header was not specified.");
  const length = Number(lengthText);
  if (!(length > 0))
    throw badRequest(
      "InvalidHeaderValue",
      "The value for one of the HTTP headers is not in the correct format: Content-Length must be greater than 0.",
    );
  const file = await fileOf(context, request);
  const md5 = request.header("content-md5");
  const lease = request.header("x-ms-lease-id");
  await file.stageBlock(blockName(position), request.message, length, {
    ...(md5 === undefined ? {} : { transactionalContentMD5: Buffer.from(md5, "base64") }),
    ...(lease === undefined ? {} : { conditions: { leaseId: lease } }),
  });
  if (request.query.get("flush") !== "true")
    return { status: 202, headers: { "x-ms-request-server-encrypted": "true" } };
  const flushed = await commit(file, request, position + length);
  return { status: 202, headers: { ...flushed, "x-ms-request-server-encrypted": "true" } };
}

/** Path - Update with `action=flush`: all up to the position becomes the file's content. */
export async function flushData(context: LakeContext, request: LakeRequest): Promise<LakeAnswer> {
  authorize(context, request, { anyOf: "aw", resourceType: "o" });
  if (request.query.get("retainUncommittedData") === "true")
    throw notImplemented("A flush with retainUncommittedData");
  const position = requiredPosition(request);
  const file = await fileOf(context, request);
  return { status: 200, headers: { ...(await commit(file, request, position)), "content-length": "0" } };
}

/** The blocks of the committed content. Content that came as a whole, or in another client's blocks, is staged again. */
async function committedBlocks(
  file: BlockBlobClient,
  length: number,
  blocks: readonly { name: string; size: number }[],
): Promise<string[]> {
  if (length === 0) return [];
  const total = blocks.reduce((sum, block) => sum + block.size, 0);
  if (total === length && blocks.every((block) => positionOf(block.name) !== undefined))
    return blocks.map((block) => block.name);
  const content = (await file.download()).readableStreamBody;
  if (content === undefined) throw new Error(`No content of ${file.name}`);
  await file.stageBlock(blockName(0), content, length);
  return [blockName(0)];
}

async function commit(
  file: BlockBlobClient,
  request: LakeRequest,
  position: number,
): Promise<Record<string, string | undefined>> {
  const found = await file.getProperties();
  const length = found.contentLength ?? 0;
  const list = await file.getBlockList("all");
  const fresh = (list.uncommittedBlocks ?? [])
    .flatMap((block) => {
      const at = positionOf(block.name);
      return at === undefined ? [] : [{ name: block.name, at, size: block.size }];
    })
    .sort((a, b) => a.at - b.at);
  let end = length;
  for (const block of fresh) {
    if (block.at !== end) end = Number.NaN;
    end += block.size;
  }
  if (end !== position) {
    throw badRequest(
      "InvalidFlushPosition",
      "The uploaded data is not contiguous or the position query parameter value is not equal to the length of the file after appending the uploaded data.",
    );
  }
  const committed = await committedBlocks(file, length, list.committedBlocks ?? []);
  const done = await file.commitBlockList([...committed, ...fresh.map((block) => block.name)], {
    blobHTTPHeaders: contentHeadersOf(request, httpHeadersOf(found)),
    ...(found.metadata === undefined ? {} : { metadata: found.metadata }),
    conditions: conditionsOf(request),
  });
  return { etag: done.etag, "last-modified": done.lastModified?.toUTCString() };
}
