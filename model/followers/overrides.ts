import { z } from "zod";
import { formatDuration, parseDuration } from "../durations.ts";
import { clusterIdSchema } from "./attachment.ts";

/*
 * What a follower has of its own on a database that it follows: how long data is hot there, and who may see it
 * (`kusto/management/cluster-follower.md`).
 */

export const modificationKindSchema = z.enum(["none", "union", "replace"]);
export type ModificationKind = z.infer<typeof modificationKindSchema>;

export const followerRoleSchema = z.enum(["admins", "users", "viewers", "monitors"]);
export type FollowerRole = z.infer<typeof followerRoleSchema>;

/** What a caching policy is of: the database, tables, or materialized views of it. */
export type CachingTarget =
  | { readonly kind: "database" }
  | { readonly kind: "tables" | "materialized-views"; readonly names: readonly string[] };

const hotSchema = z
  .string()
  .refine((text) => spanOf(text) !== undefined, { error: "is no time span: write it as 7d, 12h or 0d" })
  .nullable()
  .describe("How long data is hot, `0d` for never; null takes the override away");

const entitiesSchema = z.record(z.string().min(1), hotSchema);

const principalsSchema = z.strictObject({
  role: followerRoleSchema,
  principals: z
    .array(
      z
        .string()
        .regex(/^[a-z]+=\S/i, "is no principal: write it as aaduser=a@contoso.com or aadapp=<id>;<tenant>"),
    )
    .min(1)
    .describe("Fully qualified names: `aaduser=…`, `aadgroup=…`, `aadapp=<id>;<tenant>`"),
  notes: z.string().min(1).optional(),
});

/** Overrides to set. What isn't named stays as it is. */
export const overrideRequestSchema = z
  .strictObject({
    follower: clusterIdSchema,
    database: z.string().min(1).describe("Its name at the follower"),
    caching: z
      .strictObject({
        database: hotSchema.optional(),
        tables: entitiesSchema.optional(),
        materializedViews: entitiesSchema.optional(),
        kind: modificationKindSchema
          .optional()
          .describe("How overrides and the leader's policies go together"),
      })
      .optional(),
    principals: z
      .strictObject({
        add: z.array(principalsSchema).optional(),
        drop: z.array(principalsSchema.omit({ notes: true })).optional(),
        kind: modificationKindSchema.optional().describe("How these and the leader's principals go together"),
      })
      .optional(),
    prefetch: z.boolean().optional().describe("Fetch new data into the cache before it can be queried"),
    planOnly: z.boolean().default(false).describe("Only tell what would be changed"),
  })
  .meta({ id: "OverrideRequest", description: "Overrides of a followed database to set" });
export type OverrideRequest = z.infer<typeof overrideRequestSchema>;

/** Overrides as they are. Spans in milliseconds; null where none is set. */
export const overrideStateSchema = z
  .strictObject({
    caching: z.strictObject({
      database: z.number().nonnegative().nullable(),
      /** Tables and materialized views, which Kusto lists together. */
      entities: z.array(z.strictObject({ name: z.string(), hotMs: z.number().nonnegative().nullable() })),
      kind: modificationKindSchema,
    }),
    principals: z.strictObject({
      kind: modificationKindSchema,
      listed: z.array(z.strictObject({ role: z.string().nullable(), principal: z.string() })),
    }),
    prefetch: z.boolean(),
  })
  .meta({ id: "Overrides", description: "Overrides of a followed database; spans in milliseconds" });
export type OverrideState = z.infer<typeof overrideStateSchema>;

/** A followed database on which nothing is overridden, of a configuration with this kind (`cluster-follower.md`). */
export function noOverrides(principals: ModificationKind): OverrideState {
  return {
    caching: { database: null, entities: [], kind: "union" },
    principals: { kind: principals, listed: [] },
    prefetch: false,
  };
}

/** One change: one command at the follower. */
export type OverrideChange =
  | { readonly kind: "setCaching"; readonly target: CachingTarget; readonly hotMs: number }
  | { readonly kind: "deleteCaching"; readonly target: CachingTarget }
  | { readonly kind: "cachingKind"; readonly value: ModificationKind }
  | {
      readonly kind: "addPrincipals";
      readonly role: FollowerRole;
      readonly principals: readonly string[];
      readonly notes?: string;
    }
  | { readonly kind: "dropPrincipals"; readonly role: FollowerRole; readonly principals: readonly string[] }
  | { readonly kind: "principalsKind"; readonly value: ModificationKind }
  | { readonly kind: "prefetch"; readonly value: boolean };

