import { z } from "zod";
import { type Arm, clusterOf, type Handler, ok, startOperation } from "./arm.ts";
import { badRequest, notFound, readBody } from "./armError.ts";
import { clusterId } from "./clusters.ts";
import { detach } from "./configurations.ts";
import { readClusterId } from "./request.ts";
import { type Cluster, type Configuration, sameName } from "./state.ts";

/** The configurations by which other clusters follow this one. */
export function ledBy(arm: Arm, leader: Cluster): readonly Configuration[] {
  return arm.state.configurations().filter(({ applied }) => {
    const name = applied === undefined ? undefined : readClusterId(applied.clusterResourceId)?.name;
    return name !== undefined && sameName(name, leader.name);
  });
}

/** Who follows a cluster (`rest/api/azurerekusto/clusters/list-follower-databases`), with followers of other kinds. */
function followersOf(arm: Arm, leader: Cluster) {
  const own = ledBy(arm, leader).map(({ name, follower, scope, applied }) => ({
    clusterResourceId: clusterId(scope, follower),
    attachedDatabaseConfigurationName: name,
    databaseName: applied?.databaseName ?? "",
    ...(applied?.tableLevelSharingProperties === undefined
      ? {}
      : { tableLevelSharingProperties: applied.tableLevelSharingProperties }),
    databaseShareOrigin: "Direct",
  }));
  const others = arm.state
    .foreign()
    .filter((one) => sameName(one.leader, leader.name))
    .map(({ leader: _, ...definition }) => ({ ...definition, databaseShareOrigin: "Other" }));
  return [...own, ...others];
}

const detachSchema = z.object({
  clusterResourceId: z.string().min(1),
  attachedDatabaseConfigurationName: z.string().min(1),
});

const detachFollower: Handler = (arm, request) => {
  const leader = clusterOf(arm, request);
  const body = readBody(detachSchema, request.body);
  const name = body.attachedDatabaseConfigurationName;
  const path = `${clusterId(request.scope, leader.name)}/detachFollowerDatabases`;
  const isForeign = (one: {
    leader: string;
    clusterResourceId: string;
    attachedDatabaseConfigurationName: string;
  }) =>
    sameName(one.leader, leader.name) &&
    sameName(one.clusterResourceId, body.clusterResourceId) &&
    sameName(one.attachedDatabaseConfigurationName, name);
  if (arm.state.foreign().some(isForeign)) {
    const headers = startOperation(arm, {
      request,
      path,
      location: leader.location,
      kind: "FollowerDatabaseDelete",
      work: async () => arm.state.setForeign(arm.state.foreign().filter((one) => !isForeign(one))),
    });
    return { status: 202, headers };
  }
  const follower = readClusterId(body.clusterResourceId);
  if (follower === undefined)
    throw badRequest(`'${body.clusterResourceId}' isn't a follower of cluster '${leader.name}'.`);
  const found = ledBy(arm, leader).find(
    (one) => sameName(one.follower, follower.name) && sameName(one.name, name),
  );
  if (found === undefined)
    throw notFound(
      `Microsoft.Kusto/clusters/${follower.name}/attachedDatabaseConfigurations/${name}`,
      follower.scope.resourceGroup,
    );
  return { status: 202, headers: detach(arm, request, found, path) };
};

export const followerDatabaseHandlers: Readonly<Record<string, Handler>> = {
  "POST clusters/*/listfollowerdatabases": (arm, request) =>
    ok({ value: followersOf(arm, clusterOf(arm, request)) }),
  "GET clusters/*/listfollowerdatabases": (arm, request) =>
    ok({ value: followersOf(arm, clusterOf(arm, request)).map((properties) => ({ properties })) }),
  "POST clusters/*/detachfollowerdatabases": detachFollower,
};
