import type { z } from "zod";
import { fieldProblems } from "../../model/fieldProblems.ts";
import { type AttachRequest, attachRequestSchema } from "../../model/followers/attachment.ts";
import { type DetachRequest, detachRequestSchema } from "../../model/followers/detach.ts";
import { type OverrideRequest, overrideRequestSchema } from "../../model/followers/overrides.ts";
import { type VerifyRequest, verifyRequestSchema } from "../../model/followers/reports.ts";
import { BadUse } from "../output/badUse.ts";
import type { FollowGiven } from "./options.ts";

/* What a call asks for, as the app's own requests. Each throws BadUse that names every option that is wrong. */

export function attachRequest(given: FollowGiven): AttachRequest {
  const sharing = defined({
    tablesToInclude: given.shareTables,
    tablesToExclude: given.hideTables,
    externalTablesToInclude: given.shareExternalTables,
    externalTablesToExclude: given.hideExternalTables,
    materializedViewsToInclude: given.shareViews,
    materializedViewsToExclude: given.hideViews,
    functionsToInclude: given.shareFunctions,
    functionsToExclude: given.hideFunctions,
  });
  const kinds = { union: "Union", replace: "Replace", none: "None" };
  return checked(attachRequestSchema, {
    follower: given.follower,
    leader: given.leader,
    databases: given.databases,
    principals: given.principalsKind === undefined ? undefined : kinds[given.principalsKind],
    nameOverride: given.name,
    namePrefix: given.namePrefix,
    sharing: Object.keys(sharing).length === 0 ? undefined : sharing,
  });
}

export function verifyRequest({ follower, leader, databases }: FollowGiven): VerifyRequest {
  return checked(verifyRequestSchema, { follower, leader, databases });
}

export function detachRequest({ side, follower, leader, databases }: FollowGiven): DetachRequest {
  return checked(detachRequestSchema, { side, follower, leader, databases });
}

export function overrideRequest(given: FollowGiven): OverrideRequest {
  const [database, second] = given.databases ?? [];
  if (second !== undefined) throw new BadUse("--databases: overrides are set of one database at a time.");
  const caching = defined({
    database: given.hot === undefined ? undefined : spanOf(given.hot),
    tables: entities("--hot-tables", given.hotTables),
    materializedViews: entities("--hot-views", given.hotViews),
    kind: given.cachingKind,
  });
  const principals = defined({
    add: principalsOf("--add-principals", given.addPrincipals),
    drop: principalsOf("--drop-principals", given.dropPrincipals),
    kind: given.principalsKind,
  });
  return checked(overrideRequestSchema, {
    follower: given.follower,
    database,
    caching: Object.keys(caching).length === 0 ? undefined : caching,
    principals: Object.keys(principals).length === 0 ? undefined : principals,
    prefetch: given.prefetch === undefined ? undefined : given.prefetch === "on",
    planOnly: given.plan,
  });
}

/** The leader's policy again is no override at all. */
function spanOf(text: string): string | null {
  return text.toLowerCase() === "leader" ? null : text;
}

function entities(
  option: string,
  given: readonly string[] | undefined,
): Record<string, string | null> | undefined {
  if (given === undefined) return undefined;
  return Object.fromEntries(
    given.map((text) => {
      const at = text.lastIndexOf("=");
      if (at < 1) throw new BadUse(`${option}: write it as <name>=<span>: Logs=7d, or Logs=leader.`);
      return [text.slice(0, at), spanOf(text.slice(at + 1))];
    }),
  );
}

function principalsOf(
  option: string,
  given: readonly string[] | undefined,
): { role: string; principals: string[] }[] | undefined {
  return given?.map((text) => {
    const match = /^([a-z]+):(.+)$/i.exec(text);
    const [, role, principal] = match ?? [];
    if (role === undefined || principal === undefined)
      throw new BadUse(`${option}: write it as <role>:<principal>: viewers:aadgroup=team@contoso.com.`);
    return { role: role.toLowerCase(), principals: [principal] };
  });
}

const OPTION_OF: Readonly<Record<string, string>> = {
  follower: "--follower",
  leader: "--leader",
  databases: "--databases",
  database: "--databases",
  nameOverride: "--name",
  namePrefix: "--name-prefix",
  sharing: "--share-… and --hide-…",
  caching: "--hot, --hot-tables, --hot-views",
  principals: "--add-principals, --drop-principals",
};

function checked<T extends z.ZodType>(schema: T, request: object): z.infer<T> {
  const given = defined(request);
  const read = schema.safeParse(given);
  if (read.success) return read.data;
  const problems = fieldProblems(read.error).map(({ path, detail }) => {
    const [field = ""] = path.map(String);
    const missing = path.length === 1 && !(field in given);
    return `${OPTION_OF[field] ?? field} ${missing ? "is missing" : detail}`;
  });
  throw new BadUse(`${[...new Set(problems)].map((text) => text.replace(/\.$/, "")).join("; ")}.`);
}

function defined(request: object): object {
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
}