export interface OverridePlan {
  readonly changes: readonly OverrideChange[];
  /** What is expected after them. */
  readonly after: OverrideState;
  readonly warnings: readonly string[];
}

/**
 * What has to be sent so that the overrides are as asked: only what differs, so that asking again sends nothing. A principal
 * that is named by an address is sent each time, as the cluster lists it by its id.
 *
 * Invariant: policies are set and principals added before a modification kind is changed, and taken away after it, so that
 * no moment between two commands caches or admits less than before and after.
 */
export function planOverrides(before: OverrideState, request: OverrideRequest): OverridePlan {
  const caching = cachingChanges(before, request);
  const principals = principalChanges(before, request);
  const prefetch =
    request.prefetch === undefined || request.prefetch === before.prefetch
      ? []
      : [{ kind: "prefetch" as const, value: request.prefetch }];
  const changes = [...caching, ...principals, ...prefetch];
  const after = changes.reduce(applied, before);
  return { changes, after, warnings: [...warningsOf(after, unsureDrops(before, request))] };
}

function cachingChanges(before: OverrideState, { caching }: OverrideRequest): OverrideChange[] {
  if (caching === undefined) return [];
  const set: OverrideChange[] = [];
  const taken: OverrideChange[] = [];
  const { database } = caching;
  if (database !== undefined) {
    const hotMs = database === null ? null : (spanOf(database) ?? 0);
    if (hotMs !== before.caching.database) {
      const target = { kind: "database" as const };
      if (hotMs === null) taken.push({ kind: "deleteCaching", target });
      else set.push({ kind: "setCaching", target, hotMs });
    }
  }
  const known = new Map(before.caching.entities.map(({ name, hotMs }) => [name, hotMs]));
  for (const [kind, entities] of [
    ["tables", caching.tables],
    ["materialized-views", caching.materializedViews],
  ] as const) {
    const bySpan = new Map<number | null, string[]>();
    for (const [name, text] of Object.entries(entities ?? {})) {
      const hotMs = text === null ? null : (spanOf(text) ?? 0);
      if (hotMs === null ? known.has(name) : known.get(name) !== hotMs)
        bySpan.set(hotMs, [...(bySpan.get(hotMs) ?? []), name]);
    }
    for (const [hotMs, names] of bySpan) {
      if (hotMs === null) taken.push({ kind: "deleteCaching", target: { kind, names } });
      else set.push({ kind: "setCaching", target: { kind, names }, hotMs });
    }
  }
  const kind: OverrideChange[] =
    caching.kind === undefined || caching.kind === before.caching.kind
      ? []
      : [{ kind: "cachingKind", value: caching.kind }];
  return [...set, ...kind, ...taken];
}

function principalChanges(before: OverrideState, { principals }: OverrideRequest): OverrideChange[] {
  if (principals === undefined) return [];
  const { listed } = before.principals;
  const added = (principals.add ?? []).flatMap(({ role, principals: names, notes }): OverrideChange[] => {
    const missing = names.filter((name) => !listed.some((each) => isSame(each, role, name)));
    if (missing.length === 0) return [];
    return [{ kind: "addPrincipals", role, principals: missing, ...(notes === undefined ? {} : { notes }) }];
  });
  const dropped = (principals.drop ?? []).flatMap(({ role, principals: names }): OverrideChange[] => {
    // By the full name that the cluster lists.
    const there = names.flatMap((name) => {
      const found = listed.filter((each) => isSame(each, role, name)).map(({ principal }) => principal);
      return found.length === 0 && isUnsure(name) ? [name] : found;
    });
    return there.length === 0 ? [] : [{ kind: "dropPrincipals", role, principals: there }];
  });
  const kind: OverrideChange[] =
    principals.kind === undefined || principals.kind === before.principals.kind
      ? []
      : [{ kind: "principalsKind", value: principals.kind }];
  return [...added, ...kind, ...dropped];
}

