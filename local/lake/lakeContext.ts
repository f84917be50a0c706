import type { Agent } from "node:http";
import type { BlobServiceClient } from "@azure/storage-blob";
import type { Directories } from "./directories.ts";

/** What every operation of the lake works with. */
export interface LakeContext {
  readonly account: string;
  readonly key: string;
  /** The blob endpoint behind, with the account in its path. */
  readonly blobEndpoint: URL;
  readonly blobs: BlobServiceClient;
  readonly agent: Agent;
  readonly directories: Directories;
}

/** What an operation answers: headers beside those that every answer carries, and a JSON body if there is one. */
export interface LakeAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
}
