import { dropTables } from "../../kusto/commands/schema.ts";
import { takeTagsOff } from "../../kusto/extentTags.ts";
import { createdRange } from "../../kusto/moves.ts";
import { readExtents, readTables } from "../../kusto/reads.ts";
import { isOutOfReach } from "../../lake/failure.ts";
import type { Lake } from "../../lake/lake.ts";
import { readStateOfRun } from "../../lake/log.ts";
import { deleteFolder, subfolders } from "../../lake/stagedFiles.ts";
import type { OpenIteration, State } from "../../model/checkpoint/state.ts";
import { type Sweep, sweepOf } from "../../model/checkpoint/sweep.ts";
import { windowsOf } from "../../model/checkpoint/windows.ts";
import { chunked } from "../../model/chunked.ts";
import type { Job } from "../../model/job.ts";
import { attemptTagsStart, iterationFolder, STAGED_FOLDER } from "../../model/naming.ts";
import { TICKS_PER_DAY, ticksFromIso, ticksFromMs } from "../../model/ticks.ts";
import type { Answer, CleanedUp, IterationInput } from "../contract.ts";
import { clientsOf, type JobClients } from "../environment.ts";
import { lakeOf, stagingLakes } from "../lakes.ts";
import { answer } from "../outcome.ts";
import { eachTried, type Leftovers, noLeftovers } from "./leftovers.ts";

const TABLES_PER_COMMAND = 100;

/** Staging tables that are named where some could not be dropped: they are found again by listing. */
const NAMED = 5;

/**
 * Removes what a committed iteration left, the attempts' tags, and what runs no newer than this one left of iterations
 * that are not open any more: their staging tables, those that a late ingestion created again included, and their
 * staged files. Only a run that has just written to the log comes here, and it touches nothing of other copies.
 *
 * Invariants:
 * 1. Tags, staging tables and files of each lake are removed each for itself, and of tags each table: what one is refused keeps no
 *    other back.
 * 2. What stays is answered with its reason, of iterations before too: the log keeps the names of tables whose tags stay, and all
 *    else is found by listing.
 */
export function cleanUp({ job, run, next, iteration }: IterationInput): Promise<Answer<CleanedUp>> {
  return answer(async () => {
    const clients = clientsOf(job);
    const state = await readStateOfRun(clients.lake, run, next);
    const done = state.toClean.find((each) => each.iteration === iteration);
    const sweep = sweepOf(state, run, iteration);
    const left = noLeftovers();
    await cleanDestination(clients, job, { state, done, sweep, left });
    await cleanLakes(job, run, { state, done, sweep, left });
    return { left: left.list() };
  });
}

interface CleanUp {
  readonly state: State;
  /** The iteration, where nobody has cleaned up after it. */
  readonly done: OpenIteration | undefined;
  readonly sweep: Sweep;
  readonly left: Leftovers;
}

async function cleanDestination(clients: JobClients, job: Job, work: CleanUp): Promise<void> {
  const { state, done, sweep, left } = work;
  const { destination } = clients;
  const database = job.destination.database;
  let names: string[] = [];
  const unseen = await eachTried([database], async () => {
    names = (await readTables(destination, database)).map((table) => table.name);
  });
  const noted = (state.left ?? []).flatMap((each) => (each.part === "tags" ? (each.tables ?? []) : []));
  const tagged = [...new Set([...noted, ...(done === undefined ? [] : taggedTables(done))])];
  if (unseen !== undefined) {
    if (tagged.length > 0) left.add({ part: "tags", tables: tagged, reason: unseen.reason });
    left.add({ part: "staging", reason: unseen.reason });
    return;
  }
  const there = new Set(names);
  const tags = await eachTried(
    tagged.filter((table) => there.has(table)),
    async (table) => {
      if (noted.includes(table)) await dropTagsFound(clients, database, table, work);
      else if (done !== undefined) await dropTagsOf(clients, database, table, done);
    },
  );
  if (tags !== undefined) left.add({ part: "tags", tables: [...tags.left], reason: tags.reason });
  const drop = (some: readonly string[]) =>
    destination.command(database, dropTables(some), { idempotent: true }).then(() => undefined);
  let staging = await eachTried(chunked(names.filter(sweep.isLeft), TABLES_PER_COMMAND), drop);
  // One that is refused keeps those that go with it.
  if (staging !== undefined) staging = await eachTried(chunked(staging.left.flat(), 1), drop);
  if (staging !== undefined)
    left.add({ part: "staging", tables: staging.left.flat().slice(0, NAMED), reason: staging.reason });
}

