import { z } from "zod";
import { ALL_DATABASES, type Attachment, attachedName } from "./attachment.ts";
import { sameResource } from "./clusterResource.ts";

/*
 * Whether databases are shared, as both sides show it (`follower.md`, "Verify that the database was successfully shared"):
 * judged here from what was seen, so that the same sights give the same words.
 */

/**
 * `waiting`: it may come by itself, at the next refresh or when an operation ends. `unknown`: it can't be seen, so nothing is
 * claimed. `hidden`: all databases are attached, and the follower's own of this name wins.
 */
export const sharedStateSchema = z.enum(["passed", "hidden", "unknown", "waiting", "failed"]);
export type SharedState = z.infer<typeof sharedStateSchema>;

export const sharedCheckSchema = z.strictObject({
  side: z.enum(["follower", "leader"]),
  check: z.enum(["attached", "listed", "served", "queried", "tables", "shared"]),
  state: sharedStateSchema,
  seen: z.string().describe("What was seen, and what to do about it"),
});
export type SharedCheck = z.infer<typeof sharedCheckSchema>;

export const sharedDatabaseSchema = z.strictObject({
  name: z.string().describe("At the follower"),
  database: z.string().describe("At the leader"),
  leader: z.string(),
  configuration: z.string(),
  state: sharedStateSchema,
  checks: z.array(sharedCheckSchema),
});
export type SharedDatabase = z.infer<typeof sharedDatabaseSchema>;

export const sharingReportSchema = z
  .strictObject({
    follower: z.string(),
    at: z.string(),
    verdict: sharedStateSchema.describe("The worst state of any database"),
    databases: z.array(sharedDatabaseSchema),
    missing: z.array(z.string()).describe("What was asked for and isn't attached"),
  })
  .meta({ id: "Sharing", description: "Whether databases are shared, seen from both sides" });
export type SharingReport = z.infer<typeof sharingReportSchema>;

/** Something that was asked of a cluster: what it told, or why it couldn't be had. */
export type Told<T> = { readonly told: T } | { readonly reason: string };

export interface Sights {
  readonly follower: {
    readonly id: string;
    readonly uri: string;
    readonly databases: readonly {
      readonly name: string;
      readonly follows: boolean;
      readonly leader?: string;
      readonly configuration?: string;
      readonly originalName?: string;
    }[];
  };
  /** `.show databases` at the follower. */
  readonly served: Told<readonly { readonly name: string; readonly accessMode: string }[]>;
  /** Databases in which a harmless query was tried; what went wrong, or null. */
  readonly queried: readonly { readonly name: string; readonly problem: string | null }[];
  /** Tables that the follower shows in a database, where a sharing names some. */
  readonly tables: readonly { readonly name: string; readonly tables: readonly string[] }[];
  /** Who follows the leaders, and which databases they have, by the leaders' ids. */
  readonly leaders: readonly {
    readonly id: string;
    readonly followers: Told<readonly { readonly follower: string; readonly configuration: string }[]>;
    readonly databases: Told<readonly string[]>;
  }[];
}

type Listed = Attachment & {
  readonly attached: readonly string[];
  readonly provisioningState: string;
};

/** The databases that a configuration attaches: leader's name and name at the follower. */
export function databasesOf(
  attachment: Listed,
  sights: Pick<Sights, "follower" | "leaders">,
): { readonly database: string; readonly name: string }[] {
  const named = (database: string) => ({ database, name: attachedName(attachment, database) });
  if (attachment.database !== ALL_DATABASES) return [named(attachment.database)];
  const leader = leaderOf(attachment, sights);
  if (leader !== undefined && "told" in leader.databases) return leader.databases.told.map(named);
  const listed = sights.follower.databases.filter((each) => isOf(each.configuration, attachment));
  return listed.map(({ name, originalName }) => ({ database: originalName ?? name, name }));
}

/** Judges the databases of a configuration, each check by what was seen. */
export function judgeAttachment(attachment: Listed, sights: Sights): SharedDatabase[] {
  return databasesOf(attachment, sights).map(({ database, name }) => {
    const hidden =
      attachment.database === ALL_DATABASES &&
      sights.follower.databases.some((each) => !each.follows && isName(each.name, name));
    const checks: SharedCheck[] = hidden
      ? [
          {
            side: "follower",
            check: "listed",
            state: "hidden",
            seen: `The follower has a database ${name} of its own, which wins over the leader's. Attach with a name prefix to see the leader's.`,
          },
        ]
      : [
          attached(attachment),
          listed(attachment, name, sights),
          served(name, sights),
          queried(name, sights),
          ...tablesThere(attachment, name, sights),
          shared(attachment, sights),
        ];
    return {
      name,
      database,
      leader: attachment.leader,
      configuration: attachment.name,
      state: worstState(checks.map(({ state }) => state)),
      checks,
    };
  });
}

