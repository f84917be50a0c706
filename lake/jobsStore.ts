import { text as textOf } from "node:stream/consumers";
import { Retryable } from "../model/errors.ts";
import { isStatus } from "./files.ts";
import type { Lake } from "./lake.ts";
import { ensureContainer } from "./stagedFiles.ts";

/*
 * Jobs that are put over HTTP: `jobs/<name>.json` in a lake folder, one file each.
 *
 * Invariant: a file is written or deleted on the condition that it still is what its writer has seen (`If-Match`,
 * `If-None-Match: *`), so that of two writers one is told, and neither's change is lost.
 */

export interface StoredJob {
  readonly name: string;
  readonly etag: string;
  /** The file's content, parsed; undefined where it is no JSON. */
  readonly definition: unknown;
}

/** What a writer has seen: a version of the file, or that there was none. */
export type Seen = { readonly etag: string } | "nothing";

const FOLDER = "jobs/";

/** URL of a stored job's file, for messages. */
export function storedJobUrl(lake: Lake, name: string): string {
  return `${lake.url}/${pathOf(name)}`;
}

/** All stored jobs. None where the folder or its container doesn't exist. */
export async function readStoredJobs(lake: Lake): Promise<StoredJob[]> {
  const prefix = lake.blobName(FOLDER);
  const found: StoredJob[] = [];
  try {
    for await (const blob of lake.container.listBlobsFlat({ prefix })) {
      const name = /^([^/]+)\.json$/.exec(blob.name.slice(prefix.length))?.[1];
      const stored = name === undefined ? undefined : await readStoredJob(lake, name);
      if (stored) found.push(stored);
    }
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
  return found;
}

export async function readStoredJob(lake: Lake, name: string): Promise<StoredJob | undefined> {
  try {
    // One request, so that content and version belong together.
    const answer = await fileOf(lake, name).download();
    if (!answer.readableStreamBody || answer.etag === undefined)
      throw new Retryable(`Storage answered no content (${storedJobUrl(lake, name)}).`);
    return { name, etag: answer.etag, definition: parsed(await textOf(answer.readableStreamBody)) };
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

/** Writes a job where its file still is what was seen. The new version, or undefined where somebody else was first. */
export async function writeStoredJob(
  lake: Lake,
  name: string,
  definition: object,
  seen: Seen,
): Promise<string | undefined> {
  await ensureContainer(lake);
  const text = JSON.stringify(definition, undefined, 2);
  try {
    const answer = await fileOf(lake, name).upload(text, Buffer.byteLength(text), {
      conditions: seen === "nothing" ? { ifNoneMatch: "*" } : { ifMatch: seen.etag },
      blobHTTPHeaders: { blobContentType: "application/json" },
    });
    return answer.etag;
  } catch (error) {
    if (isOutrun(error)) return undefined;
    throw error;
  }
}

/** Deletes a job where its file still is what was seen; false where somebody else was first. */
export async function deleteStoredJob(lake: Lake, name: string, etag: string): Promise<boolean> {
  try {
    await fileOf(lake, name).delete({ conditions: { ifMatch: etag } });
    return true;
  } catch (error) {
    if (isOutrun(error)) return false;
    throw error;
  }
}

function isOutrun(error: unknown): boolean {
  return [404, 409, 412].some((status) => isStatus(error, status));
}

function pathOf(name: string): string {
  return `${FOLDER}${name}.json`;
}

function fileOf(lake: Lake, name: string) {
  return lake.container.getBlockBlobClient(lake.blobName(pathOf(name)));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
