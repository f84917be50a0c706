import { z } from "zod";

const names = z.array(z.string()).default([]);

/** What of a database is shared (`follower.md`, table level sharing): patterns with `*`; an empty list includes all. */
export const sharingSchema = z.strictObject({
  tablesToInclude: names,
  tablesToExclude: names,
  externalTablesToInclude: names,
  externalTablesToExclude: names,
  materializedViewsToInclude: names,
  materializedViewsToExclude: names,
  functionsToInclude: names,
  functionsToExclude: names,
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
