import { z } from "zod";
import { clusterOf, type Handler, ok, startOperation } from "./arm.ts";
import { ArmError, badRequest, notFound, readBody } from "./armError.ts";
import type { Scope } from "./request.ts";
import { type Cluster, sameLocation, sameName } from "./state.ts";

export function clusterId(scope: Scope, name: string): string {
  return `/subscriptions/${scope.subscription}/resourceGroups/${scope.resourceGroup}/providers/Microsoft.Kusto/Clusters/${name}`;
}

/** A cluster resource (`rest/api/azurerekusto/clusters/get`). */
export function clusterResource(scope: Scope, cluster: Cluster) {
  return {
    id: clusterId(scope, cluster.name),
    name: cluster.name,
    type: "Microsoft.Kusto/Clusters",
    location: cluster.location,
    tags: cluster.tags,
    sku: { name: "Dev(No SLA)_Standard_E2a_v4", tier: "Basic", capacity: 1 },
    etag: `"${cluster.name}"`,
    properties: {
      state: "Running",
      provisioningState: "Succeeded",
      uri: cluster.url,
      // Engine and ingestion endpoint of a local cluster are one address.
      dataIngestionUri: cluster.url,
      stateReason: "",
      enableStreamingIngest: cluster.enableStreamingIngest,
      enablePurge: false,
      engineType: "V3",
    },
  };
}

/** What can be changed here; another property is refused by name. */
const change = z.strictObject({
  location: z.string().optional(),
  sku: z.unknown().optional(),
  tags: z.record(z.string(), z.string()).optional(),
  properties: z.strictObject({ enableStreamingIngest: z.boolean().optional() }).optional(),
});

const update: Handler = (arm, request) => {
  const [name = ""] = request.names;
  if (request.method === "PUT" && arm.state.findCluster(name) === undefined)
    throw badRequest(`The local resource manager can't start clusters: it knows those it was started with.`);
  const cluster = clusterOf(arm, request);
  const body = readBody(change, request.body);
  if (body.location !== undefined && !sameLocation(body.location, cluster.location)) {
    throw new ArmError(
      409,
      "InvalidResourceLocation",
      `The resource '${cluster.name}' already exists in location '${cluster.location}'. A resource with the same name cannot be created in location '${body.location}'.`,
    );
  }
  const enableStreamingIngest = body.properties?.enableStreamingIngest;
  const headers = startOperation(arm, {
    request,
    path: clusterId(request.scope, cluster.name),
    location: cluster.location,
    kind: "ClusterUpdate",
    work: async () =>
      arm.state.changeCluster(cluster.name, {
        ...(body.tags === undefined ? {} : { tags: body.tags }),
        ...(enableStreamingIngest === undefined ? {} : { enableStreamingIngest }),
      }),
  });
  return { status: 202, body: clusterResource(request.scope, cluster), headers };
};

/** A cluster that has a database attached to another one can't be deleted (`follower.md`, limitations). */
const remove: Handler = (arm, request) => {
  const cluster = arm.state.findCluster(request.names[0] ?? "");
  if (cluster === undefined) return { status: 204 };
  const led = arm.state.configurations().find(({ applied }) => {
    const leader = applied?.clusterResourceId.split("/").at(-1);
    return leader !== undefined && sameName(leader, cluster.name);
  });
  if (led !== undefined)
    throw badRequest(
      `Cluster '${cluster.name}' can't be deleted: cluster '${led.follower}' follows it by the attached database configuration '${led.name}'. Detach it first.`,
    );
  const follows = arm.state.configurations().find(({ follower }) => sameName(follower, cluster.name));
  if (follows !== undefined)
    throw badRequest(
      `Cluster '${cluster.name}' can't be deleted: it has the attached database configuration '${follows.name}'. Detach it first.`,
    );
  const headers = startOperation(arm, {
    request,
    path: clusterId(request.scope, cluster.name),
    location: cluster.location,
    kind: "ClusterDelete",
    work: async () => arm.state.changeCluster(cluster.name, { deleted: true }),
  });
  return { status: 202, headers };
};

const list: Handler = (arm, request) =>
  ok({ value: arm.state.clusters().map((cluster) => clusterResource(request.scope, cluster)) });

/** The result of a long-running operation, by either of its addresses (`rest/api/azurerekusto/operations-results/get`). */
const operationResult: Handler = (arm, request) => {
  const id = request.names[1] ?? "";
  const result = arm.operations.result(id);
  if (result === undefined) throw notFound(`Microsoft.Kusto/locations/operationResults/${id}`, "");
  return ok(result);
};

export const clusterHandlers: Readonly<Record<string, Handler>> = {
  "GET subscription/clusters": (arm, request) =>
    list(arm, { ...request, scope: { ...request.scope, resourceGroup: "local" } }),
  "GET clusters": list,
  "GET clusters/*": (arm, request) => ok(clusterResource(request.scope, clusterOf(arm, request))),
  "PUT clusters/*": update,
  "PATCH clusters/*": update,
  "DELETE clusters/*": remove,
  "GET subscription/locations/*/operationresults/*": operationResult,
};
