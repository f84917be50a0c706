import type { Left } from "./checkpoint/entries.ts";
import type { State } from "./checkpoint/state.ts";
import { unstopped } from "./errors.ts";

interface Warning {
  readonly table: string;
  readonly reason: string;
}

/**
 * What stops no copy and should be known: what could not be mirrored or restored, what is switched off meanwhile, what copies left
 * that could not be removed, and events that could not be published.
 */
export function warningsOf(state: State): Warning[] {
  const told = new Set(state.warnings.flatMap((each) => (each.about === "updatePolicy" ? [each.table] : [])));
  return [
    ...state.disabledPolicies
      .filter((each) => !told.has(each.table))
      .map(({ table }) => ({
        table,
        reason: `The update policy of table ${table} is switched off while rows are copied; rows of other writers miss it meanwhile.`,
      })),
    ...state.warnings.map(({ table, reason }) => ({ table, reason })),
    ...(state.left ?? []).map(leftWarning),
    ...(state.unpublished === undefined ? [] : [unpublishedWarning(state.unpublished)]),
  ];
}

const AGAIN = "It is tried again after each iteration and by each run.";

function leftWarning({ part, tables = [], lake, reason }: Left): Warning {
  const why = `${unstopped(reason)}. ${AGAIN}`;
  switch (part) {
    case "tags":
      return {
        table: tables.length === 1 ? (tables[0] ?? "") : "",
        reason: `Tags of copies could not be taken off the extents of ${tables.length === 1 ? "table" : "tables"} ${named(tables)}; no row is affected: ${why}`,
      };
    case "staging":
      return {
        table: "",
        reason: `Staging tables of copies that are over could not be dropped${tables.length === 0 ? "" : ` (${named(tables)})`}; they may be dropped by hand: ${why}`,
      };
    case "files":
      return {
        table: "",
        reason: `Staged files of copies that are over could not be deleted from ${lake ?? "the lake"}/staged: ${why}`,
      };
  }
}

function unpublishedWarning({ iterations, reason }: NonNullable<State["unpublished"]>): Warning {
  const what =
    iterations.length === 1
      ? `The event of iteration ${iterations[0]}`
      : `The events of ${iterations.length} iterations (${named(iterations.map(String))})`;
  return { table: "", reason: `${what} could not be published: ${unstopped(reason)}. ${AGAIN}` };
}

/** Names in a sentence, the first few of many. */
function named(names: readonly string[]): string {
  const more = names.length - NAMED;
  return more > 0 ? `${names.slice(0, NAMED).join(", ")} and ${more} more` : names.join(", ");
}

const NAMED = 5;
