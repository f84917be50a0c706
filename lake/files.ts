import { text as textOf } from "node:stream/consumers";
import { type BlobRequestConditions, RestError } from "@azure/storage-blob";
import { Retryable } from "../model/errors.ts";
import type { Lake } from "./lake.ts";

/** A file's content below the lake folder; undefined where there is none. */
export async function readText(lake: Lake, path: string): Promise<string | undefined> {
  try {
    // One request, so that a file which is replaced at this moment comes as it was or as it is, never mixed.
    const answer = await lake.container.getBlockBlobClient(lake.blobName(path)).download();
    if (!answer.readableStreamBody) throw new Retryable(`Storage answered no content (${lake.url}/${path}).`);
    return await textOf(answer.readableStreamBody);
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

/**
 * A file's content, and the condition under which a write takes its place: that nobody has written it since. A file that there
 * isn't has the condition that there is none.
 */
export async function readForChange(
  lake: Lake,
  path: string,
): Promise<{ text: string | undefined; condition: BlobRequestConditions }> {
  try {
    const answer = await lake.container.getBlockBlobClient(lake.blobName(path)).download();
    if (!answer.readableStreamBody || answer.etag === undefined)
      throw new Retryable(`Storage answered no content (${lake.url}/${path}).`);
    return { text: await textOf(answer.readableStreamBody), condition: { ifMatch: answer.etag } };
  } catch (error) {
    if (isStatus(error, 404)) return { text: undefined, condition: { ifNoneMatch: "*" } };
    throw error;
  }
}

/** Writes a file below the lake folder in one request, whatever is there unless `conditions` say otherwise. */
export async function writeText(
  lake: Lake,
  path: string,
  text: string,
  options: { contentType?: string; conditions?: BlobRequestConditions } = {},
): Promise<void> {
  await lake.container.getBlockBlobClient(lake.blobName(path)).upload(text, Buffer.byteLength(text), {
    blobHTTPHeaders: { blobContentType: options.contentType ?? "application/json" },
    ...(options.conditions === undefined ? {} : { conditions: options.conditions }),
  });
}

export function isStatus(error: unknown, status: number): boolean {
  return error instanceof RestError && error.statusCode === status;
}