export function worstState(states: readonly SharedState[]): SharedState {
  const order = sharedStateSchema.options;
  return states.reduce<SharedState>(
    (worst, state) => (order.indexOf(state) > order.indexOf(worst) ? state : worst),
    "passed",
  );
}

function attached({ name, provisioningState }: Listed): SharedCheck {
  const check = { side: "follower", check: "attached" } as const;
  if (/^(failed|canceled)$/i.test(provisioningState))
    return {
      ...check,
      state: "failed",
      seen: `Configuration ${name} is ${provisioningState}: attach again, or detach it.`,
    };
  if (/^succeeded$/i.test(provisioningState))
    return { ...check, state: "passed", seen: `Configuration ${name}` };
  return {
    ...check,
    state: "waiting",
    seen: `Configuration ${name} is ${provisioningState || "without a state"}.`,
  };
}

function listed(attachment: Listed, name: string, { follower }: Sights): SharedCheck {
  const check = { side: "follower", check: "listed" } as const;
  const found = follower.databases.find((each) => isName(each.name, name));
  if (found === undefined)
    return {
      ...check,
      state: "waiting",
      seen: `Azure doesn't list a database ${name} at the follower yet; it comes when the follower has read the leader's schema.`,
    };
  if (!found.follows)
    return {
      ...check,
      state: "failed",
      seen: `The follower has a database ${name} of its own, which wins over the leader's. Give a name override or prefix, or rename or drop the follower's.`,
    };
  const other = found.leader !== undefined && !sameResource(found.leader, attachment.leader);
  if (other || (found.configuration !== undefined && !isOf(found.configuration, attachment)))
    return {
      ...check,
      state: "failed",
      seen: `Database ${name} follows ${found.leader ?? "another leader"} by configuration ${found.configuration ?? "unknown"}: two attachments have the same name. Give a name override or prefix.`,
    };
  return { ...check, state: "passed", seen: `ReadOnlyFollowing, of ${attachment.leader}` };
}

function served(name: string, { served: told, follower }: Sights): SharedCheck {
  const check = { side: "follower", check: "served" } as const;
  if ("reason" in told) return { ...check, state: "unknown", seen: told.reason };
  const found = told.told.find((each) => isName(each.name, name));
  if (found === undefined)
    return {
      ...check,
      state: "waiting",
      seen: `${follower.uri} doesn't show a database ${name}: it hasn't been refreshed yet, or this identity has no role in it.`,
    };
  if (found.accessMode.toLowerCase() !== "readonlyfollowing")
    return {
      ...check,
      state: "failed",
      seen: `${follower.uri} shows ${name} as ${found.accessMode}, and not as ReadOnlyFollowing.`,
    };
  return { ...check, state: "passed", seen: `${found.accessMode} at ${follower.uri}` };
}

function queried(name: string, { queried: all }: Sights): SharedCheck {
  const check = { side: "follower", check: "queried" } as const;
  const found = all.find((each) => isName(each.name, name));
  if (found === undefined) return { ...check, state: "waiting", seen: "It could not be asked yet." };
  if (found.problem !== null) return { ...check, state: "waiting", seen: found.problem };
  return { ...check, state: "passed", seen: "It answers queries." };
}

/** Tables that a sharing names one by one, and the follower doesn't show. */
function tablesThere({ sharing }: Listed, name: string, { tables }: Sights): SharedCheck[] {
  const check = { side: "follower", check: "tables" } as const;
  const wanted = (sharing?.tablesToInclude ?? []).filter((table) => !table.includes("*"));
  const there = tables.find((each) => isName(each.name, name));
  if (wanted.length === 0 || there === undefined) return [];
  const missing = wanted.filter((table) => !there.tables.includes(table));
  if (missing.length > 0)
    return [
      {
        ...check,
        state: "waiting",
        seen: `The sharing names ${missing.join(", ")}, which the follower doesn't show: the leader has no such table, or the follower hasn't read it yet.`,
      },
    ];
  return [{ ...check, state: "passed", seen: `Shares ${wanted.join(", ")}` }];
}

function shared(attachment: Listed, sights: Sights): SharedCheck {
  const check = { side: "leader", check: "shared" } as const;
  const followers = leaderOf(attachment, sights)?.followers ?? { reason: "The leader wasn't asked." };
  if ("reason" in followers) return { ...check, state: "unknown", seen: followers.reason };
  const found = followers.told.some(
    (each) => sameResource(each.follower, sights.follower.id) && isOf(each.configuration, attachment),
  );
  return found
    ? { ...check, state: "passed", seen: `Shared with ${sights.follower.id}` }
    : {
        ...check,
        state: "waiting",
        seen: `The leader ${attachment.leader} doesn't list ${sights.follower.id} among its followers.`,
      };
}

function leaderOf(attachment: Attachment, { leaders }: Pick<Sights, "leaders">) {
  return leaders.find(({ id }) => sameResource(id, attachment.leader));
}

function isOf(configuration: string | undefined, { name }: Attachment): boolean {
  return configuration !== undefined && isName(configuration, name);
}

function isName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
