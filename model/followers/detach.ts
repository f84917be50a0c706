import { z } from "zod";
import { ALL_DATABASES, attachedName, clusterIdSchema } from "./attachment.ts";
import { sameResource } from "./clusterResource.ts";

/**
 * What to detach: at the follower (`side: follower`), by the databases' names there, or at the leader, by its own. `["*"]` is
 * all of them. The other cluster, where it is given, narrows them.
 */
export const detachRequestSchema = z
  .strictObject({
    side: z
      .enum(["follower", "leader"])
      .default("follower")
      .describe("On which cluster it is done: rights are needed on that one only"),
    follower: z
      .string()
      .min(1)
      .optional()
      .describe("The follower's resource id; at the leader, also what Fabric gives in its place"),
    leader: clusterIdSchema.optional(),
    databases: z
      .array(z.string().min(1))
      .min(1)
      .describe("Names at the follower, with `side: leader` those of the leader; `*` for all"),
  })
  .superRefine((request, context) => {
    if (request.side === "leader" && request.leader === undefined)
      context.addIssue({ code: "custom", path: ["leader"], message: "is needed to detach at the leader" });
    if (request.side === "follower" && !clusterIdSchema.safeParse(request.follower).success)
      context.addIssue({
        code: "custom",
        path: ["follower"],
        message: "is needed to detach at the follower: its resource id",
      });
    if (request.databases.includes(ALL_DATABASES) && request.databases.length > 1)
      context.addIssue({ code: "custom", path: ["databases"], message: "holds * and names" });
  })
  .meta({ id: "DetachRequest", description: "Which databases to detach, and on which side" });
export type DetachRequest = z.infer<typeof detachRequestSchema>;

/** A configuration to take away, and what users lose by it. */
export const detachedSchema = z.strictObject({
  follower: z.string(),
  configuration: z.string(),
  /** Names of the databases: at the follower; seen from the leader its own, or `*`. */
  databases: z.array(z.string()),
});
export type Detached = z.infer<typeof detachedSchema>;

export interface DetachPlan {
  readonly targets: readonly Detached[];
  readonly refused: readonly string[];
}

interface AttachedBy {
  readonly name: string;
  readonly database: string;
  readonly leader: string;
  readonly nameOverride?: string | undefined;
  readonly namePrefix?: string | undefined;
}

/** What a follower has attached, as far as detaching there looks at it. */
export interface FollowerAttachments {
  readonly id: string;
  readonly attachments: readonly AttachedBy[];
  readonly databases: readonly {
    readonly name: string;
    readonly follows: boolean;
    readonly configuration?: string;
  }[];
}

/** What detaching at the follower takes away. A database that came with all of its leader's can't be detached alone. */
export function planDetachAtFollower(request: DetachRequest, follower: FollowerAttachments): DetachPlan {
  const { leader } = request;
  const targets = follower.attachments
    .filter((each) => leader === undefined || sameResource(each.leader, leader))
    .map((attachment) => ({ attachment, target: targetOf(follower, attachment) }));
  if (request.databases.includes(ALL_DATABASES))
    return { targets: targets.map(({ target }) => target), refused: [] };
  const chosen = new Map<string, Detached>();
  const refused: string[] = [];
  for (const database of request.databases) {
    const found = targets.find(({ target }) =>
      target.databases.some((name) => name.toLowerCase() === database.toLowerCase()),
    );
    if (found === undefined)
      refused.push(`The follower ${follower.id} has no attached database ${database}. List what it follows.`);
    else if (found.attachment.database === ALL_DATABASES && found.target.databases.length > 1)
      refused.push(
        `${database} is attached with all databases of ${found.attachment.leader}, by configuration ${found.target.configuration}: detach all of that leader (*, and the leader's id), or attach the others by name afterwards.`,
      );
    else chosen.set(found.target.configuration, found.target);
  }
  return { targets: [...chosen.values()], refused };
}

function targetOf(follower: FollowerAttachments, attachment: AttachedBy): Detached {
  const listed = follower.databases
    .filter((each) => each.follows && each.configuration?.toLowerCase() === attachment.name.toLowerCase())
    .map((each) => each.name);
  const expected =
    attachment.database === ALL_DATABASES ? [] : [attachedName(attachment, attachment.database)];
  return {
    follower: follower.id,
    configuration: attachment.name,
    databases: listed.length > 0 ? listed : expected,
  };
}

/** What detaching at the leader takes away, of those who follow it. */
export function planDetachAtLeader(
  request: DetachRequest,
  followers: readonly {
    readonly follower: string;
    readonly configuration: string;
    readonly database: string;
  }[],
): DetachPlan {
  const wanted = request.follower;
  const there = followers.filter(({ follower }) => wanted === undefined || sameResource(follower, wanted));
  const target = ({ follower, configuration, database }: (typeof followers)[number]): Detached => ({
    follower,
    configuration,
    databases: [database],
  });
  if (request.databases.includes(ALL_DATABASES)) return { targets: there.map(target), refused: [] };
  const has = (database: string, each: { readonly database: string }) =>
    each.database.toLowerCase() === database.toLowerCase();
  const refused = request.databases
    .filter((database) => !there.some((each) => has(database, each)))
    .map((database) => {
      const all = there.filter((each) => each.database === ALL_DATABASES);
      return all.length > 0
        ? `${database} is followed with all databases of ${request.leader}, by ${all.map(({ follower }) => follower).join(", ")}: detach all (*), or at the follower.`
        : `Nobody follows database ${database} of ${request.leader}${wanted === undefined ? "" : ` at ${wanted}`}. List who follows it.`;
    });
  return {
    targets: there.filter((each) => request.databases.some((database) => has(database, each))).map(target),
    refused,
  };
}
