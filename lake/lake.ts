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
import { tokenCredential } from "../kusto/credentials.ts";
import { Terminal } from "../model/errors.ts";
import { type ClusterAccess, clusterAccessText, sasKeeper, type WhichSas } from "./clusterAccess.ts";
import { type LakeLocation, lakeUrl } from "./location.ts";

export type { ClusterAccess } from "./clusterAccess.ts";

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
   * ingestion messages. A SAS is made anew where `which` asks for it.
   */
  readonly clusterSuffix: (access: ClusterAccess, which?: WhichSas) => Promise<string>;
}

/** Opens a lake folder with the login that its location holds. `now` is the clock that SAS are renewed by. */
export function openLake(location: LakeLocation, now: () => number = Date.now): Lake {
  const { service, files } = clients(location);
  const container = service.getContainerClient(location.container);
  const sas = sasKeeper((from, to) => makeSas(location, service, container, from, to), now);
  return {
    url: lakeUrl(location),
    location,
    container,
    files,
    blobName: (path) => (location.folder === "" ? path : `${location.folder}/${path}`),
    clusterSuffix: async (access, which) =>
      access.kind === "sas" ? `?${await sas(which)}` : `;${clusterAccessText(access)}`,
  };
}

function clients(location: LakeLocation): { service: BlobServiceClient; files: DataLakeServiceClient } {
  const { login, account, blobEndpoint, dfsEndpoint } = location;
  switch (login.kind) {
    case "key":
      return {
        service: new BlobServiceClient(blobEndpoint, new StorageSharedKeyCredential(account, login.key)),
        files: new DataLakeServiceClient(dfsEndpoint, new DataLakeKey(account, login.key)),
      };
    case "sas":
      return {
        service: new BlobServiceClient(`${blobEndpoint}?${login.sas}`),
        files: new DataLakeServiceClient(`${dfsEndpoint}?${login.sas}`),
      };
    default: {
      // No token is sent over plain http: the library's own refusal doesn't say what to do.
      if (blobEndpoint.startsWith("http:"))
        throw new Terminal(
          `The lake ${lakeUrl(location)} is reached over plain http, where no login can be sent.`,
          { operation: "open lake" },
          {
            advice:
              "Put the account key after its address: <address>;<key>. That of a storage emulator is public (docs/local.md).",
          },
        );
      const credential = tokenCredential(login, new URL(blobEndpoint).hostname);
      return {
        service: new BlobServiceClient(blobEndpoint, credential),
        files: new DataLakeServiceClient(dfsEndpoint, credential),
      };
    }
  }
}

/**
 * What clusters get to read, write and list the container: the SAS that the lake was given by, one made with its
 * account key, or one by a user-delegation key of the app's identity.
 */
async function makeSas(
  { login, container: containerName, account }: LakeLocation,
  service: BlobServiceClient,
  container: ContainerClient,
  startsOn: Date,
  expiresOn: Date,
): Promise<string> {
  if (login.kind === "sas") return login.sas;
  const permissions = ContainerSASPermissions.parse("racwl");
  if (login.kind === "key")
    return new URL(await container.generateSasUrl({ startsOn, expiresOn, permissions })).search.slice(1);
  const key = await service.getUserDelegationKey(startsOn, expiresOn);
  return generateBlobSASQueryParameters(
    { containerName, permissions, startsOn, expiresOn },
    key,
    account,
  ).toString();
}

/** URL of a file or folder below the lake folder, without any secret; each segment encoded, as names may hold `?` or `;`. */
export function blobUrl(lake: Lake, path: string): string {
  const segments = [lake.location.container, ...lake.blobName(path).split("/")];
  return `${lake.location.blobEndpoint}/${segments.map(encodeURIComponent).join("/")}`;
}
