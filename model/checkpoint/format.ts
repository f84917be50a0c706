import { z } from "zod";
import type { Entry } from "./entries.ts";
import type { State } from "./state.ts";

/*
 * Which builds may read what the log holds. What a build doesn't know it leaves out, and what was left out may be what an entry
 * is about: an entry that must not be read so carries the format that its reader has to know, within its kind (`promoted@2`).
 * A build from before there were formats refuses a kind that it doesn't know, by the file's name; a later one says why. What
 * each build can read carries no mark; a warning of days, which stays once they are dealt with, stands beside its state.
 *
 * 2: days of a table that take the place of what the destination holds of them.
 */

/** The latest format that this build knows. */
export const KNOWN_FORMAT = 2;

const DAYS_FORMAT = 2;

interface OfDays {
  readonly days?: unknown;
}

/** The format that these parts of the log need. */
function formatOfParts(parts: readonly OfDays[]): number {
  return parts.some(({ days }) => days !== undefined) ? DAYS_FORMAT : 1;
}

/** The format that a reader of an entry has to know. */
function formatOfEntry(entry: Entry): number {
  if (entry.kind === "iterationPlanned") return formatOfParts(entry.tables);
  if (entry.kind === "promotionIntended") return formatOfParts(entry.moves);
  return entry.kind === "resyncAccepted" ? formatOfParts([entry]) : 1;
}

/** The format that a reader of a snapshot has to know: that of what is asked for, and of what is open. */
function formatOfState({ tables, open }: State): number {
  const planned = [open.forward, open.backfill].flatMap((each) => each?.tables ?? []);
  return formatOfParts([...Object.values(tables), ...planned]);
}

const markedEntry = z.looseObject({ kind: z.string() });
const markedState = z.object({ format: z.number().int(), state: z.unknown() });
const stateBeside = z.looseObject({ warnings: z.array(z.unknown()), warningsOfDays: z.array(z.unknown()) });

/** The format of an entry or a snapshot as it stands in its file; 1 for one without a mark. */
export function formatIn(file: unknown): number {
  const snapshot = markedState.safeParse(file);
  if (snapshot.success) return snapshot.data.format;
  const entry = markedEntry.safeParse(file);
  return entry.success ? (kindOf(entry.data.kind)?.format ?? 1) : 1;
}

/** An entry as its file holds it. */
export function withFormat(entry: Entry): object {
  const format = formatOfEntry(entry);
  return format === 1 ? entry : { ...entry, kind: `${entry.kind}@${format}` };
}

/** A file's entry without the mark; one of a format that this build doesn't know stays as it is, and has no known kind. */
export function withoutFormat(file: unknown): unknown {
  const entry = markedEntry.safeParse(file);
  const marked = entry.success ? kindOf(entry.data.kind) : undefined;
  if (!entry.success || marked === undefined || marked.format > KNOWN_FORMAT) return file;
  return { ...entry.data, kind: marked.kind };
}

/**
 * A state as its snapshot's file holds it: a build from before there were formats finds no state in a marked one, and in any other
 * no warning of a kind that it doesn't know, as it would refuse the whole for that.
 */
export function snapshotWithFormat(state: State): object {
  const format = formatOfState(state);
  if (format !== 1) return { format, state };
  const ofDays = state.warnings.filter(({ about }) => about === "days");
  if (ofDays.length === 0) return state;
  const warnings = state.warnings.filter(({ about }) => about !== "days");
  return { ...state, warnings, warningsOfDays: ofDays };
}

export function snapshotWithoutFormat(file: unknown): unknown {
  const marked = markedState.safeParse(file);
  if (marked.success) return marked.data.format <= KNOWN_FORMAT ? marked.data.state : file;
  const beside = stateBeside.safeParse(file);
  if (!beside.success) return file;
  const { warnings, warningsOfDays, ...rest } = beside.data;
  return { ...rest, warnings: [...warnings, ...warningsOfDays] };
}

function kindOf(text: string): { kind: string; format: number } | undefined {
  const match = /^([a-zA-Z]+)@(\d+)$/.exec(text);
  return match ? { kind: match[1] ?? "", format: Number(match[2]) } : undefined;
}
