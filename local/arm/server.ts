import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { clusterResource, databaseResource, databasesOf, type LocalCluster, type Scope } from "./clusters.ts";

export interface ResourceManagerOptions {
  readonly port: number;
  readonly clusters: readonly LocalCluster[];
}

export interface ResourceManager {
  readonly url: string;
  readonly port: number;
  readonly close: () => Promise<void>;
}

class ArmError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The versions of Microsoft.Kusto whose resources have the shape that is given here. */
const apiVersions = ["2022-12-29", "2023-05-02", "2023-08-15", "2024-04-13", "2025-02-14"];

function checkVersion(url: URL): void {
  const version = url.searchParams.get("api-version");
  if (version === null || version === "") {
    throw new ArmError(
      400,
      "MissingApiVersionParameter",
      "The api-version query parameter (?api-version=) is required for all requests.",
    );
  }
  if (!apiVersions.includes(version)) {
    throw new ArmError(
      400,
      "InvalidApiVersionParameter",
      `The api-version '${version}' is invalid. The supported versions are '${apiVersions.join(",")}'.`,
    );
  }
}

const pattern =
  /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/Microsoft\.Kusto\/clusters(?:\/([^/]+)(?:\/(databases)(?:\/([^/]+))?)?)?\/?$/i;

async function read(options: ResourceManagerOptions, request: IncomingMessage): Promise<unknown> {
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  const match = pattern.exec(url.pathname);
  if (match === null) {
    throw new ArmError(
      404,
      "InvalidResourceType",
      `${request.method} ${url.pathname} is not an operation of the local resource manager: it knows the clusters of Microsoft.Kusto and their databases, to be read.`,
    );
  }
  checkVersion(url);
  if (request.method !== "GET") {
    throw new ArmError(
      405,
      "MethodNotAllowed",
      `${request.method} ${url.pathname} is not supported by the local resource manager: its resources can be read only.`,
    );
  }
  const [, subscription = "", resourceGroup = "", clusterName, databases, databaseName] = match.map((part) =>
    part === undefined ? undefined : decodeURIComponent(part),
  );
  const scope: Scope = { subscription, resourceGroup };
  if (clusterName === undefined)
    return { value: options.clusters.map((cluster) => clusterResource(scope, cluster)) };
  const cluster = options.clusters.find(({ name }) => name.toLowerCase() === clusterName.toLowerCase());
  if (cluster === undefined) {
    throw new ArmError(
      404,
      "ResourceNotFound",
      `The Resource 'Microsoft.Kusto/clusters/${clusterName}' under resource group '${resourceGroup}' was not found.`,
    );
  }
  if (databases === undefined) return clusterResource(scope, cluster);
  const names = await databasesOf(cluster);
  if (databaseName === undefined)
    return { value: names.map((name) => databaseResource(scope, cluster, name)) };
  if (!names.includes(databaseName)) {
    throw new ArmError(
      404,
      "ResourceNotFound",
      `The Resource 'Microsoft.Kusto/clusters/${clusterName}/databases/${databaseName}' under resource group '${resourceGroup}' was not found.`,
    );
  }
  return databaseResource(scope, cluster, databaseName);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.statusCode = status;
  response.setHeader("content-type", "application/json; charset=utf-8");
  response.setHeader("x-ms-request-id", randomUUID());
  response.end(JSON.stringify(body));
}

/** Starts a resource manager on 127.0.0.1 that knows the local clusters in any subscription and resource group. */
export async function startResourceManager(options: ResourceManagerOptions): Promise<ResourceManager> {
  const server = createServer((request, response) => {
    request.resume();
    read(options, request).then(
      (body) => send(response, 200, body),
      (error: unknown) => {
        const known =
          error instanceof ArmError
            ? error
            : new ArmError(502, "BadGateway", error instanceof Error ? error.message : String(error));
        send(response, known.status, { error: { code: known.code, message: known.message } });
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The resource manager has no address");
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
