import { z } from "zod";
import type { OptionSpec } from "../program/options.ts";

/* The options of `kusto-copy follow`, as data like those of the other verbs (cli/program/options.ts). */

const list = (flags: string, description: string): OptionSpec => ({
  flags,
  description,
  group: "This verb",
  list: true,
});

export const FOLLOW_OPTIONS = {
  follower: {
    flags: "--follower <id>",
    description: "resource id of the cluster that follows: /subscriptions/…/clusters/<name>",
    group: "This verb",
  },
  leader: {
    flags: "--leader <id>",
    description: "resource id of the cluster that is followed",
    group: "This verb",
  },
  databases: list(
    "--databases <names...>",
    "databases: the leader's to attach, or to detach at the leader; otherwise their names at the follower; `*` for all",
  ),
  principalsKind: {
    flags: "--principals-kind <kind>",
    description: "how the leader's principals and the follower's go together",
    group: "This verb",
    choices: ["union", "replace", "none"],
  },
  name: {
    flags: "--name <name>",
    description: "another name at the follower, of one database",
    group: "This verb",
    standard: "the leader's",
  },
  namePrefix: {
    flags: "--name-prefix <prefix>",
    description: "put before the names at the follower",
    group: "This verb",
  },
  shareTables: list("--share-tables <names...>", "tables to share, `*` for any characters; all without it"),
  hideTables: list("--hide-tables <names...>", "tables not to share"),
  shareExternalTables: list("--share-external-tables <names...>", "external tables to share"),
  hideExternalTables: list("--hide-external-tables <names...>", "external tables not to share"),
  shareViews: list("--share-views <names...>", "materialized views to share"),
  hideViews: list("--hide-views <names...>", "materialized views not to share"),
  shareFunctions: list("--share-functions <names...>", "functions to share"),
  hideFunctions: list("--hide-functions <names...>", "functions not to share"),
  side: {
    flags: "--side <side>",
    description: "the cluster on which is detached: rights are needed on that one only",
    group: "This verb",
    choices: ["follower", "leader"],
    standard: "follower",
  },
  hot: {
    flags: "--hot <span>",
    description:
      "how long the database's data is hot at the follower: 7d; 0d for never; `leader` for the leader's",
    group: "This verb",
  },
  hotTables: list("--hot-tables <table=span...>", "the same of single tables"),
  hotViews: list("--hot-views <view=span...>", "the same of single materialized views"),
  cachingKind: {
    flags: "--caching-kind <kind>",
    description: "how the leader's caching policies and the follower's go together",
    group: "This verb",
    choices: ["union", "replace", "none"],
  },
  addPrincipals: list(
    "--add-principals <role:principal...>",
    "principals of the follower's own: viewers:aadgroup=team@contoso.com; roles admins, users, viewers, monitors",
  ),
  dropPrincipals: list("--drop-principals <role:principal...>", "principals to take away again"),
  prefetch: {
    flags: "--prefetch <onoff>",
    description: "fetch new data into the cache before it can be queried",
    group: "This verb",
    choices: ["on", "off"],
  },
  plan: {
    flags: "--plan",
    description: "only show what would be changed",
    group: "This verb",
  },
} as const satisfies Readonly<Record<string, OptionSpec>>;

const names = z.array(z.string()).optional();

/** The options of a call, as commander hands them over: what is absent was not given. */
export const followGivenSchema = z.object({
  follower: z.string().optional(),
  leader: z.string().optional(),
  databases: names,
  principalsKind: z.enum(["union", "replace", "none"]).optional(),
  name: z.string().optional(),
  namePrefix: z.string().optional(),
  shareTables: names,
  hideTables: names,
  shareExternalTables: names,
  hideExternalTables: names,
  shareViews: names,
  hideViews: names,
  shareFunctions: names,
  hideFunctions: names,
  side: z.enum(["follower", "leader"]).optional(),
  hot: z.string().optional(),
  hotTables: names,
  hotViews: names,
  cachingKind: z.enum(["union", "replace", "none"]).optional(),
  addPrincipals: names,
  dropPrincipals: names,
  prefetch: z.enum(["on", "off"]).optional(),
  plan: z.boolean().default(false),
});
export type FollowGiven = z.infer<typeof followGivenSchema>;
