import { resolve } from "node:path";
import type { Given } from "../program/given.ts";

/*
 * The app's activities read logins, and what no job holds, from the app's settings: here from this process's
 * environment. Options go there first, so that an option wins and no activity knows where a setting came from.
 */

type Environment = Record<string, string | undefined>;

/** Puts into the environment what activities look up there: whole connection strings, and how files are reached. */
export function applyOptions(given: Given, environment: Environment): void {
  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined) environment[name] = value;
  };
  set("KUSTO_COPY_SOURCE", given.source);
  set("KUSTO_COPY_DESTINATION", given.destination);
  set("KUSTO_COPY_LAKE", given.lake?.join("\n"));
  set("KUSTO_COPY_JOBS", given.config === undefined ? undefined : placeOf(given.config));
  set("KUSTO_COPY_CLUSTER_ACCESS", given.clusterAccess);
  set("KUSTO_COPY_STATUS_ACCESS", given.statusAccess);
}

/** A file from where the command was called, or a place in a lake as it is. */
function placeOf(config: string): string {
  return /^(?:https?|abfss):\/\//i.test(config) ? config : resolve(config);
}
