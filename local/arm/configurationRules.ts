import { z } from "zod";
import {
  type Attachment,
  followerName,
  givenSharingSchema,
  modificationKind,
  sharingSchema,
} from "../kusto/following/attachment.ts";
import type { Arm } from "./arm.ts";
import { ArmError, badRequest, conflict, notFound, readBody } from "./armError.ts";
import { databasesOf, followedBy } from "./kustoSide.ts";
import { type ArmRequest, readClusterId } from "./request.ts";
import { type Cluster, type ConfigurationProperties, sameLocation, sameName } from "./state.ts";

const bodySchema = z.strictObject({
  location: z.string().optional(),
  // A client may send back what it was given.
  id: z.string().optional(),
  name: z.string().optional(),
  type: z.string().optional(),
  properties: z.strictObject({
    databaseName: z.string().min(1),
    clusterResourceId: z.string().min(1),
    defaultPrincipalsModificationKind: modificationKind,
    databaseNameOverride: z.string().min(1).optional(),
    databaseNamePrefix: z.string().min(1).optional(),
    tableLevelSharingProperties: givenSharingSchema.optional(),
    attachedDatabaseNames: z.array(z.string()).optional(),
    provisioningState: z.string().optional(),
  }),
});

const mostEntries = 100;

export interface Checked {
  readonly properties: ConfigurationProperties;
  readonly leader: Cluster;
}

/** The cluster that a configuration names, in any subscription. */
export function leaderOf(arm: Arm, properties: ConfigurationProperties): Cluster {
  const id = readClusterId(properties.clusterResourceId);
  if (id === undefined) {
    throw new ArmError(
      400,
      "LinkedInvalidPropertyId",
      `Property id '${properties.clusterResourceId}' at path 'properties.clusterResourceId' is invalid. Expect fully qualified resource Id of a cluster that starts with '/subscriptions/{subscriptionId}'.`,
    );
  }
  const leader = arm.state.findCluster(id.name);
  if (leader === undefined) throw notFound(`Microsoft.Kusto/clusters/${id.name}`, id.scope.resourceGroup);
  return leader;
}

export function attachmentOf(arm: Arm, name: string, properties: ConfigurationProperties): Attachment {
  const { databaseNameOverride: nameOverride, databaseNamePrefix: namePrefix } = properties;
  const leader = leaderOf(arm, properties);
  return {
    configuration: name,
    leader: { name: leader.name, url: leader.url },
    database: properties.databaseName,
    ...(nameOverride === undefined ? {} : { nameOverride }),
    ...(namePrefix === undefined ? {} : { namePrefix }),
    principalsKind: properties.defaultPrincipalsModificationKind,
    sharing: sharingSchema.parse(properties.tableLevelSharingProperties ?? {}),
  };
}

function checkNames(properties: ConfigurationProperties): void {
  const { databaseName, databaseNameOverride, databaseNamePrefix, tableLevelSharingProperties } = properties;
  const entries = Object.values(tableLevelSharingProperties ?? {}).flat().length;
  if (databaseName === "*" && entries > 0)
    throw badRequest("TableLevelSharingProperties isn't supported when all databases ('*') are followed.");
  if (entries > mostEntries)
    throw badRequest(
      `TableLevelSharingProperties has ${entries} entries: the most in all arrays together is ${mostEntries}.`,
    );
  if (databaseName === "*" && databaseNameOverride !== undefined)
    throw badRequest("DatabaseNameOverride isn't supported when all databases ('*') are followed.");
  if (databaseNameOverride !== undefined && databaseNamePrefix !== undefined)
    throw badRequest("DatabaseNameOverride and DatabaseNamePrefix can't be given together.");
}

/**
 * The rules for a configuration before anything is started (`follower.md`): one region, the sharing's limits, a
 * database that the leader has, and a name that is free at the follower. With `*` names that aren't free are left out.
 */
export async function checkConfiguration(
  arm: Arm,
  request: ArmRequest,
  follower: Cluster,
  name: string,
): Promise<Checked> {
  const { location, properties: given } = readBody(bodySchema, request.body);
  const { attachedDatabaseNames: _, provisioningState: __, ...properties } = given;
  if (location !== undefined && !sameLocation(location, follower.location))
    throw badRequest(
      `The location '${location}' of the attached database configuration '${name}' isn't that of cluster '${follower.name}', '${follower.location}'.`,
    );
  const leader = leaderOf(arm, properties);
  if (sameName(leader.name, follower.name))
    throw badRequest(`Cluster '${follower.name}' can't follow itself.`);
  if (!sameLocation(leader.location, follower.location))
    throw badRequest(
      `The follower cluster '${follower.name}' in '${follower.location}' and the leader cluster '${leader.name}' in '${leader.location}' must be in the same region.`,
    );
  checkNames(properties);
  if (properties.databaseName !== "*") await checkDatabase(arm, follower, leader, name, properties);
  return { properties, leader };
}

async function checkDatabase(
  arm: Arm,
  follower: Cluster,
  leader: Cluster,
  name: string,
  properties: ConfigurationProperties,
): Promise<void> {
  const { databaseName } = properties;
  const led = (await databasesOf(leader)).find((one) => sameName(one.DatabaseName, databaseName));
  if (led === undefined)
    throw badRequest(`Database '${databaseName}' wasn't found in the leader cluster '${leader.name}'.`);
  if (led.DatabaseAccessMode !== "ReadWrite")
    throw badRequest(
      `Database '${databaseName}' of cluster '${leader.name}' can't be followed: the cluster follows it itself.`,
    );
  const wanted = followerName(attachmentOf(arm, name, properties), led.DatabaseName);
  const taken = (await databasesOf(follower)).find((one) => sameName(one.DatabaseName, wanted));
  if (taken !== undefined) {
    const { databases } = await followedBy(follower);
    const by = databases.find((one) => sameName(one.name, wanted))?.configuration;
    if (by === undefined || !sameName(by, name))
      throw conflict(
        by === undefined
          ? `Cluster '${follower.name}' has a database '${wanted}' of its own.`
          : `Database '${wanted}' of cluster '${follower.name}' is attached by the configuration '${by}' already.`,
      );
  }
}

/**
 * Two that are being attached at the same time don't see each other at the follower yet. Nothing may come between this
 * and keeping the configuration.
 */
export function checkRivals(
  arm: Arm,
  follower: Cluster,
  name: string,
  properties: ConfigurationProperties,
): void {
  const nameOf = (configuration: string, given: ConfigurationProperties) =>
    followerName(attachmentOf(arm, configuration, given), given.databaseName);
  const wanted = nameOf(name, properties);
  const rival = arm.state
    .configurations()
    .filter((one) => sameName(one.follower, follower.name) && !sameName(one.name, name))
    .filter((one) => one.properties.databaseName !== "*" && one.provisioningState !== "Failed")
    .find((one) => sameName(nameOf(one.name, one.properties), wanted));
  if (rival !== undefined)
    throw conflict(
      `Database '${wanted}' of cluster '${follower.name}' is attached by the configuration '${rival.name}' already.`,
    );
}
