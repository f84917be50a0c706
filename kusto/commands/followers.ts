import { z } from "zod";
import type { CachingTarget, FollowerRole, ModificationKind } from "../../model/followers/overrides.ts";
import { nameList, quoteName, quoteString } from "../names.ts";
import { timespanLiteral } from "../timespans.ts";

/*
 * Overrides of a followed database on the cluster that follows it. The commands answer at once and apply at the next
 * refresh of the schema (`kusto/management/cluster-follower.md`).
 */

/** Followed databases with their overrides; one of which nothing is overridden may be missing in the answer. */
export function showFollowerDatabases(databases: readonly string[]): string {
  return `.show follower databases ${nameList(databases)}`;
}

export const followerDatabaseAnswer = z.object({
  DatabaseName: z.string(),
  LeaderClusterMetadataPath: z.string().nullish(),
  CachingPolicyOverride: z.string().nullish(),
  AuthorizedPrincipalsOverride: z.string().nullish(),
  AuthorizedPrincipalsModificationKind: z.string(),
  CachingPoliciesModificationKind: z.string(),
  IsAutoPrefetchEnabled: z.boolean(),
  TableMetadataOverrides: z.string().nullish(),
});

/** Keeps what is younger than a span in the hot cache of the follower; zero keeps nothing. Milliseconds. */
export function alterFollowerCaching(database: string, target: CachingTarget, hotMs: number): string {
  return `.alter follower database ${quoteName(database)}${targetText(target)} policy caching hot = ${timespanLiteral(hotMs)}`;
}

/** Takes an override away: the leader's policy is in effect again. */
export function deleteFollowerCaching(database: string, target: CachingTarget): string {
  return `.delete follower database ${quoteName(database)}${targetText(target)} policy caching`;
}

/** Principals by their fully qualified names: `aaduser=a@contoso.com`, `aadapp=<id>;<tenant>`. */
export function addFollowerPrincipals(
  database: string,
  role: FollowerRole,
  principals: readonly string[],
  notes?: string,
): string {
  const text = notes === undefined ? "" : ` ${quoteString(notes)}`;
  return `.add follower database ${quoteName(database)} ${role} ${stringList(principals)}${text}`;
}

export function dropFollowerPrincipals(
  database: string,
  role: FollowerRole,
  principals: readonly string[],
): string {
  return `.drop follower database ${quoteName(database)} ${role} ${stringList(principals)}`;
}

export function alterPrincipalsModificationKind(database: string, kind: ModificationKind): string {
  return `.alter follower database ${quoteName(database)} principals-modification-kind = ${kind}`;
}

export function alterCachingModificationKind(database: string, kind: ModificationKind): string {
  return `.alter follower database ${quoteName(database)} caching-policies-modification-kind = ${kind}`;
}

/** Whether new data is fetched into the cache before it can be queried, which costs freshness. */
export function alterPrefetchExtents(database: string, on: boolean): string {
  return `.alter follower database ${quoteName(database)} prefetch-extents = ${on}`;
}

function targetText(target: CachingTarget): string {
  if (target.kind === "database") return "";
  return ` ${target.kind} ${nameList(target.names)}`;
}

function stringList(texts: readonly string[]): string {
  if (texts.length === 0) throw new Error("A list of principals can't be empty.");
  return `(${texts.map(quoteString).join(", ")})`;
}
