import type { AttachedDatabaseConfiguration, KustoManagementClient } from "@azure/arm-kusto";
import type { Attachment, Sharing } from "../model/followers/attachment.ts";
import { parseClusterResource } from "../model/followers/clusterResource.ts";
import { managementClient, type ResourceManager } from "./armClient.ts";
import { operationFailure } from "./armFailure.ts";

/*
 * Long-running operations of the resource manager, begun and looked at apart from one another: what was begun is carried as
 * a text (addresses to ask, no secret), so that another process, or the same activity delivered again, can look.
 * Each is safe to begin again: the resource manager takes the same request for the same state.
 */

/** A look at an operation. */
export type OperationState =
  | { readonly kind: "running"; readonly operation: string }
  | { readonly kind: "done" };

interface Poller {
  poll(): Promise<unknown>;
  isDone(): boolean;
  toString(): string;
}

/** Attaches, or changes an attachment that is there. The location is the follower's (`follower.md`). */
export function beginAttach(
  manager: ResourceManager,
  follower: string,
  location: string,
  attachment: Attachment,
): Promise<OperationState> {
  return looked(manager, follower, `attach ${attachment.name}`, (client, group, cluster) =>
    client.attachedDatabaseConfigurations.beginCreateOrUpdate(
      group,
      cluster,
      attachment.name,
      configurationOf(location, attachment),
    ),
  );
}

export function lookAtAttach(
  manager: ResourceManager,
  follower: string,
  location: string,
  attachment: Attachment,
  operation: string,
): Promise<OperationState> {
  return looked(manager, follower, `attach ${attachment.name}`, (client, group, cluster) =>
    client.attachedDatabaseConfigurations.beginCreateOrUpdate(
      group,
      cluster,
      attachment.name,
      configurationOf(location, attachment),
      { resumeFrom: operation },
    ),
  );
}

/** Detaches on the follower's side: deletes the configuration. One that is gone already is done. */
export function beginDetach(
  manager: ResourceManager,
  follower: string,
  configuration: string,
  operation?: string,
): Promise<OperationState> {
  return looked(manager, follower, `detach ${configuration}`, (client, group, cluster) =>
    client.attachedDatabaseConfigurations.beginDelete(
      group,
      cluster,
      configuration,
      operation === undefined ? {} : { resumeFrom: operation },
    ),
  );
}

/** Detaches on the leader's side, which needs rights on the leader only (`follower.md`). */
export function beginDetachFollower(
  manager: ResourceManager,
  leader: string,
  followed: { readonly follower: string; readonly configuration: string },
  operation?: string,
): Promise<OperationState> {
  return looked(manager, leader, `detach ${followed.configuration}`, (client, group, cluster) =>
    client.clusters.beginDetachFollowerDatabases(
      group,
      cluster,
      {
        clusterResourceId: followed.follower,
        attachedDatabaseConfigurationName: followed.configuration,
      },
      operation === undefined ? {} : { resumeFrom: operation },
    ),
  );
}

/** Begins or resumes an operation, and looks once where it stands. */
async function looked(
  manager: ResourceManager,
  cluster: string,
  operation: string,
  begin: (client: KustoManagementClient, group: string, cluster: string) => Promise<Poller>,
): Promise<OperationState> {
  const { subscriptionId, resourceGroup, name } = parseClusterResource(cluster);
  const context = { cluster, operation };
  // The library looks for the first time while it begins or resumes, so that both may throw what the operation failed with.
  try {
    const poller = await begin(managementClient(manager, subscriptionId), resourceGroup, name);
    if (!poller.isDone()) await poller.poll();
    return poller.isDone() ? { kind: "done" } : { kind: "running", operation: poller.toString() };
  } catch (error) {
    throw operationFailure(error, context);
  }
}

function configurationOf(location: string, attachment: Attachment): AttachedDatabaseConfiguration {
  const { sharing } = attachment;
  return {
    location,
    databaseName: attachment.database,
    clusterResourceId: attachment.leader,
    defaultPrincipalsModificationKind: attachment.principals,
    ...(attachment.nameOverride === undefined ? {} : { databaseNameOverride: attachment.nameOverride }),
    ...(attachment.namePrefix === undefined ? {} : { databaseNamePrefix: attachment.namePrefix }),
    ...(sharing === undefined ? {} : { tableLevelSharingProperties: withoutUndefined(sharing) }),
  };
}

function withoutUndefined(sharing: Sharing): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(sharing).flatMap(([key, names]): [string, string[]][] =>
      names === undefined ? [] : [[key, names]],
    ),
  );
}
