import type { KustoManagementClient } from "@azure/arm-kusto";
import { z } from "zod";
import { Terminal } from "../model/errors.ts";
import { type Attachment, principalsKindSchema, sharingSchema } from "../model/followers/attachment.ts";
import { clusterResourceId, parseClusterResource } from "../model/followers/clusterResource.ts";
import type { ClusterFacts } from "../model/followers/planAttachments.ts";
import { managementClient, type ResourceManager } from "./armClient.ts";
import { armFailure } from "./armFailure.ts";

/** Answers in which nothing is set come with nulls or without the field. */
const optional = <T extends z.ZodType>(schema: T) =>
  schema.nullish().transform((value) => value ?? undefined);

const sharingAnswer = z.object(
  Object.fromEntries(Object.keys(sharingSchema.shape).map((key) => [key, optional(z.array(z.string()))])),
);

const clusterAnswer = z.object({
  id: z.string(),
  location: z.string(),
  state: z.string(),
  uri: optional(z.string()),
  enableStreamingIngest: optional(z.boolean()),
  keyVaultProperties: optional(z.object({ keyName: optional(z.string()) })),
});

const configurationAnswer = z.object({
  name: z.string(),
  location: optional(z.string()),
  databaseName: z.string(),
  clusterResourceId: z.string(),
  attachedDatabaseNames: optional(z.array(z.string())),
  defaultPrincipalsModificationKind: principalsKindSchema,
  databaseNameOverride: optional(z.string()),
  databaseNamePrefix: optional(z.string()),
  tableLevelSharingProperties: optional(sharingAnswer),
  provisioningState: optional(z.string()),
});

const databaseAnswer = z.object({
  name: z.string(),
  kind: z.string(),
  leaderClusterResourceId: optional(z.string()),
  attachedDatabaseConfigurationName: optional(z.string()),
  originalDatabaseName: optional(z.string()),
  principalsModificationKind: optional(z.string()),
});

/** A database of a cluster as the resource manager lists it; those that follow say whom. */
export interface ListedDatabase {
  readonly name: string;
  readonly follows: boolean;
  readonly leader?: string;
  readonly configuration?: string;
  readonly originalName?: string;
}

/** An attachment with how it stands. */
export interface ListedAttachment extends Attachment {
  /** Databases that are attached by it now. */
  readonly attached: readonly string[];
  readonly provisioningState: string;
}

export interface Cluster extends ClusterFacts {
  /** Query endpoint. */
  readonly uri: string;
  readonly databases: readonly ListedDatabase[];
  readonly attachments: readonly ListedAttachment[];
}

/**
 * A cluster, its databases and what it follows (`follower.md`). Throws Terminal, with what to do, for an id that is none,
 * a cluster that isn't there, and rights that lack.
 */
export async function readCluster(manager: ResourceManager, id: string): Promise<Cluster> {
  const resource = parseClusterResource(id);
  const client = managementClient(manager, resource.subscriptionId);
  const { resourceGroup, name } = resource;
  try {
    const [cluster, databases, attachments] = await Promise.all([
      client.clusters.get(resourceGroup, name),
      listDatabases(client, resourceGroup, name),
      listAttachments(client, resourceGroup, name),
    ]);
    const read = parsed(clusterAnswer, cluster);
    return {
      id: clusterResourceId(resource),
      location: read.location,
      state: read.state,
      uri: read.uri ?? "",
      streamingIngestion: read.enableStreamingIngest === true,
      customerKey: read.keyVaultProperties?.keyName !== undefined,
      databases,
      attachments,
    };
  } catch (error) {
    throw armFailure(error, { cluster: clusterResourceId(resource), operation: "read cluster" });
  }
}

async function listDatabases(
  client: KustoManagementClient,
  resourceGroup: string,
  cluster: string,
): Promise<ListedDatabase[]> {
  const found: ListedDatabase[] = [];
  for await (const item of client.databases.listByCluster(resourceGroup, cluster)) {
    const read = parsed(databaseAnswer, item);
    found.push({
      // Listed as <cluster>/<database>.
      name: ownName(read.name),
      follows: read.kind === "ReadOnlyFollowing",
      ...(read.leaderClusterResourceId === undefined ? {} : { leader: read.leaderClusterResourceId }),
      ...(read.attachedDatabaseConfigurationName === undefined
        ? {}
        : { configuration: ownName(read.attachedDatabaseConfigurationName) }),
      ...(read.originalDatabaseName === undefined ? {} : { originalName: read.originalDatabaseName }),
    });
  }
  return found;
}

async function listAttachments(
  client: KustoManagementClient,
  resourceGroup: string,
  cluster: string,
): Promise<ListedAttachment[]> {
  const found: ListedAttachment[] = [];
  for await (const item of client.attachedDatabaseConfigurations.listByCluster(resourceGroup, cluster))
    found.push(attachmentOf(parsed(configurationAnswer, item)));
  return found;
}

function attachmentOf(read: z.infer<typeof configurationAnswer>): ListedAttachment {
  const given = Object.entries(read.tableLevelSharingProperties ?? {}).filter(
    ([, names]) => names !== undefined && names.length > 0,
  );
  return {
    name: ownName(read.name),
    database: read.databaseName,
    leader: read.clusterResourceId,
    principals: read.defaultPrincipalsModificationKind,
    ...(read.databaseNameOverride === undefined ? {} : { nameOverride: read.databaseNameOverride }),
    ...(read.databaseNamePrefix === undefined ? {} : { namePrefix: read.databaseNamePrefix }),
    ...(given.length === 0 ? {} : { sharing: sharingSchema.parse(Object.fromEntries(given)) }),
    attached: read.attachedDatabaseNames ?? [],
    provisioningState: read.provisioningState ?? "",
  };
}

/** The last part of a name that is listed with its cluster before it. */
function ownName(name: string): string {
  return name.slice(name.indexOf("/") + 1);
}

function parsed<T extends z.ZodType>(schema: T, answer: unknown): z.infer<T> {
  const read = schema.safeParse(answer);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  throw new Terminal(
    `Azure Resource Manager's answer is not what was expected: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
  );
}
