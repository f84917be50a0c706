import type { ClusterState, DatabaseState } from "../engine/state.ts";
import { KustoError } from "../kustoError.ts";
import type { Following } from "./followed.ts";

/**
 * All requests that modify a database that is followed fail (`kusto/management/show-databases.md`, DatabaseAccessMode;
 * `follower.md`). The documentation gives no text for the error.
 */
export function readOnlyError(name: string, following: Following): KustoError {
  return new KustoError(
    400,
    "General_BadRequest",
    "Kusto.Data.Exceptions.KustoBadRequestException",
    `Database '${name}' can't be modified: its access mode is ReadOnlyFollowing. It follows database '${following.leaderDatabase}' of cluster '${following.attachment.leader.name}'.`,
    true,
  );
}

/** The database, if it may be written to. */
export function writable(database: DatabaseState): DatabaseState {
  if (database.following !== undefined) throw readOnlyError(database.name, database.following);
  return database;
}

/**
 * Invariant 1 of following: but for the refresh, no change of the state touches a database that is followed. Only one
 * that the cluster creates for itself under the same name takes its place.
 */
export function checkReadOnly(before: ClusterState, after: ClusterState): void {
  for (const [key, database] of before.databases) {
    if (database.following === undefined) continue;
    const next = after.databases.get(key);
    if (next === database) continue;
    if (next === undefined || next.following !== undefined || next.id === database.id)
      throw readOnlyError(database.name, database.following);
  }
}
