import { z } from "zod";
import { type Arm, clusterOf, type Handler, nameAt, ok, startOperation } from "./arm.ts";
import { type ArmError, badRequest, notFound, readBody } from "./armError.ts";
import { clusterId } from "./clusters.ts";
import { durationOfTimespan, timespanOfDuration } from "./durations.ts";
import { ledBy } from "./followerDatabases.ts";
import { command, databasesOf, followedBy, type KustoDatabase } from "./kustoSide.ts";
import type { ArmRequest, Scope } from "./request.ts";
import { type Cluster, sameName } from "./state.ts";

const policy = z
  .object({
    SoftDeletePeriod: z.string().optional(),
    DataHotSpan: z.object({ Value: z.string() }).optional(),
  })
  .nullable();

function periods(database: KustoDatabase) {
  const retention = policy.parse(JSON.parse(database.RetentionPolicy))?.SoftDeletePeriod;
  const hot = policy.parse(JSON.parse(database.CachingPolicy))?.DataHotSpan?.Value;
  const softDeletePeriod = retention === undefined ? undefined : durationOfTimespan(retention);
  const hotCachePeriod = hot === undefined ? undefined : durationOfTimespan(hot);
  return {
    ...(softDeletePeriod === undefined ? {} : { softDeletePeriod }),
    ...(hotCachePeriod === undefined ? {} : { hotCachePeriod }),
  };
}

function databaseId(scope: Scope, cluster: string, name: string): string {
  return `${clusterId(scope, cluster)}/Databases/${name}`;
}

/** Database resources (`rest/api/azurerekusto/databases/list-by-cluster`); a full name has the cluster before it. */
async function databaseResources(arm: Arm, scope: Scope, cluster: Cluster) {
  const [databases, followed] = await Promise.all([databasesOf(cluster), followedBy(cluster)]);
  const led = ledBy(arm, cluster).map(({ applied }) => applied?.databaseName ?? "");
  return databases.map((database) => {
    const name = database.DatabaseName;
    const common = {
      id: databaseId(scope, cluster.name, name),
      name: `${cluster.name}/${name}`,
      type: "Microsoft.Kusto/Clusters/Databases",
      location: cluster.location,
    };
    const shared = {
      provisioningState: "Succeeded",
      ...periods(database),
      statistics: { size: database.TotalSize },
    };
    const following = followed.databases.find((one) => sameName(one.name, name));
    if (following === undefined) {
      const isFollowed = led.some((one) => one === "*" || sameName(one, name));
      return { ...common, kind: "ReadWrite", properties: { ...shared, isFollowed } };
    }
    const applied = arm.state.configuration(cluster.name, following.configuration)?.applied;
    return {
      ...common,
      kind: "ReadOnlyFollowing",
      properties: {
        ...shared,
        leaderClusterResourceId: applied?.clusterResourceId ?? "",
        attachedDatabaseConfigurationName: following.configuration,
        principalsModificationKind: following.principalsKind,
        ...(applied?.tableLevelSharingProperties === undefined
          ? {}
          : { tableLevelSharingProperties: applied.tableLevelSharingProperties }),
        originalDatabaseName: following.leaderDatabase,
        databaseShareOrigin: "Direct",
      },
    };
  });
}

async function findDatabase(arm: Arm, request: ArmRequest, cluster: Cluster) {
  const name = nameAt(request, 1);
  const all = await databaseResources(arm, request.scope, cluster);
  return all.find((one) => sameName(one.name, `${cluster.name}/${name}`));
}

function missing(request: ArmRequest): ArmError {
  return notFound(
    `Microsoft.Kusto/clusters/${nameAt(request, 0)}/databases/${nameAt(request, 1)}`,
    request.scope.resourceGroup,
  );
}

const duration = z.string().transform((text, context) => {
  const timespan = timespanOfDuration(text);
  if (timespan !== undefined) return timespan;
  context.addIssue({ code: "custom", message: `'${text}' is not a duration such as P7D` });
  return z.NEVER;
});

