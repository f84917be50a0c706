import { type Cluster, readCluster } from "../../followers/clusterFacts.ts";
import * as commands from "../../kusto/commands/followers.ts";
import { readOverrides as readAt } from "../../kusto/followerReads.ts";
import { Terminal } from "../../model/errors.ts";
import {
  type ModificationKind,
  modificationKindSchema,
  type OverrideChange,
} from "../../model/followers/overrides.ts";
import type { Answer } from "../contract.ts";
import { answer } from "../outcome.ts";
import { followerClient, resourceManager } from "./clusters.ts";
import type { ApplyOverrideInput, FoundOverrides, ReadOverridesInput } from "./contract.ts";

/** The overrides of a followed database. Throws nothing: a database that isn't followed is a failure that says so. */
export function readOverrides({ follower, database }: ReadOverridesInput): Promise<Answer<FoundOverrides>> {
  return answer(async () => {
    const cluster = await readCluster(resourceManager(), follower);
    const found = cluster.databases.find((each) => each.name.toLowerCase() === database.toLowerCase());
    if (!found?.follows)
      throw new Terminal(
        `Cluster ${cluster.id} follows no database ${database}.`,
        {},
        { advice: "List what it follows: the name is the one at the follower." },
      );
    const overrides = await readAt(followerClient(cluster.uri), found.name, kindOf(cluster, found.name));
    return { uri: cluster.uri, database: found.name, overrides };
  });
}

/** The principals' kind of the configuration that a database came with. */
export function kindOf(cluster: Cluster, database: string): ModificationKind {
  const listed = cluster.databases.find((each) => each.name === database);
  const configuration = cluster.attachments.find(
    (each) => each.name.toLowerCase() === listed?.configuration?.toLowerCase(),
  );
  return modificationKindSchema.parse((configuration?.principals ?? "Union").toLowerCase());
}

/** Sends one change. Each may be sent twice: it sets what it names, whatever was there. */
export function applyOverride({ uri, database, change }: ApplyOverrideInput): Promise<Answer<null>> {
  return answer(async () => {
    await followerClient(uri).command(database, commandOf(database, change), { idempotent: true });
    return null;
  });
}

function commandOf(database: string, change: OverrideChange): string {
  switch (change.kind) {
    case "setCaching":
      return commands.alterFollowerCaching(database, change.target, change.hotMs);
    case "deleteCaching":
      return commands.deleteFollowerCaching(database, change.target);
    case "cachingKind":
      return commands.alterCachingModificationKind(database, change.value);
    case "addPrincipals":
      return commands.addFollowerPrincipals(database, change.role, change.principals, change.notes);
    case "dropPrincipals":
      return commands.dropFollowerPrincipals(database, change.role, change.principals);
    case "principalsKind":
      return commands.alterPrincipalsModificationKind(database, change.value);
    case "prefetch":
      return commands.alterPrefetchExtents(database, change.value);
  }
}
