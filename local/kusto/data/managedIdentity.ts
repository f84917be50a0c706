import type { Engine } from "../engine/engine.ts";
import { isBag } from "../engine/policies.ts";
import type { Json } from "../engine/state.ts";
import type { IdentityUsage } from "./blobs.ts";

function allows(policy: Json | undefined, usage: IdentityUsage, identity: string): boolean {
  if (!Array.isArray(policy)) return false;
  return policy.some((item) => {
    if (!isBag(item)) return false;
    const { ObjectId: id, AllowedUsages: usages } = item;
    if (typeof id !== "string" || typeof usages !== "string" || id.toLowerCase() !== identity.toLowerCase())
      return false;
    const allowed = usages.split(",").map((one) => one.trim().toLowerCase());
    return allowed.includes("all") || allowed.includes(usage.toLowerCase());
  });
}

/** Whether the managed identity policy of the cluster or the database allows a use (`kusto/management/managed-identity-policy.md`). */
export function allowsManagedIdentity(
  engine: Engine,
  database: string,
  usage: IdentityUsage,
  identity: string,
): boolean {
  const state = engine.store.state();
  const name = "managed_identity";
  return (
    allows(state.policies[name], usage, identity) ||
    allows(state.databases.get(database.toLowerCase())?.policies[name], usage, identity)
  );
}
