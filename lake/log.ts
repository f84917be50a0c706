import { RestError } from "@azure/storage-blob";
import { type Entry, type EntryBody, entrySchema } from "../model/checkpoint/entries.ts";
import { fold } from "../model/checkpoint/fold.ts";
import {
  formatIn,
  KNOWN_FORMAT,
  snapshotWithFormat,
  snapshotWithoutFormat,
  withFormat,
} from "../model/checkpoint/format.ts";
import { emptyState, type State, stateSchema } from "../model/checkpoint/state.ts";
import { Retryable, Terminal } from "../model/errors.ts";
import { isStatus, readText, writeText } from "./files.ts";
import type { Lake } from "./lake.ts";

/*
 * The checkpoint log: `log/<20 digits>.json`, one file per entry, each written once.
 *
 * Invariants:
 * 1. An entry is created by one request together with its content, and only where no entry of its number exists
 *    (Put Blob with `If-None-Match: *`, the same on flat and hierarchical accounts). That is the fence: of two
 *    writers, one finds its number taken.
 * 2. A writer that finds its number taken by an entry that isn't its own throws Stale and has changed nothing.
 *    Run and step tell its own from another's, so an activity delivered twice, or one whose answer was lost, goes on.
 * 3. What is read is the log without a gap: a missing, garbled or foreign entry is an error that names the file.
 * 4. What an older build would misread carries a format, and what is of a later format than is known is an error
 *    (model/checkpoint/format.ts).
 */

/** Another run has taken over this lake folder: whoever gets this stops, and destroys nothing. */
export class Stale extends Terminal {
  constructor(lake: Lake, number: number, by: { run: number; instance?: string | undefined }) {
    super(
      `Another run took over the lake folder ${lake.url} (log entry ${number} is of run ${by.run}${by.instance ? `, ${by.instance}` : ""}).`,
      {},
      { advice: "This run has stopped and destroyed nothing. Follow the other one." },
    );
    this.name = "Stale";
  }
}

const SNAPSHOT = "log/snapshot.json";
/** Entries after the last snapshot before another is written: bounds what is read at a start. */
const SNAPSHOT_EVERY = 64;

const cache = new WeakMap<Lake, State>();

/** Name of an entry's file below the lake folder. */
export function entryPath(number: number): string {
  return `log/${String(number).padStart(20, "0")}.json`;
}

/**
 * The state that the log tells, read on from where this process last read it. `emptyState` for a folder that holds no
 * log, and for a container that doesn't exist. Throws Terminal for a log that can't be read, naming the file.
 */
export async function readState(lake: Lake): Promise<State> {
  return readOn(lake, !cache.has(lake));
}

/**
 * Reads on to the first number without an entry. `checked`: makes sure that this is the log's end and not a gap in it.
 * Entries are listed before they are read, as others may be written in between.
 */
async function readOn(lake: Lake, checked: boolean): Promise<State> {
  let state = cache.get(lake) ?? (await readSnapshot(lake));
  const listed = checked ? await entryNumbers(lake, Math.max(0, state.next - 1)) : [];
  if (checked && state.next > 0 && !listed.includes(state.next - 1)) {
    throw damaged(lake, entryPath(state.next - 1), "it is missing, though it was read before");
  }
  for (;;) {
    const entry = await readEntry(lake, state.next);
    if (!entry) break;
    state = foldInto(lake, state, entry);
  }
  const beyond = listed.find((number) => number > state.next);
  if (beyond !== undefined)
    throw damaged(lake, entryPath(state.next), `it is missing, though ${entryPath(beyond)} is there`);
  return remember(lake, state);
}

/** Keeps the state for the next reading; of two readings side by side, the one that came further. */
function remember(lake: Lake, state: State): State {
  const known = cache.get(lake);
  if (!known || known.next <= state.next) cache.set(lake, state);
  return state;
}

/**
 * The state at least up to entry `next - 1`, of the run that asks. Throws Stale where another run has opened since, and
 * Terminal where an entry that the run has written is not there any more.
 */
export async function readStateOfRun(lake: Lake, run: number, next: number): Promise<State> {
  const known = cache.get(lake);
  const state = known && known.next >= next ? known : await readState(lake);
  if (state.run?.id !== run)
    throw new Stale(lake, state.next - 1, { run: state.run?.id ?? -1, instance: state.run?.instance });
  if (state.next < next)
    throw damaged(lake, entryPath(state.next), "it is missing, though this run wrote it");
  return state;
}

/**
 * Writes entry `number` of a run, or finds that it is written. Returns the entry as it stands in the log: after a
 * repeated delivery, the first one's.
 */
export async function appendEntry(
  lake: Lake,
  identity: { number: number; run: number; step: string },
  body: EntryBody,
): Promise<Entry> {
  const entry = entrySchema.parse({ ...body, ...identity, at: new Date().toISOString() });
  const before = await stateBefore(lake, entry);
  const after = before && foldedForWriting(lake, before, entry);
  const written = await putIfAbsent(lake, entryPath(entry.number), JSON.stringify(withFormat(entry)));
  if (!written) {
    const there = await readEntry(lake, entry.number);
    if (!there) {
      throw new Retryable(`Log entry ${entry.number} exists but could not be read yet (${lake.url}).`, {
        operation: "append log entry",
      });
    }
    if (there.run !== identity.run || there.step !== identity.step) {
      throw new Stale(lake, entry.number, {
        run: there.run,
        instance: there.kind === "runOpened" ? there.instance : undefined,
      });
    }
    if (before) remember(lake, foldInto(lake, before, there));
    return there;
  }
  if (after) {
    remember(lake, after);
    if (entry.number % SNAPSHOT_EVERY === SNAPSHOT_EVERY - 1) await writeSnapshot(lake, after);
  }
  return entry;
}

