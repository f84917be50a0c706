import type { KustoClient } from "../../kusto/client.ts";
import { readUsages, showManagedIdentities } from "../../kusto/commands/access.ts";
import { describe } from "../../model/errors.ts";
import { cantTell, fail, type Sight, well } from "./runChecks.ts";

/**
 * Whether a cluster's managed identity may be used for these: at the database's level or the cluster's, which adds to it
 * (`kusto/management/managed-identity-policy.md`). The cluster's policy may not be shown to everybody.
 */
export async function managedIdentitySight(
  client: KustoClient,
  database: string,
  identity: string,
  usages: readonly string[],
): Promise<Sight> {
  const ofDatabase = readUsages(await client.command(database, showManagedIdentities(database)), identity);
  const lacking = (allowed: ReadonlySet<string>) =>
    usages.filter((usage) => !allowed.has("all") && !allowed.has(usage.toLowerCase()));
  if (lacking(ofDatabase).length === 0)
    return well(`Database ${database} lets identity ${identity} be used for ${usages.join(", ")}.`);
  try {
    const ofCluster = readUsages(await client.command(database, showManagedIdentities()), identity);
    const missing = lacking(new Set([...ofDatabase, ...ofCluster]));
    return missing.length === 0
      ? well(`The cluster lets identity ${identity} be used for ${usages.join(", ")}.`)
      : fail(
          `Neither database ${database} nor the cluster lets identity ${identity} be used for ${missing.join(", ")}.`,
        );
  } catch (error) {
    return cantTell(
      `Database ${database} doesn't let identity ${identity} be used for ${lacking(ofDatabase).join(", ")}, and the cluster's own policy can't be seen: ${describe(error)}`,
    );
  }
}
