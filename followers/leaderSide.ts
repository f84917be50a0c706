import { z } from "zod";
import { parseClusterResource, readClusterResource } from "../model/followers/clusterResource.ts";
import { managementClient, type ResourceManager } from "./armClient.ts";
import { armFailure } from "./armFailure.ts";

const followerAnswer = z.object({
  clusterResourceId: z.string(),
  attachedDatabaseConfigurationName: z.string(),
  databaseName: z.string().nullish(),
  databaseShareOrigin: z.string().nullish(),
});

/** Who follows a cluster's database, as the leader lists it. */
export interface ListedFollower {
  /** Resource id of the follower; of a Fabric item, what Fabric gives in its place. */
  readonly follower: string;
  readonly isCluster: boolean;
  readonly configuration: string;
  /** Database of the leader, or `*`. */
  readonly database: string;
  /** `Direct`, `DataShare` or `Other`, where it is told. */
  readonly origin?: string;
}

/** All that follow databases of a cluster (`follower.md`). */
export async function listFollowers(manager: ResourceManager, leader: string): Promise<ListedFollower[]> {
  const { subscriptionId, resourceGroup, name } = parseClusterResource(leader);
  const client = managementClient(manager, subscriptionId);
  const found: ListedFollower[] = [];
  try {
    for await (const item of client.clusters.listFollowerDatabases(resourceGroup, name)) {
      const read = followerAnswer.parse(item);
      found.push({
        follower: read.clusterResourceId,
        isCluster: readClusterResource(read.clusterResourceId) !== undefined,
        configuration: read.attachedDatabaseConfigurationName,
        database: read.databaseName ?? "",
        ...(read.databaseShareOrigin ? { origin: read.databaseShareOrigin } : {}),
      });
    }
  } catch (error) {
    throw armFailure(error, { cluster: leader, operation: "list followers" });
  }
  return found;
}
