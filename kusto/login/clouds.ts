import { AzureAuthorityHosts } from "@azure/identity";

/** An Azure cloud: where one logs in, and how the hosts of its clusters and storage accounts end. */
interface Cloud {
  readonly authorityHost: string;
  readonly clusters: readonly string[];
  readonly storage: readonly string[];
  readonly vaults: readonly string[];
  /** Host of Azure Resource Manager. */
  readonly manager: string;
}

/**
 * The clouds, with the endings that the Kusto client library trusts (`AllowedEndpointsByLogin` of `azure-kusto-data`,
 * "Trusted endpoints" of `kusto/api/connection-strings/kusto.md`). Storage tokens are asked for one audience in all of
 * them, `https://storage.azure.com`; the audience of a cluster's tokens is what the cluster itself names
 * (`/v1/rest/auth/metadata`), which the client library asks for.
 */
const CLOUDS: readonly Cloud[] = [
  {
    authorityHost: AzureAuthorityHosts.AzurePublicCloud,
    clusters: [
      ".kusto.windows.net",
      ".kustomfa.windows.net",
      ".kusto.azuresynapse.net",
      ".kusto.data.microsoft.com",
      ".kusto.fabric.microsoft.com",
    ],
    // With a DNS zone, and with OneLake's blob and dfs endpoints.
    storage: [".core.windows.net", ".storage.azure.net", ".fabric.microsoft.com"],
    vaults: [".vault.azure.net"],
    manager: "management.azure.com",
  },
  {
    authorityHost: AzureAuthorityHosts.AzureGovernment,
    clusters: [".kusto.usgovcloudapi.net", ".kustomfa.usgovcloudapi.net"],
    storage: [".core.usgovcloudapi.net"],
    vaults: [".vault.usgovcloudapi.net"],
    manager: "management.usgovcloudapi.net",
  },
  {
    authorityHost: AzureAuthorityHosts.AzureChina,
    clusters: [".kusto.chinacloudapi.cn", ".kustomfa.chinacloudapi.cn", ".kusto.azuresynapse.azure.cn"],
    storage: [".core.chinacloudapi.cn"],
    vaults: [".vault.azure.cn"],
    manager: "management.chinacloudapi.cn",
  },
];

/**
 * Where to log in for a cluster, storage account, vault or resource manager of this host; undefined where the ending is no known one, and
 * the environment's `AZURE_AUTHORITY_HOST` or the public cloud decides.
 */
export function authorityHostOf(host: string): string | undefined {
  const endsWith = (endings: readonly string[]) =>
    endings.some((ending) => host.toLowerCase().endsWith(ending));
  return CLOUDS.find((cloud) => [cloud.clusters, cloud.storage, cloud.vaults, [cloud.manager]].some(endsWith))
    ?.authorityHost;
}

/** Whether a host is one of a storage account that Azure issues: tokens are sent to no other. */
export function isStorageHost(host: string): boolean {
  return CLOUDS.some((cloud) => cloud.storage.some((ending) => host.toLowerCase().endsWith(ending)));
}

/** The host's ending if it is a Key Vault's: tokens for secrets are sent to no other. */
export function vaultEnding(host: string): string | undefined {
  return CLOUDS.flatMap((cloud) => cloud.vaults).find((ending) => host.toLowerCase().endsWith(ending));
}

/** The ingestion endpoint of a cluster: `ingest-` before its host, in every cloud and in Fabric alike. */
export function ingestionEndpoint(cluster: string): string {
  const url = new URL(cluster);
  // An address without a name, as of a local cluster, serves both.
  if (isBareAddress(url.hostname)) return url.origin;
  return `${url.protocol}//ingest-${url.host}`;
}

/** Whether a host is this machine: the only one that plain http is spoken with. */
export function isLoopback(host: string): boolean {
  return host === "127.0.0.1" || host === "localhost" || host === "[::1]";
}

function isBareAddress(host: string): boolean {
  return host === "localhost" || host.startsWith("[") || /^\d+(\.\d+){3}$/.test(host);
}

/** Whether a cluster is a Fabric Eventhouse. */
export function isFabric(cluster: string): boolean {
  return /\.kusto\.(fabric|data)\.microsoft\.com$/i.test(new URL(cluster).hostname);
}
