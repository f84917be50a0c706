import { KustoManagementClient } from "@azure/arm-kusto";
import type { TokenCredential } from "@azure/identity";
import { isLoopback } from "../kusto/login/clouds.ts";
import { Terminal } from "../model/errors.ts";

/** Azure Resource Manager of a cloud: where it answers, and who asks. */
export interface ResourceManager {
  /** `https://management.azure.com`, or that of a national cloud. */
  readonly endpoint: string;
  readonly credential: TokenCredential;
}

const clients = new Map<string, KustoManagementClient>();

/**
 * The management client of a subscription, one per endpoint and subscription. A resource manager on this machine is asked
 * over plain http and without a login: the library's policy that adds tokens refuses plain http, and is left out.
 * Throws Terminal for plain http elsewhere, as a token would go over it.
 */
export function managementClient(
  { endpoint, credential }: ResourceManager,
  subscriptionId: string,
): KustoManagementClient {
  const url = new URL(endpoint);
  const local = url.protocol === "http:";
  if (local && !isLoopback(url.hostname))
    throw new Terminal("The resource manager must be reached by https.", { operation: url.origin });
  const key = `${url.origin} ${subscriptionId}`;
  const known = clients.get(key);
  if (known) return known;
  const client = new KustoManagementClient(credential, subscriptionId, {
    endpoint: url.origin,
    credentialScopes: [`${url.origin}/.default`],
    allowInsecureConnection: local,
  });
  if (local) client.pipeline.removePolicy({ name: "bearerTokenAuthenticationPolicy" });
  clients.set(key, client);
  return client;
}
