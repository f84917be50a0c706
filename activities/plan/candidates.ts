import type { TableSchema } from "../../kusto/commands/schema.ts";
import { FOLLOWED, type Lane, type WindowRange } from "../../model/checkpoint/entries.ts";
import { type OpenIteration, owedIn, type State } from "../../model/checkpoint/state.ts";
import type { Job } from "../../model/job.ts";
import { selectsTable } from "../../model/tableSelection.ts";

/** What decides which tables an iteration takes, and how. */
export interface Planning {
  readonly job: Job;
  readonly state: State;
  readonly lane: Lane;
  /** Names of the source's tables that have an ingestion time now. */
  readonly timed: ReadonlySet<string>;
}

/** A table that an iteration looks at. */
export interface Candidate {
  readonly table: TableSchema;
  readonly snapshot: boolean;
  /** Whether what is copied takes the place of what was copied before. */
  readonly replaces: boolean;
  readonly after?: string;
  readonly upTo: string;
  /** Copied whole once more because it was asked for. */
  readonly resync?: boolean;
  /** Only these days are copied once more, because they were asked for. */
  readonly days?: readonly string[];
  /** Windows that are planned as they are, instead of cut anew. */
  readonly owed?: readonly WindowRange[];
}

/**
 * The backfill lane takes tables whose history isn't copied yet, the forward lane those that have a cursor. A table
 * first seen while a backfill is under way goes forward from its beginning, so that it need not wait for the backfill,
 * and so does one first seen by a job that copies only what comes, from where the job stands. A snapshot table that is
 * still in the backfill lane comes from there alone: an older copy must not replace a newer one.
 */
export function isOfLane(name: string, planning: Planning): boolean {
  const { job, state, lane } = planning;
  const known = state.tables[name];
  if (known?.stopped !== undefined) return false;
  // What came beside those rows would come twice, and a cursor that passed them here would be set back there.
  if (isBeingResynced(name, state)) return false;
  if (isResynced(name, planning) || daysDue(name, planning) !== undefined) return lane === resyncLane(job);
  const onlyForward = known === undefined && standsAt(job, state) !== undefined;
  // A forward iteration that is open has begun with it already, from its first row.
  const begun =
    known === undefined && state.open.forward?.tables.some((table) => table.name === name) === true;
  if (lane === "backfill" && begun) return false;
  // Copied whole it brings what the open forward iteration is about to bring beside it.
  const coming = state.open.forward?.tables.some((table) => table.name === name) === true;
  if (lane === "backfill" && coming && isSnapshot(name, planning)) return false;
  if (lane === "backfill") return !onlyForward && (known === undefined || known.backfill === "pending");
  if (known?.backfill === "pending" && (isSnapshot(name, planning) || isPlannedWhole(name, state)))
    return false;
  return known !== undefined || onlyForward || state.open.backfill !== undefined;
}

/**
 * How a table is copied by an iteration up to a cursor. One that was copied whole before, and that cursors follow from
 * now on, is copied whole once more, bounded by the cursor: no cursor says what its last copy held.
 */
export function candidate(table: TableSchema, planning: Planning, upTo: string): Candidate {
  const { job, state, lane } = planning;
  const known = state.tables[table.name];
  const snapshot = isSnapshot(table.name, planning);
  // Of a job that copies only what comes, the destination holds what came since it began, or all once it was copied whole.
  const since =
    job.mode === "new" && known?.backfill === "none" && known.signature === undefined
      ? known.backfillUpTo
      : "";
  const days = daysDue(table.name, planning);
  if (days !== undefined && known !== undefined) {
    const after = since === "" ? {} : { after: since };
    // Rows after the cursor are an ordinary iteration's.
    return { table, snapshot, replaces: false, days, ...after, upTo: known.cursor };
  }
  if (isResynced(table.name, planning)) {
    return {
      table,
      snapshot,
      replaces: true,
      resync: true,
      ...(since === "" || snapshot ? {} : { after: since }),
      upTo,
    };
  }
  const owed = owedIn(lane, known);
  if (owed) {
    const after = owed.after === undefined ? {} : { after: owed.after };
    return { table, snapshot: false, replaces: false, ...after, upTo: owed.upTo, owed: owed.windows };
  }
  if (lane === "backfill") return { table, snapshot, replaces: false, upTo: known?.backfillUpTo ?? upTo };
  if (!snapshot && known?.signature !== undefined && known.signature !== FOLLOWED) {
    return { table, snapshot, replaces: true, upTo };
  }
  const after = known?.cursor ?? standsAt(job, state);
  return { table, snapshot, replaces: false, ...(after === undefined ? {} : { after }), upTo };
}

/**
 * Whether a table is copied whole once more now, as was asked for: not while an open iteration has it, whose rows would come
 * beside those that replace the table.
 */
function isResynced(name: string, { state }: Planning): boolean {
  return state.tables[name]?.resync === true && !isOpen(name, state);
}

/**
 * The days of a table that are copied once more now, as was asked for: not before all that its cursor passed is shown, or rows
 * of these days would still come beside those that take their place. After a try in vain an iteration of what is new goes
 * first, where the job has such.
 */
export function daysDue(name: string, { job, state }: Planning): readonly string[] | undefined {
  const known = state.tables[name];
  if (known?.days === undefined || known.stopped !== undefined || known.resync === true) return undefined;
  if (known.days.waits && job.mode !== "backfill") return undefined;
  if (known.backfill === "pending" || known.owed !== undefined || isOpen(name, state)) return undefined;
  return known.days.asked;
}

function isOpen(name: string, { open }: State): boolean {
  // A commit moves the cursor of what was quiet, too.
  return [open.forward, open.backfill].some(
    (each: OpenIteration | undefined) =>
      each !== undefined && (each.tables.some((table) => table.name === name) || each.quiet.includes(name)),
  );
}

function isBeingResynced(name: string, { open }: State): boolean {
  return [open.forward, open.backfill].some((each) =>
    each?.tables.some((table) => table.name === name && (table.resync === true || table.days !== undefined)),
  );
}

/** A job that copies history only has no forward lane. */
export function resyncLane(job: Job): Lane {
  return job.mode === "backfill" ? "backfill" : "forward";
}

/** Whether cursors can't follow a table, or it is declared so. */
export function isSnapshot(name: string, { job, timed }: Planning): boolean {
  const declared = job.tables.snapshot.length > 0 && selectsTable(name, job.tables.snapshot, []);
  return declared || !timed.has(name);
}

function isPlannedWhole(name: string, state: State): boolean {
  return (
    state.open.backfill?.tables.some((table) => table.name === name && table.signature !== undefined) === true
  );
}

/**
 * From where a table that can't be copied yet, and that the log doesn't know, is copied once it can: of a job that copies only
 * what comes, from where the job stands now, and not from where it stands then.
 */
export function beginsAt(name: string, { job, state }: Planning, upTo: string): string | undefined {
  if (job.mode !== "new" || state.tables[name] !== undefined) return undefined;
  return standsAt(job, state) ?? upTo;
}

/** The cursor up to which a job that copies only what comes has looked; undefined before it began, and for other jobs. */
function standsAt(job: Job, state: State): string | undefined {
  if (job.mode !== "new") return undefined;
  // Before anything new was committed that is where it noted what there was, whatever was begun and given up since.
  const noted = state.finished.find((each) => each.lane === "backfill") ?? state.open.backfill;
  return state.lastForward?.upTo ?? noted?.upTo ?? state.finished.at(-1)?.upTo;
}