async function cleanLakes(job: Job, run: number, { state, done, sweep, left }: CleanUp): Promise<void> {
  const own = state.copyId === undefined ? [] : stagingLakes(job, state.copyId);
  for (const lake of own) {
    const files = await deleteStagedFiles(() => lake, run, sweep);
    if (files !== undefined) left.add({ part: "files", lake: lake.url, reason: files.reason });
  }
  for (const url of formerLakes(state, done, own)) {
    const files = await deleteStagedFiles(() => lakeOf(url), run, sweep);
    // What lies out of reach is left to who owns the lake: it would be tried, and told, for ever.
    if (files !== undefined && !isOutOfReach(files.error))
      left.add({ part: "files", lake: url, reason: files.reason });
  }
}

/** URLs of the lakes that the iteration's files went to, or that files were left in, and that the job has no more. */
function formerLakes(state: State, done: OpenIteration | undefined, own: readonly Lake[]): Set<string> {
  const noted = Object.values(done?.windows ?? {}).flatMap((window) => window.lake ?? []);
  const left = (state.left ?? []).flatMap((each) => each.lake ?? []);
  return new Set([...noted, ...left].filter((url) => !own.some((lake) => lake.url === url)));
}

async function deleteStagedFiles(open: () => Lake, run: number, { isOver }: Sweep) {
  const folders: { lake: Lake; folder: string }[] = [];
  const unseen = await eachTried([open], async () => {
    const lake = open();
    for (const folder of await foldersLeft(lake, run, isOver)) folders.push({ lake, folder });
  });
  return unseen ?? (await eachTried(folders, ({ lake, folder }) => deleteFolder(lake, folder)));
}

/** Folders of a lake whose staged files are over. */
async function foldersLeft(
  lake: Lake,
  run: number,
  isOver: (iteration: number) => boolean,
): Promise<string[]> {
  const found: string[] = [];
  for (const folder of await subfolders(lake, STAGED_FOLDER)) {
    const owner = Number(folder);
    if (!/^\d+$/.test(folder) || owner > run) continue;
    const iterations = await subfolders(lake, `${STAGED_FOLDER}/${folder}`);
    const over = iterations.filter((each) => isOver(Number(each)));
    // An older run writes no more, so its whole folder can go; this run's stays for what comes next.
    if (over.length === iterations.length && owner < run) found.push(`${STAGED_FOLDER}/${folder}`);
    else found.push(...over.map((each) => iterationFolder(owner, Number(each))));
  }
  return found;
}

/** Tables of an iteration that attempts' tags came to with its windows. */
function taggedTables(done: OpenIteration): string[] {
  return done.tables.flatMap((table, t) => (tagsOf(done, t).length > 0 ? [table.name] : []));
}

function tagsOf(done: OpenIteration, table: number): string[] {
  return windowsOf(done, table).flatMap((window) => (window.stage === "promoted" ? (window.tag ?? []) : []));
}

/** Merges may have joined the extents with others since, so the bounds reach from the oldest copied one to now. */
async function dropTagsOf(
  { destination }: JobClients,
  database: string,
  table: string,
  done: OpenIteration,
): Promise<void> {
  const t = done.tables.findIndex((each) => each.name === table);
  const windows = windowsOf(done, t);
  const created = windows.flatMap((window) => window.created ?? []).toSorted();
  const everyKnown = windows.every((window) => window.created !== undefined || window.rows === 0);
  const createdFrom = everyKnown && created[0] !== undefined ? ticksFromIso(created[0]) - TICKS_PER_DAY : 0n;
  const createdTo = ticksFromMs(Date.now()) + TICKS_PER_DAY;
  await takeTagsOff(destination, database, { table, tags: tagsOf(done, t), createdFrom, createdTo });
}

/** What clean-ups before could not take off a table is found on its extents, whichever iterations it is of. */
async function dropTagsFound(
  { destination }: JobClients,
  database: string,
  table: string,
  { state, sweep }: CleanUp,
): Promise<void> {
  if (state.copyId === undefined) return;
  const tagPart = attemptTagsStart(state.copyId);
  const extents = await readExtents(destination, database, [table], { tagPart });
  const tags = [...new Set(extents.flatMap((extent) => extent.Tags.filter(sweep.isLeftTag)))];
  if (tags.length > 0) await takeTagsOff(destination, database, { table, tags, ...createdRange(extents) });
}
