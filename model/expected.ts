import { FOLLOWED, type WindowRange } from "./checkpoint/entries.ts";
import type { OpenIteration, State, TableState } from "./checkpoint/state.ts";
import { windowsOf } from "./checkpoint/windows.ts";

/*
 * What a destination table should hold by the log, said in rows of the source: parts that are counted in, or out.
 */

/** Rows of the source's table between two cursors and two ingestion times, or its rows without one, or all of it. */
export interface Part {
  /** Counted in, or taken out again. */
  readonly sign: 1 | -1;
  readonly after?: string;
  readonly upTo: string;
  readonly range: Pick<WindowRange, "kind" | "from" | "to">;
}

export type Expectation =
  | {
      readonly kind: "rows";
      readonly parts: readonly Part[];
      /** What the rows are read through; empty for nothing. */
      readonly query: string;
      /** A table that is copied whole: its signature when it was. */
      readonly signature?: string;
      /** What would be held had the job copied only what came since it first saw the table. */
      readonly onlyNew?: readonly Part[];
      /** Whether its history is still to come: what is held is what came since, and what is shown of it. */
      readonly historyPending?: boolean;
    }
  | { readonly kind: "stopped"; readonly reason: string }
  | { readonly kind: "notCopied"; readonly reason: string }
  | { readonly kind: "busy"; readonly reason: string };

/** What the destination should hold of a table, as the log stands. */
export function expectedOf(name: string, state: State): Expectation {
  const known = state.tables[name];
  const opens = [state.open.forward, state.open.backfill].filter((open) => open !== undefined);
  const stopped =
    known?.stopped ?? opens.map((open) => open.stopped[name]).find((reason) => reason !== undefined);
  if (stopped !== undefined) return { kind: "stopped", reason: stopped };
  if (opens.some((open) => open.intended.some((move) => move.table === name)))
    return { kind: "busy", reason: "Rows of it are being moved into the destination at this moment." };
  const shown = opens.flatMap((open) => shownBy(open, name));
  const replaced = shown.find((each) => each.replaces);
  if (replaced) return { kind: "rows", parts: replaced.parts, query: replaced.query };
  const more = shown.flatMap((each) => each.parts);
  if (!known || isUntouched(known)) {
    const first = shown[0];
    if (first) return { kind: "rows", parts: more, query: first.query, historyPending: true };
    return { kind: "notCopied", reason: known?.error ?? "No iteration with it is committed yet." };
  }
  const query = known.query ?? shown[0]?.query ?? "";
  if (known.signature !== undefined && known.signature !== FOLLOWED) {
    const whole: Part = { sign: 1, upTo: known.cursor, range: { kind: "whole" } };
    return { kind: "rows", parts: [whole], query, signature: known.signature };
  }
  const horizon = known.signature === FOLLOWED ? null : (state.horizon ?? state.job?.backfillHorizon ?? null);
  const owed = owedParts(known, horizon);
  const since = [...between(known.backfillUpTo, known.cursor), ...owed, ...more];
  if (known.backfill === "pending") return { kind: "rows", parts: since, query, historyPending: true };
  // What was copied whole since holds all, whatever the job copied at first.
  const onlyNew = known.backfill === "none" && known.signature === undefined;
  if (onlyNew && state.job?.mode === "new") return { kind: "rows", parts: since, query };
  const parts = [...fromBeginning(known.cursor, horizon), ...owed, ...more];
  return { kind: "rows", parts, query, ...(onlyNew ? { onlyNew: since } : {}) };
}

/** Whether nothing of a table was committed: its cursor stands where its backfill will end. */
function isUntouched({ cursor, backfill, backfillUpTo, owed }: TableState): boolean {
  if (owed !== undefined) return false;
  return cursor === "" || (backfill === "pending" && cursor === backfillUpTo);
}

/** All up to a cursor: from a horizon on, or with the rows that have no ingestion time. */
function fromBeginning(upTo: string, horizon: string | null): Part[] {
  if (upTo === "") return [];
  if (horizon !== null)
    return [{ sign: 1, upTo, range: { kind: "time", from: new Date(horizon).toISOString() } }];
  return [
    { sign: 1, upTo, range: { kind: "time" } },
    { sign: 1, upTo, range: { kind: "untimed" } },
  ];
}

function between(after: string, upTo: string): Part[] {
  return after === upTo || upTo === "" ? [] : [{ sign: 1, after, upTo, range: { kind: "time" } }];
}

/** Of an iteration that was shown in part: all that it planned, less the windows that are still owed. */
function owedParts({ owed = [] }: TableState, horizon: string | null): Part[] {
  return owed.flatMap(({ after, upTo, windows }) => {
    const since = after === undefined ? {} : { after };
    const planned = after === undefined ? fromBeginning(upTo, horizon) : between(after, upTo);
    return [...planned, ...windows.map((range): Part => ({ sign: -1, ...since, upTo, range }))];
  });
}

/** The windows of an open iteration that are shown already. */
function shownBy(open: OpenIteration, name: string): { parts: Part[]; query: string; replaces: boolean }[] {
  return open.tables.flatMap((table, t) => {
    // Days that took the place of what was there are no more than the cursor says.
    if (table.name !== name || table.days !== undefined) return [];
    const states = windowsOf(open, t);
    const after = table.after === undefined ? {} : { after: table.after };
    const parts = table.windows.flatMap((range, w): Part[] =>
      states[w]?.stage === "promoted" ? [{ sign: 1, ...after, upTo: table.upTo, range }] : [],
    );
    if (parts.length === 0) return [];
    return [{ parts, query: table.query ?? "", replaces: table.signature !== undefined }];
  });
}
