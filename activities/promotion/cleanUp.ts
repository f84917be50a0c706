import { dropExtentTags } from "../../kusto/commands/extents.ts";
import { dropTables } from "../../kusto/commands/schema.ts";
import { readTables } from "../../kusto/reads.ts";
import { isOutOfReach } from "../../lake/failure.ts";
import type { Lake } from "../../lake/lake.ts";
import { readStateOfRun } from "../../lake/log.ts";
import { deleteFolder, subfolders } from "../../lake/stagedFiles.ts";
import type { OpenIteration } from "../../model/checkpoint/state.ts";
import { sweepOf } from "../../model/checkpoint/sweep.ts";
import { windowsOf } from "../../model/checkpoint/windows.ts";
import { chunked } from "../../model/chunked.ts";
import { iterationFolder, STAGED_FOLDER } from "../../model/naming.ts";
import { TICKS_PER_DAY, ticksFromIso, ticksFromMs } from "../../model/ticks.ts";
import type { Answer, IterationInput } from "../contract.ts";
import { clientsOf, type JobClients } from "../environment.ts";
import { lakeOf, stagingLakes } from "../lakes.ts";
import { answer } from "../outcome.ts";

const TAGS_PER_COMMAND = 200;
const TABLES_PER_COMMAND = 100;

/**
 * Removes what a committed iteration left, the attempts' tags, and what runs no newer than this one left of iterations
 * that are not open any more: their staging tables, those that a late ingestion created again included, and their
 * staged files. Only a run that has just written to the log comes here, and it touches nothing of other copies.
 */
export function cleanUp({ job, run, next, iteration }: IterationInput): Promise<Answer<object>> {
  return answer(async () => {
    const clients = clientsOf(job);
    const state = await readStateOfRun(clients.lake, run, next);
    const database = job.destination.database;
    const tables = (await readTables(clients.destination, database)).map((table) => table.name);
    const done = state.toClean.find((each) => each.iteration === iteration);
    if (done) await dropAttemptTags(clients, database, done, new Set(tables));
    const { isOver, isLeft } = sweepOf(state, run, iteration);
    const staging = tables.filter(isLeft);
    for (const names of chunked(staging, TABLES_PER_COMMAND)) {
      await clients.destination.command(database, dropTables(names), { idempotent: true });
    }
    const own = state.copyId === undefined ? [] : stagingLakes(job, state.copyId);
    for (const lake of own) await deleteStagedFiles(lake, run, isOver);
    for (const url of formerLakes(done, own)) {
      try {
        await deleteStagedFiles(lakeOf(url), run, isOver);
      } catch (error) {
        // What lies there is left to who owns the lake: a clean-up that can never end would be begun at each run.
        if (!isOutOfReach(error)) throw error;
      }
    }
    return {};
  });
}

/** URLs of the lakes that the iteration's files went to, and that the job has no more. */
function formerLakes(done: OpenIteration | undefined, own: readonly Lake[]): Set<string> {
  const noted = Object.values(done?.windows ?? {}).flatMap((window) => window.lake ?? []);
  return new Set(noted.filter((url) => !own.some((lake) => lake.url === url)));
}

async function deleteStagedFiles(
  lake: Lake,
  run: number,
  isOver: (iteration: number) => boolean,
): Promise<void> {
  for (const folder of await subfolders(lake, STAGED_FOLDER)) {
    const owner = Number(folder);
    if (!/^\d+$/.test(folder) || owner > run) continue;
    const iterations = await subfolders(lake, `${STAGED_FOLDER}/${folder}`);
    const left = iterations.filter((each) => !isOver(Number(each)));
    // An older run writes no more, so its whole folder can go; this run's stays for what comes next.
    if (left.length === 0 && owner < run) await deleteFolder(lake, `${STAGED_FOLDER}/${folder}`);
    else {
      for (const each of iterations.filter((one) => !left.includes(one))) {
        await deleteFolder(lake, iterationFolder(owner, Number(each)));
      }
    }
  }
}

/** Merges may have joined the extents with others since, so the bounds reach from the oldest copied one to now. */
async function dropAttemptTags(
  { destination }: JobClients,
  database: string,
  done: OpenIteration,
  there: ReadonlySet<string>,
): Promise<void> {
  for (const [t, table] of done.tables.entries()) {
    const windows = windowsOf(done, t);
    const tags = windows.flatMap((window) => (window.stage === "promoted" ? (window.tag ?? []) : []));
    if (tags.length === 0 || !there.has(table.name)) continue;
    const created = windows.flatMap((window) => window.created ?? []).toSorted();
    const everyKnown = windows.every((window) => window.created !== undefined || window.rows === 0);
    const createdFrom =
      everyKnown && created[0] !== undefined ? ticksFromIso(created[0]) - TICKS_PER_DAY : 0n;
    const createdTo = ticksFromMs(Date.now()) + TICKS_PER_DAY;
    for (const some of chunked(tags, TAGS_PER_COMMAND)) {
      await destination.command(database, dropExtentTags(table.name, some, { createdFrom, createdTo }), {
        idempotent: true,
        context: { table: table.name },
      });
    }
  }
}
