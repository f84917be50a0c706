import { ArmError } from "./armError.ts";

export interface Scope {
  readonly subscription: string;
  readonly resourceGroup: string;
}

/** A request on a resource of Microsoft.Kusto. */
export interface ArmRequest {
  readonly method: string;
  readonly scope: Scope;
  /** The types on the resource's path in lower case, `*` for each name: `clusters/*\/databases`. */
  readonly route: string;
  /** The names on the path: the cluster's first. */
  readonly names: readonly string[];
  readonly apiVersion: string;
  /** Where the client reached the resource manager, for polling addresses. */
  readonly origin: string;
  readonly body: unknown;
}

/** The versions of Microsoft.Kusto whose resources have the shape that is given here. */
const apiVersions = ["2022-12-29", "2023-05-02", "2023-08-15", "2024-04-13", "2025-02-14"];

export function checkVersion(url: URL): string {
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
  return version;
}

const prefix =
  /^\/subscriptions\/([^/]+)(?:\/resourceGroups\/([^/]+))?\/providers\/Microsoft\.Kusto\/(.+?)\/?$/i;

/** The route and the names of a path under Microsoft.Kusto. Names of types are case-insensitive. */
export function readPath(path: string): Pick<ArmRequest, "scope" | "route" | "names"> | undefined {
  const match = prefix.exec(path);
  if (match === null) return undefined;
  const [, subscription = "", resourceGroup, rest = ""] = match;
  const parts = rest.split("/").map(decodeURIComponent);
  const types = parts.map((part, index) => (index % 2 === 0 ? part.toLowerCase() : "*"));
  const route = types.join("/");
  return {
    scope: {
      subscription: decodeURIComponent(subscription),
      resourceGroup: resourceGroup === undefined ? "" : decodeURIComponent(resourceGroup),
    },
    route: resourceGroup === undefined ? `subscription/${route}` : route,
    names: parts.filter((_, index) => index % 2 === 1),
  };
}

/** The cluster's name and scope in a cluster's resource id. */
export function readClusterId(id: string): { scope: Scope; name: string } | undefined {
  const read = readPath(id);
  const [name] = read?.names ?? [];
  return read?.route === "clusters/*" && name !== undefined ? { scope: read.scope, name } : undefined;
}
