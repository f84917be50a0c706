import { DefaultAzureCredential } from "@azure/identity";
import {
  BlobServiceClient,
  type ContainerClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import {
  StorageSharedKeyCredential as DataLakeKey,
  DataLakeServiceClient,
} from "@azure/storage-file-datalake";
import { type LakeLocation, lakeUrl } from "./location.ts";

/** How the clusters read and write the lake's files. */
export type ClusterAccess =
  | { kind: "sas" }
  | { kind: "impersonate" }
  | { kind: "managedIdentity"; id: string };

/** An open lake folder. */
export interface Lake {
  readonly url: string;
  readonly location: LakeLocation;
  readonly container: ContainerClient;
  readonly files: DataLakeServiceClient;
  /** Blob name of a path below the lake folder. */
  readonly blobName: (path: string) => string;
  /**
   * What to append to a URL of this lake so that a cluster may use it: `?<sas>` or `;impersonate` and the like
   * (`kusto/api/connection-strings/storage-connection-strings.md`). A secret: only for obfuscated literals and
   * ingestion messages.
   */
  readonly clusterSuffix: (access: ClusterAccess) => Promise<string>;
}

/** How long a SAS given to a cluster lives: longer than any single export or queued ingestion may take. */
const SAS_HOURS = 24;
/** A SAS is made anew when less than this is left of it. */
const SAS_RENEW_HOURS = 8;

/** Opens a lake folder with the credential that its location carries, or the Azure default chain. */
export function openLake(location: LakeLocation): Lake {
  const { service, files } = clients(location);
  const container = service.getContainerClient(location.container);
  return {
    url: lakeUrl(location),
    location,
    container,
    files,
    blobName: (path) => (location.folder === "" ? path : `${location.folder}/${path}`),
    clusterSuffix: suffixMaker(location, service, container),
  };
}

function clients(location: LakeLocation): { service: BlobServiceClient; files: DataLakeServiceClient } {
  const { secret, account, blobEndpoint, dfsEndpoint } = location;
  if (secret.kind === "key") {
    return {
      service: new BlobServiceClient(blobEndpoint, new StorageSharedKeyCredential(account, secret.key)),
      files: new DataLakeServiceClient(dfsEndpoint, new DataLakeKey(account, secret.key)),
    };
  }
  if (secret.kind === "sas") {
    return {
      service: new BlobServiceClient(`${blobEndpoint}?${secret.sas}`),
      files: new DataLakeServiceClient(`${dfsEndpoint}?${secret.sas}`),
    };
  }
  const credential = new DefaultAzureCredential();
  return {
    service: new BlobServiceClient(blobEndpoint, credential),
    files: new DataLakeServiceClient(dfsEndpoint, credential),
  };
}

function suffixMaker(location: LakeLocation, service: BlobServiceClient, container: ContainerClient) {
  let kept: { suffix: string; renewAt: number } | undefined;
  return async (access: ClusterAccess): Promise<string> => {
    if (access.kind === "impersonate") return ";impersonate";
    if (access.kind === "managedIdentity") return `;managed_identity=${access.id}`;
    if (location.secret.kind === "sas") return `?${location.secret.sas}`;
    const now = Date.now();
    if (kept && now < kept.renewAt) return kept.suffix;
    const sas = await makeSas(location, service, container, now);
    kept = { suffix: `?${sas}`, renewAt: now + (SAS_HOURS - SAS_RENEW_HOURS) * 3_600_000 };
    return kept.suffix;
  };
}

async function makeSas(
  location: LakeLocation,
  service: BlobServiceClient,
  container: ContainerClient,
  now: number,
): Promise<string> {
  // Clocks of the app and of storage may differ by some minutes.
  const startsOn = new Date(now - 15 * 60_000);
  const expiresOn = new Date(now + SAS_HOURS * 3_600_000);
  const permissions = ContainerSASPermissions.parse("racwl");
  if (location.secret.kind === "key") {
    return new URL(await container.generateSasUrl({ startsOn, expiresOn, permissions })).search.slice(1);
  }
  const key = await service.getUserDelegationKey(startsOn, expiresOn);
  return generateBlobSASQueryParameters(
    { containerName: location.container, permissions, startsOn, expiresOn },
    key,
    location.account,
  ).toString();
}

/** URL of a file or folder below the lake folder, without any secret; each segment encoded, as names may hold `?` or `;`. */
export function blobUrl(lake: Lake, path: string): string {
  const segments = [lake.location.container, ...lake.blobName(path).split("/")];
  return `${lake.location.blobEndpoint}/${segments.map(encodeURIComponent).join("/")}`;
}
