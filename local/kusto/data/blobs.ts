import { createReadStream, createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  BlobServiceClient,
  type BlockBlobClient,
  ContainerClient,
  RestError,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { KustoError } from "../kustoError.ts";
import { parseStorageLocation, type StorageLocation } from "./storageLocation.ts";

/** What a managed identity may be used for (`kusto/management/managed-identity-policy.md`). */
export type IdentityUsage =
  | "NativeIngestion"
  | "ExternalTable"
  | "ExportRequest"
  | "ExternalDataRequest"
  | "DataConnection";

/** What this process may do at a storage account in its own name. */
export interface StorageAccess {
  /** Keys by account name; they stand for the identities that impersonation and managed identities act by. */
  readonly keys: ReadonlyMap<string, string>;
  readonly allowsManagedIdentity: (usage: IdentityUsage, identity: string) => boolean;
}

/** An open source of bytes. */
export interface OpenedSource {
  readonly stream: Readable;
  readonly size: number | undefined;
  readonly printable: string;
}

function identityRefused(usage: IdentityUsage): KustoError {
  return new KustoError(
    400,
    "BadRequest_ManagedIdentityNotAllowed",
    "Kusto.Data.Exceptions.KustoBadRequestException",
    `The managed identity policy doesn't allow the usage '${usage}'.`,
    true,
  );
}

function keyOf(location: Extract<StorageLocation, { kind: "blob" }>, access: StorageAccess): string {
  const key = access.keys.get(location.account);
  if (key === undefined)
    throw downloadError(
      "Download_Forbidden",
      `no role at the storage account '${location.account}'`,
      location.printable,
      true,
    );
  return key;
}

function containerClient(
  location: Extract<StorageLocation, { kind: "blob" }>,
  access: StorageAccess,
  usage: IdentityUsage,
): ContainerClient {
  const url = `${location.endpoint}/${encodeURIComponent(location.container)}`;
  const byKey = (key: string): ContainerClient =>
    new BlobServiceClient(location.endpoint, new StorageSharedKeyCredential(location.account, key), {
      retryOptions: { maxTries: 2 },
    }).getContainerClient(location.container);
  const authentication = location.authentication;
  switch (authentication.kind) {
    case "none":
      return new ContainerClient(url);
    case "sas":
      return new ContainerClient(`${url}?${authentication.sas}`, undefined, {
        retryOptions: { maxTries: 2 },
      });
    case "key":
      return byKey(authentication.key);
    case "impersonate":
      return byKey(keyOf(location, access));
    case "managedIdentity":
      if (!access.allowsManagedIdentity(usage, authentication.identity)) throw identityRefused(usage);
      return byKey(keyOf(location, access));
    case "token":
      return new ContainerClient(url, {
        getToken: async () => ({ token: authentication.token, expiresOnTimestamp: Date.now() + 3_600_000 }),
      });
  }
}

function downloadError(code: string, reason: string, printable: string, permanent: boolean): KustoError {
  return new KustoError(
    400,
    code,
    "Kusto.DataNode.Exceptions.DownloadFailedException",
    `Failed to download source from Azure Storage: ${reason} ('${printable}').`,
    permanent,
  );
}

function statusOf(error: unknown): number | undefined {
  return error instanceof RestError ? error.statusCode : undefined;
}

function reasonOf(error: unknown): string {
  if (error instanceof RestError) return `${error.statusCode ?? "no answer"} ${error.code ?? ""}`.trim();
  if (!(error instanceof Error)) return String(error);
  // What a request failed of stands in the cause of "fetch failed".
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

/** Turns what storage answered to a read into the ingestion error with its documented code (`error-codes.md`). */
export function asDownloadError(error: unknown, printable: string): KustoError {
  if (error instanceof KustoError) return error;
  const status = statusOf(error);
  if (status === 404) return downloadError("Download_SourceNotFound", "Source not found", printable, true);
  if (status === 401 || status === 403)
    return downloadError("Download_Forbidden", "Access forbidden", printable, true);
  if (status === 409 || status === 412)
    return downloadError(
      "Download_AccessConditionNotSatisfied",
      "Access condition not satisfied",
      printable,
      true,
    );
  if (status === 400) return downloadError("Download_BadRequest", "Bad request", printable, true);
  return downloadError("Download_UnknownError", reasonOf(error), printable, false);
}

/** Turns what storage answered to a write into the error of an export. */
export function asUploadError(error: unknown, printable: string): KustoError {
  if (error instanceof KustoError) return error;
  const status = statusOf(error);
  const permanent = status !== undefined && status < 500 && status !== 408 && status !== 429;
  const what = status === 401 || status === 403 ? "Access forbidden" : reasonOf(error);
  return uploadError(what, printable, permanent);
}

function uploadError(what: string, printable: string, permanent: boolean): KustoError {
  return new KustoError(
    permanent ? 400 : 500,
    permanent ? "BadRequest_StorageAccess" : "General_InternalServerError",
    "Kusto.DataNode.Exceptions.StorageAccessException",
    `Failed to write to storage: ${what} ('${printable}').`,
    permanent,
  );
}

/** Opens a source for reading; the documentation's error where it can't be. */
export async function openSource(
  connectionString: string,
  access: StorageAccess,
  usage: IdentityUsage,
): Promise<OpenedSource> {
  const location = parseStorageLocation(connectionString);
  const printable = location.printable;
  try {
    if (location.kind === "file") {
      const found = await stat(location.path).catch(() => undefined);
      if (found?.isFile() !== true)
        throw downloadError("Download_SourceNotFound", "Source not found", printable, true);
      return { stream: createReadStream(location.path), size: found.size, printable };
    }
    if (location.kind === "web") {
      const response = await fetch(location.url);
      if (!response.ok || response.body === null) {
        const { status } = response;
        const denied = status === 401 || status === 403;
        throw downloadError(
          status === 404
            ? "Download_SourceNotFound"
            : denied
              ? "Download_Forbidden"
              : "Download_UnknownError",
          `HTTP ${status}`,
          printable,
          status < 500,
        );
      }
      return { stream: Readable.from(response.body), size: undefined, printable };
    }
    if (location.path === "")
      throw downloadError("Download_SourceNotFound", "Source not found", printable, true);
    const answer = await containerClient(location, access, usage).getBlobClient(location.path).download();
    if (answer.readableStreamBody === undefined)
      throw downloadError("Download_UnknownError", "no content", printable, false);
    return { stream: Readable.from(answer.readableStreamBody), size: answer.contentLength, printable };
  } catch (error) {
    throw asDownloadError(error, printable);
  }
}

/** Size of a source in bytes as it lies in storage, undefined where storage doesn't say. */
export async function sourceSize(
  connectionString: string,
  access: StorageAccess,
  usage: IdentityUsage,
): Promise<number | undefined> {
  const location = parseStorageLocation(connectionString);
  try {
    if (location.kind === "file") return (await stat(location.path)).size;
    if (location.kind === "web") return undefined;
    return (await containerClient(location, access, usage).getBlobClient(location.path).getProperties())
      .contentLength;
  } catch (error) {
    throw asDownloadError(error, location.printable);
  }
}

/** Deletes a blob that was ingested without `RetainBlobOnSuccess`. */
export async function deleteSource(
  connectionString: string,
  access: StorageAccess,
  usage: IdentityUsage,
): Promise<void> {
  const location = parseStorageLocation(connectionString);
  if (location.kind === "blob")
    await containerClient(location, access, usage).getBlobClient(location.path).deleteIfExists();
}

/** A folder in storage that an export writes to. */
export interface ExportTarget {
  /** Uploads what `open` gives under that name; answers the artifact's URL without secrets. */
  readonly write: (name: string, open: () => Readable) => Promise<string>;
}

async function upload(blob: BlockBlobClient, open: () => Readable): Promise<void> {
  await blob.uploadStream(open(), 8 * 1024 * 1024, 2);
}

/** Opens the place that one storage connection string of an `.export` names. */
export function openTarget(connectionString: string, access: StorageAccess): ExportTarget {
  const location = parseStorageLocation(connectionString);
  if (location.kind === "web")
    throw uploadError("a URL without credentials for storage can only be read", location.printable, true);
  const root = location.printable.replace(/\/+$/, "");
  if (location.kind === "file") {
    return {
      write: async (name, open) => {
        const path = `${location.path.replace(/\/+$/, "")}/${name}`;
        await pipeline(open(), createWriteStream(path)).catch((error: unknown) =>
          Promise.reject(asUploadError(error, path)),
        );
        return path;
      },
    };
  }
  const container = containerClient(location, access, "ExportRequest");
  const folder = location.path === "" ? "" : `${location.path}/`;
  return {
    write: async (name, open) => {
      const printable = `${root}/${name.split("/").map(encodeURIComponent).join("/")}`;
      await upload(container.getBlockBlobClient(`${folder}${name}`), open).catch((error: unknown) =>
        Promise.reject(asUploadError(error, printable)),
      );
      return printable;
    },
  };
}
