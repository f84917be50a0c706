import { KustoManagementClient } from "@azure/arm-kusto";

/**
 * The real client at the local resource manager: the policy that adds tokens refuses plain HTTP, so it is taken out, and
 * nobody asks for a token.
 */
export function managementClient(url: string, apiVersion?: string): KustoManagementClient {
  const credential = { getToken: () => Promise.reject(new Error("no token is needed here")) };
  const client = new KustoManagementClient(credential, "sub", {
    endpoint: url,
    allowInsecureConnection: true,
    retryOptions: { maxRetries: 0 },
    ...(apiVersion === undefined ? {} : { apiVersion }),
  });
  client.pipeline.removePolicy({ name: "bearerTokenAuthenticationPolicy" });
  return client;
}

export function clusterId(name: string): string {
  return `/subscriptions/sub/resourceGroups/rg/providers/Microsoft.Kusto/clusters/${name}`;
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
