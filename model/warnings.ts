import type { State } from "./checkpoint/state.ts";

/** What stops no copy and should be known: what could not be mirrored or restored, and what is switched off meanwhile. */
export function warningsOf(state: State): { table: string; reason: string }[] {
  const told = new Set(state.warnings.flatMap((each) => (each.about === "updatePolicy" ? [each.table] : [])));
  return [
    ...state.disabledPolicies
      .filter((each) => !told.has(each.table))
      .map(({ table }) => ({
        table,
        reason: `The update policy of table ${table} is switched off while rows are copied; rows of other writers miss it meanwhile.`,
      })),
    ...state.warnings.map(({ table, reason }) => ({ table, reason })),
  ];
}
