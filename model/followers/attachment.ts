import { z } from "zod";
import { readClusterResource } from "./clusterResource.ts";

/** How the principals of the leader's database count at the follower (`follower.md`). */
export const principalsKindSchema = z.enum(["Union", "Replace", "None"]);
export type PrincipalsKind = z.infer<typeof principalsKindSchema>;

const namesSchema = z.array(z.string().min(1));

/** Which tables and the like of a database are shared; names may end in `*`. Left out, all are (`follower.md`). */
export const sharingSchema = z.strictObject({
  tablesToInclude: namesSchema.optional(),
  tablesToExclude: namesSchema.optional(),
  externalTablesToInclude: namesSchema.optional(),
  externalTablesToExclude: namesSchema.optional(),
  materializedViewsToInclude: namesSchema.optional(),
  materializedViewsToExclude: namesSchema.optional(),
  functionsToInclude: namesSchema.optional(),
  functionsToExclude: namesSchema.optional(),
});
export type Sharing = z.infer<typeof sharingSchema>;

export const ALL_DATABASES = "*";
/** Entries of all lists of a table-level sharing together (`follower.md`). */
export const MAX_SHARING_ENTRIES = 100;

/** A cluster's resource id. */
export const clusterIdSchema = z.string().refine((text) => readClusterResource(text) !== undefined, {
  error:
    "is not a cluster's resource id: /subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Kusto/clusters/<name>",
});

/**
 * What to attach: databases of a leader to a follower. Limits that the request itself shows are checked here; those of the
 * clusters by `planAttachments`.
 */
export const attachRequestSchema = z
  .strictObject({
    follower: clusterIdSchema,
    leader: clusterIdSchema,
    /** Names, or `["*"]` for all databases of the leader, those to come included. */
    databases: z.array(z.string().min(1)).min(1),
    principals: principalsKindSchema.default("Union"),
    /** The database's name at the follower; for one database only. */
    nameOverride: z.string().min(1).optional(),
    /** Put before the databases' names at the follower. */
    namePrefix: z.string().min(1).optional(),
    sharing: sharingSchema.optional(),
  })
  .superRefine((request, context) => {
    const tell = (path: string, message: string) =>
      context.addIssue({ code: "custom", path: [path], message });
    const { databases, nameOverride, namePrefix, sharing } = request;
    const all = databases.includes(ALL_DATABASES);
    const entries = sharingEntries(sharing);
    if (new Set(databases.map((name) => name.toLowerCase())).size < databases.length)
      tell("databases", "names a database twice");
    if (all && databases.length > 1) tell("databases", "holds * and names: * is all databases already");
    if (nameOverride !== undefined && (all || databases.length > 1))
      tell("nameOverride", "names one database, and several are attached: give a namePrefix instead");
    if (nameOverride !== undefined && namePrefix !== undefined)
      tell("namePrefix", "and nameOverride contradict each other: give one of them");
    if (all && entries > 0) tell("sharing", "can't be given with *: attach the databases by name");
    if (entries > MAX_SHARING_ENTRIES)
      tell("sharing", `holds ${entries} entries, and at most ${MAX_SHARING_ENTRIES} are allowed together`);
    if (request.follower.toLowerCase() === request.leader.toLowerCase())
      tell("follower", "is the leader itself");
  })
  .meta({ id: "AttachRequest", description: "Which databases of a leader to attach to a follower" });
export type AttachRequest = z.infer<typeof attachRequestSchema>;

export function sharingEntries(sharing: Sharing | undefined): number {
  return Object.values(sharing ?? {}).reduce((sum, names) => sum + (names?.length ?? 0), 0);
}

/** An attached database configuration, as a request asks for it and as a follower has it. */
export interface Attachment {
  /** Name of the configuration, unique in the follower. */
  readonly name: string;
  /** Database of the leader, or `*`. */
  readonly database: string;
  /** Resource id of the leader. */
  readonly leader: string;
  readonly principals: PrincipalsKind;
  readonly nameOverride?: string;
  readonly namePrefix?: string;
  readonly sharing?: Sharing;
}

/** The databases' names at the follower, of a configuration that attaches databases of these names. */
export function attachedName(
  attachment: { readonly nameOverride?: string | undefined; readonly namePrefix?: string | undefined },
  database: string,
): string {
  return attachment.nameOverride ?? `${attachment.namePrefix ?? ""}${database}`;
}
