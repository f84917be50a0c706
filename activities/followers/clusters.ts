import type { ResourceManager } from "../../followers/armClient.ts";
import { createKustoClient, type KustoClient } from "../../kusto/client.ts";
import { tokenCredential } from "../../kusto/credentials.ts";
import { connectionTo } from "../connections.ts";
import { appSettings, knownConnections } from "../settings.ts";

/** The resource manager of the app's settings, asked with the app's own identity. */
export function resourceManager(): ResourceManager {
  const endpoint = appSettings().KUSTO_COPY_ARM;
  return { endpoint, credential: tokenCredential({ kind: "default" }, new URL(endpoint).hostname) };
}

/** The client of a follower's query endpoint, with the credentials that the settings hold for it. */
export function followerClient(uri: string): KustoClient {
  return createKustoClient(connectionTo(uri, "destination", knownConnections()));
}
