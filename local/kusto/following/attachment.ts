import { z } from "zod";

const some = z.array(z.string()).optional();

/** What of a database is shared, as it is given (`follower.md`, table level sharing): patterns with `*`. */
export const givenSharingSchema = z.strictObject({
  tablesToInclude: some,
  tablesToExclude: some,
  externalTablesToInclude: some,
  externalTablesToExclude: some,
  materializedViewsToInclude: some,
  materializedViewsToExclude: some,
  functionsToInclude: some,
  functionsToExclude: some,
});

const all = z.array(z.string()).default([]);

/** The same, each list there: an empty one includes all, or excludes nothing. */
export const sharingSchema = z.strictObject({
  tablesToInclude: all,
  tablesToExclude: all,
  externalTablesToInclude: all,
  externalTablesToExclude: all,
  materializedViewsToInclude: all,
  materializedViewsToExclude: all,
  functionsToInclude: all,
  functionsToExclude: all,
});
export type Sharing = z.output<typeof sharingSchema>;

export const modificationKind = z.enum(["Union", "Replace", "None"]);
export type ModificationKind = z.output<typeof modificationKind>;

/** One attached database configuration as the follower's Kusto is told of it. */
export const attachmentSchema = z.strictObject({
  /** The configuration's name at the resource manager. */
  configuration: z.string().min(1),
  leader: z.strictObject({ name: z.string().min(1), url: z.url() }),
  /** The leader's database, or `*` for all that it has and will have. */
  database: z.string().min(1),
  nameOverride: z.string().min(1).optional(),
  namePrefix: z.string().min(1).optional(),
  principalsKind: modificationKind,
  sharing: sharingSchema.prefault({}),
});
export type Attachment = z.output<typeof attachmentSchema>;

/** What the leader's database is called at the follower. */
export function followerName(attachment: Attachment, leaderDatabase: string): string {
  if (attachment.nameOverride !== undefined && attachment.database !== "*") return attachment.nameOverride;
  return `${attachment.namePrefix ?? ""}${leaderDatabase}`;
}

function matches(name: string, pattern: string): boolean {
  const escaped = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join(".*")}$`, "s").test(name);
}

/** Whether an entity of a kind is shared: included, and not excluded. */
export function isShared(name: string, include: readonly string[], exclude: readonly string[]): boolean {
  const included = include.length === 0 || include.some((pattern) => matches(name, pattern));
  return included && !exclude.some((pattern) => matches(name, pattern));
}
