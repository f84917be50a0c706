import { findDatabase, findTable } from "../engine/lookup.ts";
import { POLICIES } from "../engine/policies.ts";
import { type CommandResult, result, type Value } from "../engine/result.ts";
import type { DatabaseState, Json } from "../engine/state.ts";
import { type ModificationKind, modificationKind } from "../following/attachment.ts";
import { changeOverrides } from "../following/follow.ts";
import type { Following } from "../following/followed.ts";
import { noOverrides, type Overrides } from "../following/overrides.ts";
import { entityNotFound } from "../kustoError.ts";
import type { CommandContext } from "./context.ts";
import { readCaching } from "./policies.ts";
import { changedPrincipals, singular } from "./principals.ts";
import type { Reader } from "./reader.ts";

const ROLES = ["admins", "users", "viewers", "monitors"];

interface Followed {
  readonly database: DatabaseState;
  readonly following: Following;
}

function followed(context: CommandContext, name: string): Followed {
  const database = findDatabase(context.engine.store.state(), name);
  if (database.following === undefined) throw entityNotFound("FollowerDatabase", name);
  return { database, following: database.following };
}

/** A follower's configuration as it stands, be it applied or waiting for the next refresh (`cluster-follower.md`). */
function shown(context: CommandContext, databases: readonly Followed[]): CommandResult {
  const { overrides: all } = context.engine.store.state();
  return result(
    [
      "DatabaseName:string",
      "LeaderClusterMetadataPath:string",
      "CachingPolicyOverride:string",
      "AuthorizedPrincipalsOverride:string",
      "AuthorizedPrincipalsModificationKind:string",
      "CachingPoliciesModificationKind:string",
      "IsAutoPrefetchEnabled:bool",
      "TableMetadataOverrides:string",
    ],
    databases.map(({ database, following: { attachment } }): Value[] => {
      const own = all.get(database.name.toLowerCase()) ?? noOverrides;
      const tables = Object.entries(own.tables).map(([table, caching]) => [
        table,
        { CachingPolicyOverride: caching },
      ]);
      return [
        database.name,
        attachment.leader.url,
        JSON.stringify(own.caching),
        JSON.stringify(
          own.principals.map(({ role, fqn, notes }) => ({
            Principal: { FullyQualifiedName: fqn },
            Role: role,
            Notes: notes,
          })),
        ),
        own.principalsKind ?? attachment.principalsKind,
        own.cachingKind,
        own.prefetch,
        tables.length === 0 ? "" : JSON.stringify(Object.fromEntries(tables)),
      ];
    }),
  );
}

function readKind(reader: Reader): ModificationKind {
  const word = reader.peek().text.toLowerCase();
  const kind = modificationKind.options.find((item) => item.toLowerCase() === word);
  if (kind === undefined) return reader.fail("'none', 'union' or 'replace'");
  reader.next();
  return kind;
}

/** `[table|tables|materialized-view|materialized-views …] policy caching`: whose policy; undefined for the database's. */
function readTables(reader: Reader, { database }: Followed): readonly string[] | undefined {
  // The local Kusto has no materialized views: their overrides are kept and shown.
  if (reader.take("materialized-views")) return reader.list(reader.name);
  if (reader.take("materialized-view")) return [reader.name()];
  const tables = reader.take("tables")
    ? reader.list(reader.name)
    : reader.take("table")
      ? [reader.name()]
      : undefined;
  for (const table of tables ?? []) findTable(database, table);
  return tables;
}

function checkedCaching(policy: Json): Json {
  return POLICIES.caching?.check(policy) ?? null;
}

function alterFollower(reader: Reader, target: Followed): (before: Overrides) => Overrides {
  if (reader.take("principals-modification-kind")) {
    reader.expect("=");
    const principalsKind = readKind(reader);
    return (before) => ({ ...before, principalsKind });
  }
  if (reader.take("caching-policies-modification-kind")) {
    reader.expect("=");
    const cachingKind = readKind(reader);
    return (before) => ({ ...before, cachingKind });
  }
  if (reader.take("prefetch-extents")) {
    reader.expect("=");
    const prefetch = reader.take("true");
    if (!prefetch && !reader.take("false")) reader.fail("'true' or 'false'");
    return (before) => ({ ...before, prefetch });
  }
  const tables = readTables(reader, target);
  reader.expect("policy", "caching");
  const caching = checkedCaching(readCaching(reader));
  if (tables === undefined) return (before) => ({ ...before, caching });
  return (before) => ({
    ...before,
    tables: { ...before.tables, ...Object.fromEntries(tables.map((table) => [table, caching])) },
  });
}

function deleteOverride(reader: Reader, target: Followed): (before: Overrides) => Overrides {
  const tables = readTables(reader, target);
  reader.expect("policy", "caching");
  if (tables === undefined) return (before) => ({ ...before, caching: null });
  return (before) => ({
    ...before,
    tables: Object.fromEntries(Object.entries(before.tables).filter(([name]) => !tables.includes(name))),
  });
}

function changePrincipals(reader: Reader, verb: "add" | "drop"): (before: Overrides) => Overrides {
  const role = ROLES.find((item) => reader.take(item));
  if (role === undefined) return reader.fail("a role");
  const fqns = reader.list(reader.string);
  const notes = reader.peek().kind === "string" ? reader.string() : "";
  return (before) => ({
    ...before,
    principals: changedPrincipals(before.principals, verb, singular(role), fqns, notes),
  });
}

function showFollower(reader: Reader, context: CommandContext): CommandResult | undefined {
  if (reader.take("show", "follower", "databases")) {
    const named = reader.peek().text === "(" ? reader.list(reader.name) : undefined;
    reader.end();
    const all = [...context.engine.store.state().databases.values()];
    const names =
      named ?? all.filter(({ following }) => following !== undefined).map((database) => database.name);
    return shown(
      context,
      names.map((name) => followed(context, name)),
    );
  }
  if (!reader.take("show", "follower", "database")) return undefined;
  const name = reader.name();
  reader.end();
  return shown(context, [followed(context, name)]);
}

/**
 * The commands of a follower on what it follows (`kusto/management/cluster-follower.md`). Each answers with the
 * configuration it leaves; that is applied at the next schema refresh.
 */
export async function followerCommands(
  reader: Reader,
  context: CommandContext,
): Promise<CommandResult | undefined> {
  const answer = showFollower(reader, context);
  if (answer !== undefined) return answer;
  for (const verb of ["alter", "delete", "add", "drop"] as const) {
    if (!reader.take(verb, "follower", "database")) continue;
    const target = followed(context, reader.name());
    const change =
      verb === "alter"
        ? alterFollower(reader, target)
        : verb === "delete"
          ? deleteOverride(reader, target)
          : changePrincipals(reader, verb);
    reader.end();
    await changeOverrides(context.engine, target.database.name, change);
    return shown(context, [target]);
  }
  return undefined;
}