const putSchema = z.strictObject({
  kind: z.enum(["ReadWrite", "ReadOnlyFollowing"]),
  location: z.string().optional(),
  properties: z
    .strictObject({ softDeletePeriod: duration.optional(), hotCachePeriod: duration.optional() })
    .default({}),
});

function quoted(name: string): string {
  return `["${name.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"]`;
}

const update: Handler = async (arm, request) => {
  const cluster = clusterOf(arm, request);
  const { kind, properties } = readBody(putSchema, request.body);
  const { softDeletePeriod, hotCachePeriod } = properties;
  const name = nameAt(request, 1);
  const found = await findDatabase(arm, request, cluster);
  if (found === undefined && (request.method === "PATCH" || kind === "ReadOnlyFollowing"))
    throw missing(request);
  if (found !== undefined && found.kind !== kind)
    throw badRequest(`Database '${name}' of cluster '${cluster.name}' is of the kind '${found.kind}'.`);
  if (kind === "ReadOnlyFollowing" && softDeletePeriod !== undefined)
    throw badRequest(`The softDeletePeriod of the followed database '${name}' is set at its leader.`);
  const entity = kind === "ReadWrite" ? "database" : "follower database";
  const work = async () => {
    if (found === undefined)
      await command(cluster, "NetDefaultDB", `.create database ${quoted(name)} volatile`);
    if (softDeletePeriod !== undefined)
      await command(
        cluster,
        name,
        `.alter-merge database ${quoted(name)} policy retention softdelete = ${softDeletePeriod}`,
      );
    if (hotCachePeriod !== undefined)
      await command(
        cluster,
        name,
        `.alter ${entity} ${quoted(name)} policy caching hot = time(${hotCachePeriod})`,
      );
  };
  const headers = startOperation(arm, {
    request,
    path: databaseId(request.scope, cluster.name, name),
    location: cluster.location,
    kind: found === undefined ? "DatabaseCreate" : "DatabaseUpdate",
    work,
  });
  const body = found ?? {
    id: databaseId(request.scope, cluster.name, name),
    name: `${cluster.name}/${name}`,
    type: "Microsoft.Kusto/Clusters/Databases",
    location: cluster.location,
    kind,
    properties: { provisioningState: "Creating" },
  };
  return { status: found === undefined ? 201 : 202, body, headers };
};

/** A database that is followed, or that follows, can't be deleted before it is detached (`follower.md`). */
const remove: Handler = async (arm, request) => {
  const cluster = clusterOf(arm, request);
  const found = await findDatabase(arm, request, cluster);
  if (found === undefined) return { status: 204 };
  const name = nameAt(request, 1);
  if (found.kind === "ReadOnlyFollowing")
    throw badRequest(
      `Database '${name}' of cluster '${cluster.name}' follows another and can't be deleted. Detach it first.`,
    );
  const led = ledBy(arm, cluster).find(({ applied }) => {
    const followed = applied?.databaseName ?? "";
    return followed === "*" || sameName(followed, name);
  });
  if (led !== undefined)
    throw badRequest(
      `Database '${name}' of cluster '${cluster.name}' can't be deleted: cluster '${led.follower}' follows it by the attached database configuration '${led.name}'. Detach it first.`,
    );
  const headers = startOperation(arm, {
    request,
    path: databaseId(request.scope, cluster.name, name),
    location: cluster.location,
    kind: "DatabaseDelete",
    work: async () => {
      await command(cluster, "NetDefaultDB", `.drop database ${quoted(name)}`);
    },
  });
  return { status: 202, headers };
};

export const databaseHandlers: Readonly<Record<string, Handler>> = {
  "GET clusters/*/databases": async (arm, request) =>
    ok({ value: await databaseResources(arm, request.scope, clusterOf(arm, request)) }),
  "GET clusters/*/databases/*": async (arm, request) => {
    const found = await findDatabase(arm, request, clusterOf(arm, request));
    if (found === undefined) throw missing(request);
    return ok(found);
  },
  "PUT clusters/*/databases/*": update,
  "PATCH clusters/*/databases/*": update,
  "DELETE clusters/*/databases/*": remove,
};
