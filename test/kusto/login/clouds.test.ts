import { expect, it } from "vitest";
import { authorityHostOf, ingestionEndpoint, isFabric, isStorageHost } from "../../../kusto/login/clouds.ts";

it.each([
  ["help.kusto.windows.net", "https://login.microsoftonline.com"],
  ["pool.kusto.azuresynapse.net", "https://login.microsoftonline.com"],
  ["trd-abc.z1.kusto.fabric.microsoft.com", "https://login.microsoftonline.com"],
  ["trd-abc.z0.kusto.data.microsoft.com", "https://login.microsoftonline.com"],
  ["mycluster.usgovvirginia.kusto.usgovcloudapi.net", "https://login.microsoftonline.us"],
  ["mycluster.chinaeast2.kusto.chinacloudapi.cn", "https://login.chinacloudapi.cn"],
  ["account.blob.core.windows.net", "https://login.microsoftonline.com"],
  ["account.z12.dfs.storage.azure.net", "https://login.microsoftonline.com"],
  ["onelake.dfs.fabric.microsoft.com", "https://login.microsoftonline.com"],
  ["account.dfs.core.usgovcloudapi.net", "https://login.microsoftonline.us"],
  ["ACCOUNT.blob.core.chinacloudapi.cn", "https://login.chinacloudapi.cn"],
  ["vault.vault.usgovcloudapi.net", "https://login.microsoftonline.us"],
  ["vault.vault.azure.cn", "https://login.chinacloudapi.cn"],
  ["cluster.example.com", undefined],
  ["evilkusto.windows.net", undefined],
])("%s is logged in to at %s", (host, authority) => {
  expect(authorityHostOf(host)).toBe(authority);
});

it.each([
  ["https://help.kusto.windows.net", "https://ingest-help.kusto.windows.net"],
  ["https://trd-abc.z1.kusto.fabric.microsoft.com", "https://ingest-trd-abc.z1.kusto.fabric.microsoft.com"],
  [
    "https://mycluster.chinaeast2.kusto.chinacloudapi.cn",
    "https://ingest-mycluster.chinaeast2.kusto.chinacloudapi.cn",
  ],
  [
    "https://mycluster.usgovvirginia.kusto.usgovcloudapi.net",
    "https://ingest-mycluster.usgovvirginia.kusto.usgovcloudapi.net",
  ],
  ["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
  ["http://localhost:8080", "http://localhost:8080"],
])("%s has its ingestion endpoint at %s", (cluster, endpoint) => {
  expect(ingestionEndpoint(cluster)).toBe(endpoint);
});

it("tokens for storage go to storage hosts of Azure's alone", () => {
  expect(isStorageHost("account.blob.core.windows.net")).toBe(true);
  expect(isStorageHost("account.blob.core.windows.net.evil.com")).toBe(false);
  expect(isStorageHost("account.blob.evil.com")).toBe(false);
});

it("a Fabric eventhouse is told from a cluster", () => {
  expect(isFabric("https://trd-abc.z1.kusto.fabric.microsoft.com")).toBe(true);
  expect(isFabric("https://help.kusto.windows.net")).toBe(false);
});
