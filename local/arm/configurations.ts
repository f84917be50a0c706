import { z } from "zod";
import { type Arm, clusterOf, type Handler, nameAt, ok, startOperation } from "./arm.ts";
import { ArmError, conflict, notFound, readBody } from "./armError.ts";
import { clusterId } from "./clusters.ts";
import { checkConfiguration, checkRivals } from "./configurationRules.ts";
import { followedBy } from "./kustoSide.ts";
import type { ArmRequest, Scope } from "./request.ts";
import { type Cluster, type Configuration, sameName } from "./state.ts";

function configurationId(scope: Scope, cluster: string, name: string): string {
  return `${clusterId(scope, cluster)}/AttachedDatabaseConfigurations/${name}`;
}

/** An attached database configuration (`rest/api/azurerekusto/attached-database-configurations/get`). */
function configurationResource(
  scope: Scope,
  cluster: Cluster,
  configuration: Configuration,
  attached: readonly string[],
) {
  const { name, properties, provisioningState } = configuration;
  return {
    id: configurationId(scope, cluster.name, name),
    name: `${cluster.name}/${name}`,
    type: "Microsoft.Kusto/Clusters/AttachedDatabaseConfigurations",
    location: cluster.location,
    properties: { ...properties, attachedDatabaseNames: attached, provisioningState },
  };
}

/** The leader's databases that each configuration brings to the follower now. */
async function attachedNames(cluster: Cluster): Promise<(configuration: string) => string[]> {
  const { databases } = await followedBy(cluster);
  return (configuration) =>
    databases
      .filter((one) => sameName(one.configuration, configuration))
      .map(({ leaderDatabase }) => leaderDatabase);
}

function configurationOf(arm: Arm, request: ArmRequest, cluster: Cluster): Configuration {
  const name = nameAt(request, 1);
  const found = arm.state.configuration(cluster.name, name);
  if (found !== undefined) return found;
  throw notFound(
    `Microsoft.Kusto/clusters/${cluster.name}/attachedDatabaseConfigurations/${name}`,
    request.scope.resourceGroup,
  );
}

/** One operation on a configuration at a time. */
function checkIdle(configuration: Configuration | undefined): void {
  if (configuration === undefined || ["Succeeded", "Failed"].includes(configuration.provisioningState))
    return;
  throw conflict(
    `The attached database configuration '${configuration.name}' of cluster '${configuration.follower}' is in the state '${configuration.provisioningState}': another operation on it is in progress.`,
  );
}

const put: Handler = async (arm, request) => {
  const cluster = clusterOf(arm, request);
  const name = nameAt(request, 1);
  checkIdle(arm.state.configuration(cluster.name, name));
  const { properties, leader } = await checkConfiguration(arm, request, cluster, name);
  const before = arm.state.configuration(cluster.name, name);
  checkIdle(before);
  if (properties.databaseName !== "*") checkRivals(arm, cluster, name, properties);
  const started: Configuration = {
    name: before?.name ?? name,
    follower: cluster.name,
    scope: request.scope,
    properties,
    ...(before?.applied === undefined ? {} : { applied: before.applied }),
    provisioningState: before === undefined ? "Creating" : "Running",
  };
  arm.state.putConfiguration(started);
  const headers = startOperation(arm, {
    request,
    path: configurationId(request.scope, cluster.name, name),
    location: cluster.location,
    kind: before === undefined ? "FollowerDatabaseCreate" : "FollowerDatabaseUpdate",
    work: async () => {
      const leads = before?.applied?.clusterResourceId.split("/").at(-1);
      if (leads !== undefined && !sameName(leads, leader.name)) {
        throw new ArmError(
          400,
          "CannotAlterFollowerDatabase",
          `[BadRequest] Cannot alter leader cluster '${leads}' for resource name '${name}'.`,
        );
      }
      arm.state.putConfiguration({ ...started, applied: properties });
      const troubles = await arm.tellFollower(cluster);
      const trouble = troubles.find((one) => sameName(one.configuration, name));
      if (trouble !== undefined) {
        arm.state.putConfiguration(started);
        await arm.tellFollower(cluster);
        throw new ArmError(500, "InternalServerError", trouble.message);
      }
      arm.state.putConfiguration({ ...started, applied: properties, provisioningState: "Succeeded" });
    },
    onFailure: () => {
      const now = arm.state.configuration(cluster.name, name) ?? started;
      // What was attached before goes on as it was.
      arm.state.putConfiguration({
        ...now,
        properties: before?.applied ?? properties,
        provisioningState: before?.applied === undefined ? "Failed" : "Succeeded",
      });
    },
  });
  const attached = before === undefined ? [] : (await attachedNames(cluster))(name);
  return {
    status: before === undefined ? 201 : 200,
    body: configurationResource(request.scope, cluster, started, attached),
    headers,
  };
};

/** Detaches what a configuration has attached: from the follower's side or the leader's. */
export function detach(arm: Arm, request: ArmRequest, configuration: Configuration, path: string) {
  checkIdle(configuration);
  const cluster = arm.state.cluster(configuration.follower, request.scope);
  arm.state.putConfiguration({ ...configuration, provisioningState: "Deleting" });
  return startOperation(arm, {
    request,
    path,
    location: cluster.location,
    kind: "FollowerDatabaseDelete",
    work: async () => {
      arm.state.removeConfiguration(cluster.name, configuration.name);
      await arm.tellFollower(cluster);
    },
    onFailure: () => {
      const left = arm.state.configuration(cluster.name, configuration.name);
      if (left !== undefined) arm.state.putConfiguration({ ...left, provisioningState: "Failed" });
    },
  });
}

const remove: Handler = (arm, request) => {
  const cluster = clusterOf(arm, request);
  const name = nameAt(request, 1);
  const found = arm.state.configuration(cluster.name, name);
  if (found === undefined) return { status: 204 };
  return {
    status: 202,
    headers: detach(arm, request, found, configurationId(request.scope, cluster.name, name)),
  };
};

const nameSchema = z.strictObject({ name: z.string(), type: z.string().optional() });

export const configurationHandlers: Readonly<Record<string, Handler>> = {
  "GET clusters/*/attacheddatabaseconfigurations": async (arm, request) => {
    const cluster = clusterOf(arm, request);
    const attached = await attachedNames(cluster);
    const own = arm.state.configurations().filter(({ follower }) => sameName(follower, cluster.name));
    return ok({
      value: own.map((one) => configurationResource(request.scope, cluster, one, attached(one.name))),
    });
  },
  "GET clusters/*/attacheddatabaseconfigurations/*": async (arm, request) => {
    const cluster = clusterOf(arm, request);
    const found = configurationOf(arm, request, cluster);
    const attached = await attachedNames(cluster);
    return ok(configurationResource(request.scope, cluster, found, attached(found.name)));
  },
  "PUT clusters/*/attacheddatabaseconfigurations/*": put,
  "DELETE clusters/*/attacheddatabaseconfigurations/*": remove,
  "POST clusters/*/attacheddatabaseconfigurationchecknameavailability": (arm, request) => {
    const cluster = clusterOf(arm, request);
    const { name } = readBody(nameSchema, request.body);
    if (arm.state.configuration(cluster.name, name) === undefined) return ok({ name, nameAvailable: true });
    const message = `Name '${name}' is already taken. Please specify a different name`;
    return ok({ name, nameAvailable: false, message, reason: "AlreadyExists" });
  },
};
