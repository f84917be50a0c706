import { RestError } from "@azure/storage-blob";
import { z } from "zod";

/** An error as the data-lake endpoint answers it: status, code and message (`rest/api/storageservices/data-lake-storage-gen2`). */
export class LakeError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "LakeError";
    this.status = status;
    this.code = code;
  }
}

export const pathNotFound = () => new LakeError(404, "PathNotFound", "The specified path does not exist.");

export const pathAlreadyExists = () =>
  new LakeError(409, "PathAlreadyExists", "The specified path already exists.");

export const pathConflict = () =>
  new LakeError(
    409,
    "PathConflict",
    "The specified path, or an element of the path, exists and its resource type is invalid for this operation.",
  );

export const directoryNotEmpty = () =>
  new LakeError(
    409,
    "DirectoryNotEmpty",
    "The recursive query parameter value must be true to delete a non-empty directory.",
  );

export const authenticationFailed = (why: string) =>
  new LakeError(
    403,
    "AuthenticationFailed",
    `Server failed to authenticate the request. Make sure the value of the Authorization header is formed correctly including the signature. ${why}`,
  );

export const badRequest = (code: string, message: string) => new LakeError(400, code, message);

/** What the local data lake doesn't do is refused by its name, never accepted without effect. */
export const notImplemented = (what: string) =>
  new LakeError(501, "NotImplemented", `${what} is not supported by the local data lake.`);

const details = z.object({ errorCode: z.string() });

/** The storage error code of a failed blob request; a HEAD carries it in a header only. */
export function blobErrorCode(error: unknown): string | undefined {
  if (!(error instanceof RestError)) return undefined;
  const fromHeader = details.safeParse(error.details);
  return fromHeader.success ? fromHeader.data.errorCode : error.code;
}

export function isNotFound(error: unknown): boolean {
  return (
    error instanceof RestError && error.statusCode === 404 && blobErrorCode(error) !== "ContainerNotFound"
  );
}

const dfsOfBlob: Readonly<Record<string, readonly [string, string]>> = {
  BlobNotFound: ["PathNotFound", "The specified path does not exist."],
  BlobAlreadyExists: ["PathAlreadyExists", "The specified path already exists."],
  ContainerNotFound: ["FilesystemNotFound", "The specified filesystem does not exist."],
  ContainerAlreadyExists: ["FilesystemAlreadyExists", "The specified filesystem already exists."],
  ContainerBeingDeleted: ["FilesystemBeingDeleted", "The specified filesystem is being deleted."],
  ConditionNotMet: [
    "ConditionNotMet",
    "The condition specified using HTTP conditional header(s) is not met.",
  ],
};

/** The same error in the words of the data-lake endpoint. */
export function dfsCode(blobCode: string, message: string): { code: string; message: string } {
  const known = dfsOfBlob[blobCode];
  return known === undefined ? { code: blobCode, message } : { code: known[0], message: known[1] };
}

export function toLakeError(error: unknown): LakeError {
  if (error instanceof LakeError) return error;
  if (error instanceof RestError && error.statusCode !== undefined) {
    const { code, message } = dfsCode(blobErrorCode(error) ?? "InternalError", error.message);
    return new LakeError(error.statusCode, code, message);
  }
  const message = error instanceof Error ? error.message : String(error);
  return new LakeError(500, "InternalError", `The local data lake failed: ${message}`);
}

/** An error in the words of the blob endpoint, as it came from there. */
export function toBlobError(error: unknown): LakeError {
  if (error instanceof RestError && error.statusCode !== undefined) {
    return new LakeError(error.statusCode, blobErrorCode(error) ?? "InternalError", error.message);
  }
  return toLakeError(error);
}
