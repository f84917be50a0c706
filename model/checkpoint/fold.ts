import { copyRecord, recordFrom } from "../record.ts";
import { cleaned } from "./cleaned.ts";
import { committed } from "./commit.ts";
import { type Entry, type EntryOf, type PlannedTable, windowId } from "./entries.ts";
import { emptiedPerhaps, refuseUnsettledDays, resyncAccepted, resyncsPlanned } from "./resync.ts";
import { retriesAfter } from "./retried.ts";
import { type OpenIteration, openIteration, owedIn, type State, type WindowState } from "./state.ts";

/**
 * The state after one more entry of the log. The state that is given stays as it was.
 *
 * Invariants:
 * 1. Entries come in the order of their numbers, none left out.
 * 2. Once a run is opened, entries of earlier runs can't follow.
 * 3. A table's cursor changes at a commit of its iteration only, and only where the table wasn't parked.
 * 4. A window is promoted only under an intent, an intent names only what was staged, with the very extents that were
 *    verified, and an iteration is committed only when no intent is open and each of its windows is promoted or its
 *    table parked.
 * 5. A table's cursor passes the rows that were promoted and no others, whatever befell the table since: rows are
 *    never copied twice. Where only a part was promoted the cursor stays, and the rest is owed; where the part took the
 *    place of the table no cursor is right, and the table is stopped.
 * 6. A stopped table stays stopped, whatever the other lane commits, until it is resynchronised.
 * 7. What is owed is planned next in its lane, cut as it was, and each lane owes for itself: a window that was promoted is in
 *    no later plan.
 * 8. A table that the open forward iteration copies from its beginning is in no plan of the backfill lane, and one that is
 *    resynchronised is in one open iteration only: its rows would come twice.
 * 9. Days of a table are resynchronised up to its cursor and no further, and only while all of them is shown that the cursor
 *    passed: nothing of its history is to come, nothing is owed, and no other iteration that is open has it. No cursor moves
 *    by it.
 * 10. A resynchronisation that was asked for stays asked for until an iteration that was planned after it has committed it.
 * 11. The moment that the destination stands at moves on only with an iteration that has brought each of its tables up to it, but
 *    for those that are parked or stopped, and told as that.
 * 12. A table that was to be emptied by a promotion that was taken back is copied whole again: it may be empty, or become so.
 * 13. Of several reasons that park a table in an iteration the first stays: those that follow come of it.
 * 14. Why days of a table were tried in vain is told until they are tried again, whatever else of it is brought meanwhile.
 * 15. A table that was copied whole, and that cursors follow since, is known as that whatever comes to it: it holds rows from
 *    before a horizon, too, and what replaces it must bring them again.
 *
 * Throws an Error where an entry breaks one: such a log was not written by this protocol.
 */
export function fold(state: State, entry: Entry): State {
  if (entry.number !== state.next) {
    throw new Error(`entry ${entry.number} follows entry ${state.next - 1}: an entry is missing`);
  }
  const before = { ...state, next: state.next + 1 };
  if (entry.kind === "runOpened") return runOpened(before, entry);
  if (state.run?.id !== entry.run) {
    throw new Error(
      `entry ${entry.number} is of run ${entry.run}, but run ${state.run?.id ?? "none"} is open`,
    );
  }
  switch (entry.kind) {
    case "iterationPlanned":
      return iterationPlanned(before, entry);
    case "progress":
      return progress(before, entry);
    case "promotionIntended":
      return promotionIntended(before, entry);
    case "promoted":
      return emptiedPerhaps(
        promoted(before, entry),
        entry,
        openIteration(before, entry.iteration)?.intended ?? [],
      );
    case "iterationCommitted":
      return committed(before, entry);
    case "cleaned":
      return cleaned(before, entry);
    case "failed":
      return { ...before, failed: entry.reason };
    case "resyncAccepted":
      return resyncAccepted(before, entry);
    case "runEnded":
      return { ...before, ended: { outcome: entry.outcome, reason: entry.reason, at: entry.at } };
    case "mirrored":
      return {
        ...before,
        warnings: [
          ...before.warnings.filter((each) => each.about !== "mirror"),
          ...entry.warnings.map((each) => ({ about: "mirror" as const, ...each })),
        ],
      };
    case "updatePoliciesDisabled":
      return policiesDisabled(before, entry);
    case "updatePoliciesRestored":
      return policiesRestored(before, entry);
  }
}

function runOpened(state: State, entry: EntryOf<"runOpened">): State {
  if (entry.run !== entry.number) {
    throw new Error(`entry ${entry.number} opens a run and says that it is run ${entry.run}`);
  }
  const { failed: _, ended: __, ...rest } = state;
  return {
    ...rest,
    copyId: state.copyId ?? entry.copyId,
    job: entry.job,
    horizon: earliest(horizonBefore(state), entry.job.backfillHorizon),
    run: { id: entry.number, step: entry.step, instance: entry.instance, openedAt: entry.at },
  };
}

