import { z } from "zod";
import { parseDuration } from "../model/durations.ts";
import {
  type ModificationKind,
  modificationKindSchema,
  noOverrides,
  type OverrideState,
} from "../model/followers/overrides.ts";
import { type KustoClient, rowsOf } from "./client.ts";
import { databaseModeAnswer, showDatabaseModes } from "./commands/databases.ts";
import { followerDatabaseAnswer, showFollowerDatabases } from "./commands/followers.ts";
import { showTableNames, tableNameAnswer } from "./commands/schema.ts";

/*
 * Questions to a cluster that follows others: a command's text, the request and the reading of its answer together.
 */

/** The database of requests that are about the cluster. */
const ANY_DATABASE = "NetDefaultDB";

const kind = z
  .string()
  .transform((text) => text.toLowerCase())
  .pipe(modificationKindSchema);

/** A policy prints its span bare or as `{"Value": "7.00:00:00"}` (`cluster-follower.md`). */
const spanAnswer = z.union([z.string(), z.object({ Value: z.string() }).transform(({ Value }) => Value)]);
const cachingAnswer = z.object({ DataHotSpan: spanAnswer }).nullable();
const principalsAnswer = z
  .array(
    z.object({
      Principal: z.object({ FullyQualifiedName: z.string() }),
      Role: z.unknown().optional(),
    }),
  )
  .nullable();
const entitiesAnswer = z
  .record(z.string(), z.object({ CachingPolicyOverride: cachingAnswer.optional() }))
  .nullable();

/**
 * The overrides of a followed database, as they were given last, be they in effect already or at the next refresh. One on
 * which nothing was overridden may be missing in the answer (`cluster-follower.md`): `principals` is its configuration's kind.
 */
export async function readOverrides(
  client: KustoClient,
  database: string,
  principals: ModificationKind,
): Promise<OverrideState> {
  const rows = rowsOf(
    followerDatabaseAnswer,
    await client.command(database, showFollowerDatabases([database])),
  );
  const row = rows.find((each) => each.DatabaseName.toLowerCase() === database.toLowerCase());
  if (row === undefined) return noOverrides(principals);
  const entities = entitiesAnswer.parse(json(row.TableMetadataOverrides)) ?? {};
  return {
    caching: {
      database: hotOf(cachingAnswer.parse(json(row.CachingPolicyOverride))),
      entities: Object.entries(entities).flatMap(([name, { CachingPolicyOverride }]) =>
        CachingPolicyOverride == null ? [] : [{ name, hotMs: hotOf(CachingPolicyOverride) }],
      ),
      kind: kind.parse(row.CachingPoliciesModificationKind),
    },
    principals: {
      kind: kind.parse(row.AuthorizedPrincipalsModificationKind),
      listed: (principalsAnswer.parse(json(row.AuthorizedPrincipalsOverride)) ?? []).map((each) => ({
        principal: each.Principal.FullyQualifiedName,
        role: typeof each.Role === "string" ? each.Role : null,
      })),
    },
    prefetch: row.IsAutoPrefetchEnabled,
  };
}

/** Databases of a cluster that the caller has a role in, and how each may be used. */
export async function readDatabaseModes(
  client: KustoClient,
): Promise<{ readonly name: string; readonly accessMode: string }[]> {
  const rows = rowsOf(databaseModeAnswer, await client.command(ANY_DATABASE, showDatabaseModes()));
  return rows.map(({ DatabaseName, DatabaseAccessMode }) => ({
    name: DatabaseName,
    accessMode: DatabaseAccessMode,
  }));
}

/** Asks a database for nothing that it holds: whether it answers. Throws where it doesn't. */
export async function tryQuery(client: KustoClient, database: string): Promise<void> {
  await client.query(database, "print Answers = true");
}

export async function readTableNames(client: KustoClient, database: string): Promise<string[]> {
  const rows = rowsOf(tableNameAnswer, await client.command(database, showTableNames()));
  return rows.map(({ TableName }) => TableName);
}

function hotOf(policy: z.infer<typeof cachingAnswer>): number | null {
  return policy === null ? null : parseDuration(policy.DataHotSpan);
}

/** Nothing is an empty text, or null. */
function json(text: string | null | undefined): unknown {
  return text == null || text.trim() === "" ? null : JSON.parse(text);
}