function applied(state: OverrideState, change: OverrideChange): OverrideState {
  const { caching, principals } = state;
  switch (change.kind) {
    case "setCaching":
    case "deleteCaching": {
      const hotMs = change.kind === "setCaching" ? change.hotMs : null;
      if (change.target.kind === "database") return { ...state, caching: { ...caching, database: hotMs } };
      const { names } = change.target;
      const others = caching.entities.filter(({ name }) => !names.includes(name));
      const own = hotMs === null ? [] : names.map((name) => ({ name, hotMs }));
      return { ...state, caching: { ...caching, entities: [...others, ...own] } };
    }
    case "cachingKind":
      return { ...state, caching: { ...caching, kind: change.value } };
    case "addPrincipals": {
      const own = change.principals.map((principal) => ({ role: singular(change.role), principal }));
      return { ...state, principals: { ...principals, listed: [...principals.listed, ...own] } };
    }
    case "dropPrincipals": {
      const { role } = change;
      const listed = principals.listed.filter(
        (each) => !change.principals.some((name) => isSame(each, role, name)),
      );
      return { ...state, principals: { ...principals, listed } };
    }
    case "principalsKind":
      return { ...state, principals: { ...principals, kind: change.value } };
    case "prefetch":
      return { ...state, prefetch: change.value };
  }
}

/** What the overrides mean, where that is seldom meant (the notes of `cluster-follower.md`). */
function* warningsOf({ caching, principals, prefetch }: OverrideState, unsure: number): Generator<string> {
  if (caching.kind === "replace" && caching.database === null)
    yield caching.entities.length === 0
      ? "Everything is cached: under replace the leader's caching policies don't count, and no override is set. Set a caching override of the database."
      : "All data of tables without an override of their own is cached: under replace the leader's caching policies don't count, and the database has no override. Set a caching override of the database.";
  if (caching.kind !== "none" && caching.database === 0)
    yield caching.entities.length === 0 && caching.kind === "replace"
      ? "Nothing is cached: the database's hot span is 0d. Queries read from storage, and are slow."
      : "Nothing is cached of tables that have no caching policy of their own: the database's hot span is 0d.";
  if (caching.kind === "none" && (caching.database !== null || caching.entities.length > 0))
    yield "The caching overrides have no effect: the modification kind is none. Set it to union or replace.";
  if (principals.kind === "replace" && principals.listed.length <= unsure)
    yield principals.listed.length === 0
      ? "The database has no principals at all: under replace the leader's don't count, and none is added here. Only administrators of the cluster reach it."
      : "The database may be left without principals: under replace the leader's don't count, and as many are dropped as are listed.";
  if (principals.kind === "none" && principals.listed.length > 0)
    yield "The principals that were added here have no effect: the modification kind is none. Set it to union or replace.";
  if (prefetch)
    yield "New data is fetched into the cache before it can be queried, which makes the follower less fresh.";
}

/** Drops by address, of which can't be told whether they are listed. */
function unsureDrops(before: OverrideState, { principals }: OverrideRequest): number {
  const names = (principals?.drop ?? []).flatMap((each) => each.principals);
  return names.filter(
    (name) => isUnsure(name) && !before.principals.listed.some((each) => each.principal === name),
  ).length;
}

/** Named by an address, which the cluster keeps as an id. */
function isUnsure(name: string): boolean {
  return name.includes("@");
}

function isSame(
  listed: { role: string | null; principal: string },
  role: FollowerRole,
  name: string,
): boolean {
  if (listed.role?.toLowerCase() !== singular(role).toLowerCase()) return false;
  const [a, b] = [listed.principal.toLowerCase(), name.toLowerCase()];
  // Without its tenant a name stands for the listed one that has it.
  return a === b || a.split(";")[0] === b;
}

function singular(role: FollowerRole): string {
  return `${role.slice(0, 1).toUpperCase()}${role.slice(1, -1)}`;
}

function spanOf(text: string): number | undefined {
  try {
    return parseDuration(text);
  } catch {
    return undefined;
  }
}

/** A change in words: what is set to what. */
export function changeText(change: OverrideChange): string {
  switch (change.kind) {
    case "setCaching":
      return `caching of ${targetText(change.target)}: hot for ${hotText(change.hotMs)}`;
    case "deleteCaching":
      return `caching of ${targetText(change.target)}: the leader's again`;
    case "cachingKind":
      return `caching modification kind: ${change.value}`;
    case "addPrincipals":
      return `add ${change.role} ${change.principals.join(", ")}`;
    case "dropPrincipals":
      return `drop ${change.role} ${change.principals.join(", ")}`;
    case "principalsKind":
      return `principals modification kind: ${change.value}`;
    case "prefetch":
      return `prefetch of new data: ${change.value ? "on" : "off"}`;
  }
}

function targetText(target: CachingTarget): string {
  return target.kind === "database" ? "the database" : `${target.kind} ${target.names.join(", ")}`;
}

export function hotText(hotMs: number | null): string {
  if (hotMs === null) return "not overridden";
  return hotMs === 0 ? "0d" : formatDuration(hotMs);
}
