import type { BlobHTTPHeaders, BlobRequestConditions } from "@azure/storage-blob";
import type { LakeRequest } from "./lakeRequest.ts";

function dateOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}

/** The conditional headers of a request as conditions of a blob request. */
export function conditionsOf(request: LakeRequest): BlobRequestConditions {
  const modified = dateOf(request.header("if-modified-since"));
  const unmodified = dateOf(request.header("if-unmodified-since"));
  const match = request.header("if-match");
  const noneMatch = request.header("if-none-match");
  const lease = request.header("x-ms-lease-id");
  return {
    ...(modified === undefined ? {} : { ifModifiedSince: modified }),
    ...(unmodified === undefined ? {} : { ifUnmodifiedSince: unmodified }),
    ...(match === undefined ? {} : { ifMatch: match }),
    ...(noneMatch === undefined ? {} : { ifNoneMatch: noneMatch }),
    ...(lease === undefined ? {} : { leaseId: lease }),
  };
}

export function hasConditions(request: LakeRequest): boolean {
  return Object.keys(conditionsOf(request)).length > 0;
}

const contentHeaders = {
  "x-ms-cache-control": "blobCacheControl",
  "x-ms-content-type": "blobContentType",
  "x-ms-content-encoding": "blobContentEncoding",
  "x-ms-content-language": "blobContentLanguage",
  "x-ms-content-disposition": "blobContentDisposition",
} as const;

/** What the request says of the content, over what was said of it before. */
export function contentHeadersOf(request: LakeRequest, before: BlobHTTPHeaders = {}): BlobHTTPHeaders {
  const headers: BlobHTTPHeaders = { ...before };
  for (const [name, property] of Object.entries(contentHeaders)) {
    const value = request.header(name);
    if (value !== undefined) Object.assign(headers, { [property]: value });
  }
  return headers;
}
