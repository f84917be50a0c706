import { resolve } from "node:path";
import { allowInteractive } from "../../kusto/credentials.ts";
import { resolveKeyVaultReferences } from "../../kusto/login/keyVault.ts";
import { processIo } from "../output/io.ts";
import type { Given } from "../program/given.ts";

/*
 * The app's activities read logins, and what no job holds, from the app's settings: here from this process's
 * environment. Options go there first, so that an option wins and no activity knows where a setting came from.
 */

type Environment = Record<string, string | undefined>;

/**
 * Makes the environment what the activities are to find: options first, and secrets in the place of references to Key
 * Vault. A person at the terminal is there to log in.
 */
export async function prepareEnvironment(given: Given): Promise<void> {
  const io = processIo();
  if (io.person && !given.json) allowInteractive({ show: (text) => io.err.write(`${text}\n`) });
  applyOptions(given, process.env);
  Object.assign(process.env, await resolveKeyVaultReferences(process.env));
}

/** Puts into the environment what activities look up there: whole connection strings, and how files are reached. */
function applyOptions(given: Given, environment: Environment): void {
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
