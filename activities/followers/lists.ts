import { type Cluster, readCluster } from "../../followers/clusterFacts.ts";
import { listFollowers } from "../../followers/leaderSide.ts";
import { readOverrides } from "../../kusto/followerReads.ts";
import { chunked } from "../../model/chunked.ts";
import { describe } from "../../model/errors.ts";
import type { FollowedList, FollowersList } from "../../model/followers/reports.ts";
import { followerClient, resourceManager } from "./clusters.ts";
import { kindOf } from "./overrides.ts";

/** Databases whose overrides are asked for at a time. */
const AT_ONCE = 8;

type Shown = FollowedList["attachments"][number]["databases"][number];

/** What a cluster follows, with settings and overrides. Throws Terminal with what to do where it can't be read. */
export async function followedList(follower: string): Promise<FollowedList> {
  const cluster = await readCluster(resourceManager(), follower);
  const { id, location, state, uri, streamingIngestion } = cluster;
  const following = cluster.databases.filter((each) => each.follows);
  const shown = new Map<string, Shown>();
  for (const some of chunked(following, AT_ONCE))
    await Promise.all(some.map(async ({ name }) => shown.set(name, await withOverrides(cluster, name))));
  return {
    follower: { id, location, state, uri, streamingIngestion },
    attachments: cluster.attachments.map((attachment) => ({
      ...attachment,
      attached: [...attachment.attached],
      databases: following
        .filter((each) => each.configuration?.toLowerCase() === attachment.name.toLowerCase())
        .flatMap(({ name }) => shown.get(name) ?? []),
    })),
  };
}

async function withOverrides(cluster: Cluster, name: string): Promise<Shown> {
  try {
    const overrides = await readOverrides(followerClient(cluster.uri), name, kindOf(cluster, name));
    return { name, overrides, error: null };
  } catch (error) {
    return { name, overrides: null, error: describe(error) };
  }
}

/** Who follows a cluster. Settings are the follower's to tell: where it can't be read, the list says why. */
export async function followersList(leader: string): Promise<FollowersList> {
  const manager = resourceManager();
  const followers = await listFollowers(manager, leader);
  const clusters = new Map<string, Cluster | string>();
  const ids = [
    ...new Set(followers.filter((each) => each.isCluster).map((each) => each.follower.toLowerCase())),
  ];
  for (const some of chunked(ids, AT_ONCE))
    await Promise.all(
      some.map(async (id) =>
        clusters.set(id, await readCluster(manager, id).catch((error: unknown) => describe(error))),
      ),
    );
  return {
    leader,
    followers: followers.map((each) => {
      const cluster = clusters.get(each.follower.toLowerCase());
      const settings =
        typeof cluster === "object"
          ? cluster.attachments.find(({ name }) => name.toLowerCase() === each.configuration.toLowerCase())
          : undefined;
      return {
        follower: each.follower,
        isCluster: each.isCluster,
        configuration: each.configuration,
        database: each.database,
        origin: each.origin ?? null,
        settings: settings === undefined ? null : { ...settings, attached: [...settings.attached] },
        error: typeof cluster === "string" ? cluster : null,
      };
    }),
  };
}
