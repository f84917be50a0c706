import { entityNotFound, KustoError } from "../kustoError.ts";
import type { ClusterState, DatabaseState, TableState } from "./state.ts";

export function findDatabase(state: ClusterState, name: string): DatabaseState {
  const database = state.databases.get(name.toLowerCase());
  if (database === undefined) throw entityNotFound("Database", name);
  return database;
}

export function findTable(database: DatabaseState, name: string): TableState {
  const table = database.tables.get(name);
  if (table === undefined) throw entityNotFound("Table", name);
  return table;
}

export function withDatabase(state: ClusterState, database: DatabaseState): ClusterState {
  const changed = { ...database, version: database.version + 1 };
  return { ...state, databases: new Map(state.databases).set(database.name.toLowerCase(), changed) };
}

export function badRequest(message: string): KustoError {
  return new KustoError(
    400,
    "General_BadRequest",
    "Kusto.Data.Exceptions.KustoBadRequestException",
    message,
    true,
  );
}

export function alreadyExists(kind: string, name: string): KustoError {
  return new KustoError(
    400,
    "BadRequest_EntityAlreadyExists",
    "Kusto.Common.Svc.Exceptions.EntityAlreadyExistsException",
    `Entity ID '${name}' of kind '${kind}' already exists.`,
    true,
  );
}