/**
 * The state that an entry follows, or undefined where its number is taken: the write then finds out by whom.
 * A run that opens makes sure that it stands at the log's end; the other entries follow one that their run wrote.
 */
async function stateBefore(lake: Lake, { number, kind }: Entry): Promise<State | undefined> {
  const known = cache.get(lake);
  const state =
    known?.next === number && kind !== "runOpened"
      ? known
      : await readOn(lake, kind === "runOpened" || !known);
  if (state.next < number)
    throw damaged(lake, entryPath(state.next), `it is missing, and entry ${number} is about to be written`);
  return state.next === number ? state : undefined;
}

function foldedForWriting(lake: Lake, state: State, entry: Entry): State {
  try {
    return fold(state, entry);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new Terminal(
      `The checkpoint log ${lake.url} takes no such entry: ${what}.`,
      { operation: `append ${entry.kind}` },
      { advice: "Nothing was written: this is a defect of the program." },
    );
  }
}

function foldInto(lake: Lake, state: State, entry: Entry): State {
  try {
    return fold(state, entry);
  } catch (error) {
    throw damaged(lake, entryPath(entry.number), error instanceof Error ? error.message : String(error));
  }
}

async function readEntry(lake: Lake, number: number): Promise<Entry | undefined> {
  const path = entryPath(number);
  const text = await readText(lake, path);
  if (text === undefined) return undefined;
  const parsed = entrySchema.safeParse(knownJson(lake, path, text));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw damaged(lake, path, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not an entry"}`);
  }
  if (parsed.data.number !== number)
    throw damaged(lake, path, `it says that it is entry ${parsed.data.number}`);
  return parsed.data;
}

/** A snapshot is a hint that shortens reading: one that is missing or stale costs time only, a garbled one is told. */
async function readSnapshot(lake: Lake): Promise<State> {
  const text = await readText(lake, SNAPSHOT);
  if (text === undefined) return emptyState;
  const parsed = stateSchema.safeParse(snapshotWithoutFormat(knownJson(lake, SNAPSHOT, text)));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw damaged(lake, SNAPSHOT, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not a snapshot"}`);
  }
  return parsed.data;
}

async function writeSnapshot(lake: Lake, state: State): Promise<void> {
  await writeText(lake, SNAPSHOT, JSON.stringify(snapshotWithFormat(state)));
}

/**
 * Numbers of the entries that are there, from a number on. A service that doesn't know `startFrom` lists the whole log,
 * which costs requests and changes nothing.
 */
async function entryNumbers(lake: Lake, from: number): Promise<number[]> {
  const prefix = lake.blobName("log/");
  const numbers: number[] = [];
  try {
    const options = { prefix, startFrom: lake.blobName(entryPath(from)) };
    for await (const blob of lake.container.listBlobsFlat(options)) {
      const digits = /^(\d{20})\.json$/.exec(blob.name.slice(prefix.length))?.[1];
      if (digits !== undefined && Number(digits) >= from) numbers.push(Number(digits));
    }
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
  return numbers;
}

/** Keeps invariant 4. */
function knownJson(lake: Lake, path: string, text: string): unknown {
  const json = parseJson(lake, path, text);
  const format = formatIn(json);
  if (format <= KNOWN_FORMAT) return json;
  throw new Terminal(
    `The checkpoint log was written by a newer version of Kusto Copy: ${lake.url}/${path} has format ${format}, and this version knows ${KNOWN_FORMAT}.`,
    { operation: "read checkpoint log" },
    { advice: "Nothing was changed. Run the version that wrote it, or a later one." },
  );
}

function parseJson(lake: Lake, path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw damaged(lake, path, "it is not whole JSON");
  }
}

function damaged(lake: Lake, path: string, what: string): Terminal {
  return new Terminal(
    `The checkpoint log can't be read: ${lake.url}/${path}: ${what}.`,
    { operation: "read checkpoint log" },
    {
      advice:
        path === SNAPSHOT
          ? "Delete the file: it only shortens reading, and is made again from the entries."
          : "Nothing was changed. Restore the file (soft delete or versioning may hold it), or copy into a new lake folder and new tables.",
    },
  );
}

/** Whether storage says that a blob is there: 409 has other reasons too, such as an account that takes no more. */
function isTaken(error: unknown): boolean {
  return isStatus(error, 412) || (error instanceof RestError && /AlreadyExists$/.test(error.code ?? ""));
}

/** Creates a blob with its content if there is none; false where there is one. */
async function putIfAbsent(lake: Lake, path: string, text: string): Promise<boolean> {
  try {
    await lake.container.getBlockBlobClient(lake.blobName(path)).upload(text, Buffer.byteLength(text), {
      conditions: { ifNoneMatch: "*" },
      blobHTTPHeaders: { blobContentType: "application/json" },
    });
    return true;
  } catch (error) {
    if (isTaken(error)) return false;
    throw error;
  }
}
