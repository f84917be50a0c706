import { isBag, policyValue } from "./policies.ts";
import type { DatabaseState, TableState } from "./state.ts";

/** How many rows an ingestion puts in one extent (`kusto/management/sharding-policy.md`). */
export function maxExtentRows(database: DatabaseState, table: TableState): number {
  const policy = policyValue(database, table, "sharding");
  const rows = isBag(policy) ? policy.ShardEngineMaxRowCount : undefined;
  return typeof rows === "number" && rows > 0 ? rows : 1_048_576;
}
