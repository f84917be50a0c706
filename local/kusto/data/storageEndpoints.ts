import { StorageSharedKeyCredential } from "@azure/storage-blob";

/** The storage account that a cluster keeps its own queues, containers and tables in. */
export interface StorageEndpoints {
  readonly account: string;
  readonly key: string;
  /** With the account's name where it stands in the path, as `http://127.0.0.1:10000/devstoreaccount1`. */
  readonly blob: string;
  readonly queue: string;
  readonly table: string;
}

export function sharedKey(endpoints: StorageEndpoints): StorageSharedKeyCredential {
  return new StorageSharedKeyCredential(endpoints.account, endpoints.key);
}

/** A name as queues, containers and tables take it. */
export function resourceName(cluster: string, suffix: string): string {
  const clean = cluster
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "")
    .slice(0, 30);
  return `${clean === "" ? "kusto" : clean}${suffix}`;
}