/** A snapshot from before the horizon was kept tells that of its last job. */
function horizonBefore({ horizon, job }: State): string | null | undefined {
  return horizon === undefined ? job?.backfillHorizon : horizon;
}

/** ISO moments compare as texts. */
function earliest(known: string | null | undefined, horizon: string | null): string | null {
  if (known === undefined) return horizon;
  if (known === null || horizon === null) return null;
  return known < horizon ? known : horizon;
}

function iterationPlanned(state: State, entry: EntryOf<"iterationPlanned">): State {
  if (state.open[entry.lane]) {
    throw new Error(
      `entry ${entry.number} plans a ${entry.lane} iteration while ${state.open[entry.lane]?.iteration} is open`,
    );
  }
  if (entry.iteration !== state.lastIteration + 1) {
    throw new Error(
      `entry ${entry.number} plans iteration ${entry.iteration} after iteration ${state.lastIteration}`,
    );
  }
  const names = entry.tables.map((table) => table.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new Error(`entry ${entry.number} plans table ${twice} twice`);
  refuseSecondBeginning(state, entry);
  refuseAnotherCut(state, entry);
  refuseUnsettledDays(state, entry);
  const windows: Record<string, WindowState> = {};
  entry.tables.forEach((table, t) => {
    table.windows.forEach((_, w) => {
      windows[windowId(entry.iteration, t, w)] = { stage: "planned", attempt: 0 };
    });
  });
  const open: OpenIteration = {
    iteration: entry.iteration,
    lane: entry.lane,
    upTo: entry.upTo,
    readAt: entry.readAt,
    plannedAt: entry.at,
    tables: entry.tables,
    quiet: entry.quiet,
    refused: entry.refused,
    windows,
    parked: recordFrom<string>([]),
    stopped: recordFrom<string>([]),
    intended: [],
  };
  const tables = copyRecord(state.tables);
  if (entry.lane === "backfill") {
    // A table's forward lane starts where its backfill ends, from the moment both are planned.
    for (const table of [
      ...entry.tables.map((each) => ({ name: each.name, upTo: each.upTo })),
      ...entry.quiet.map((name) => ({ name, upTo: entry.upTo })),
    ]) {
      tables[table.name] ??= { cursor: table.upTo, backfill: "pending", backfillUpTo: table.upTo };
    }
  }
  // A table that begins at a cursor keeps it, so that it catches up from there if it is parked.
  if (entry.lane === "forward") {
    for (const { name, after } of entry.tables) {
      if (after !== undefined) tables[name] ??= { cursor: after, backfill: "none", backfillUpTo: after };
    }
  }
  for (const { table, reason, from } of entry.refused) {
    const begun =
      from === undefined ? undefined : { cursor: from, backfill: "none" as const, backfillUpTo: from };
    const known = tables[table] ?? begun;
    if (known) tables[table] = { ...known, error: reason };
  }
  const before = { ...state, tables };
  return {
    ...resyncsPlanned(before, entry),
    lastIteration: entry.iteration,
    open: { ...state.open, [entry.lane]: open },
  };
}

/** Keeps invariant 8. */
function refuseSecondBeginning(state: State, entry: EntryOf<"iterationPlanned">): void {
  const other = entry.lane === "backfill" ? state.open.forward : state.open.backfill;
  const begins = (table: PlannedTable) => table.after === undefined && table.signature === undefined;
  const again = entry.tables.find((table) => {
    const begun = other?.tables.find((each) => each.name === table.name);
    if (!begun) return false;
    const replaces = (each: PlannedTable) => each.resync === true || each.days !== undefined;
    return replaces(table) || replaces(begun) || (entry.lane === "backfill" && begins(begun));
  });
  if (!again) return;
  throw new Error(
    `entry ${entry.number} plans table ${again.name} from its beginning, as iteration ${other?.iteration} does`,
  );
}

/** Keeps invariant 7. */
function refuseAnotherCut(state: State, entry: EntryOf<"iterationPlanned">): void {
  for (const table of entry.tables) {
    const owed = owedIn(entry.lane, state.tables[table.name]);
    if (owed === undefined || table.resync === true || table.days !== undefined) continue;
    const sameCut =
      table.after === owed.after &&
      table.upTo === owed.upTo &&
      JSON.stringify(table.windows) === JSON.stringify(owed.windows);
    if (!sameCut)
      throw new Error(`entry ${entry.number} plans table ${table.name} otherwise than what is owed of it`);
  }
}

/** A policy that is noted already may be off in more of its parts now: the newest note holds what it was at first, too. */
function policiesDisabled(state: State, entry: EntryOf<"updatePoliciesDisabled">): State {
  const noted = new Set(entry.policies.map((each) => each.table));
  return {
    ...state,
    disabledPolicies: [...state.disabledPolicies.filter((each) => !noted.has(each.table)), ...entry.policies],
    warnings: state.warnings.filter((each) => each.about !== "updatePolicy" || !noted.has(each.table)),
  };
}

function policiesRestored(state: State, entry: EntryOf<"updatePoliciesRestored">): State {
  const told = new Set([...entry.tables, ...entry.left.map((each) => each.table)]);
  return {
    ...state,
    disabledPolicies: state.disabledPolicies.filter((each) => !entry.tables.includes(each.table)),
    warnings: [
      ...state.warnings.filter((each) => each.about !== "updatePolicy" || !told.has(each.table)),
      ...entry.left.map((each) => ({ about: "updatePolicy" as const, ...each })),
    ],
  };
}

function progress(state: State, entry: EntryOf<"progress">): State {
  return withOpen(state, entry, (open) => {
    const windows = { ...open.windows };
    const change = (id: string, next: (before: WindowState) => WindowState) => {
      const before = windows[id];
      if (!before) throw new Error(`entry ${entry.number} speaks of window ${id}, which was never planned`);
      if (before.stage === "promoted")
        throw new Error(`entry ${entry.number} changes window ${id}, which is promoted`);
      windows[id] = next(before);
    };
    for (const { window, ...exported } of entry.exported) {
      change(window, () => ({ stage: "exported", ...exported }));
    }
    for (const { window, ...staged } of entry.staged) {
      change(window, (before) => {
        if (before.stage === "planned")
          throw new Error(`entry ${entry.number} stages window ${window}, which was not exported`);
        return { ...before, stage: "staged", ...staged };
      });
    }
    for (const { window, attempt, reason } of entry.reset) {
      change(window, () => ({ stage: "planned", attempt, error: reason }));
    }
    const parked = copyRecord(open.parked);
    for (const { table, reason } of entry.parked) parked[table] ??= reason;
    return { ...open, windows, parked, ...retriesAfter(open, entry) };
  });
}

function promotionIntended(state: State, entry: EntryOf<"promotionIntended">): State {
  return withOpen(state, entry, (open) => {
    const known = new Set(open.intended.flatMap((move) => move.windows.map((each) => each.window)));
    for (const { table, windows } of entry.moves) {
      if (table in open.parked)
        throw new Error(`entry ${entry.number} promotes table ${table}, which is parked`);
      for (const { window, extents } of windows) {
        const staged = open.windows[window];
        if (staged?.stage !== "staged" || staged.extents?.join() !== extents.join())
          throw new Error(
            `entry ${entry.number} promotes extents of window ${window} that were not verified`,
          );
        if (known.has(window))
          throw new Error(`entry ${entry.number} promotes window ${window} a second time`);
        known.add(window);
      }
    }
    return { ...open, intended: [...open.intended, ...entry.moves] };
  });
}

function promoted(state: State, entry: EntryOf<"promoted">): State {
  return withOpen(state, entry, (open) => {
    const done = new Set(entry.windows);
    const intended = new Set(open.intended.flatMap((move) => move.windows.map((each) => each.window)));
    const windows = { ...open.windows };
    for (const id of done) {
      const before = windows[id];
      if (!before || !intended.has(id)) {
        throw new Error(`entry ${entry.number} promotes window ${id}, which no intent names`);
      }
      windows[id] = { ...before, stage: "promoted" };
    }
    const parked = copyRecord(open.parked);
    const stopped = copyRecord(open.stopped);
    for (const { table, reason } of entry.stopped) {
      parked[table] = reason;
      stopped[table] = reason;
    }
    const withdrawn = new Set(entry.withdrawn.map((each) => each.table));
    for (const { table, reason } of entry.withdrawn) parked[table] ??= reason;
    const left = open.intended.filter(
      (move) =>
        !(move.table in stopped) &&
        !withdrawn.has(move.table) &&
        move.windows.some((each) => !done.has(each.window)),
    );
    return { ...open, windows, parked, stopped, intended: left };
  });
}

function withOpen(
  state: State,
  entry: { number: number; iteration: number },
  change: (open: OpenIteration) => OpenIteration,
): State {
  const open = openIteration(state, entry.iteration);
  if (!open)
    throw new Error(`entry ${entry.number} speaks of iteration ${entry.iteration}, which is not open`);
  return { ...state, open: { ...state.open, [open.lane]: change(open) } };
}
