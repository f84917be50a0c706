import { dropExtentTags } from "../kusto/commands/extents.ts";
import { dropTables } from "../kusto/commands/schema.ts";
import { createdRange } from "../kusto/moves.ts";
import { readExtents, readTables } from "../kusto/reads.ts";
import { readStateOfRun } from "../lake/log.ts";
import { deleteFolder, subfolders } from "../lake/stagedFiles.ts";
import { chunked } from "../model/chunked.ts";
import { iterationFolder, STAGED_FOLDER, stagingOwner } from "../model/naming.ts";
import type { Answer, IterationInput } from "./contract.ts";
import { clientsOf } from "./environment.ts";
import { answer } from "./outcome.ts";

const TAGS_PER_COMMAND = 200;
const TABLES_PER_COMMAND = 100;

/**
 * Removes what a committed iteration left: the attempts' tags, the staging tables and the staged files of runs no newer
 * than this one. Only a run that is not stale comes here, and it touches nothing of other copies.
 */
export function cleanUp({ job, run, next, iteration }: IterationInput): Promise<Answer<object>> {
  return answer(async () => {
    const { lake, destination } = clientsOf(job);
    const state = await readStateOfRun(lake, run, next);
    const database = job.destination.database;
    const done = state.toClean.find((each) => each.iteration === iteration);
    const tables = await readTables(destination, database);
    for (const [t, table] of (done?.tables ?? []).entries()) {
      if (!tables.some((each) => each.name === table.name)) continue;
      const tags = table.windows.flatMap((_, w) => done?.windows[`${iteration}.${t}.${w}`]?.tag ?? []);
      await dropTags(destination, database, table.name, tags);
    }
    const staging = tables
      .map((table) => table.name)
      .filter((name) => {
        const owner = stagingOwner(name);
        return (
          owner !== undefined &&
          owner.copyId === state.copyId &&
          owner.run <= run &&
          owner.iteration === iteration
        );
      });
    for (const names of chunked(staging, TABLES_PER_COMMAND)) {
      await destination.command(database, dropTables(names), { idempotent: true });
    }
    for (const folder of await subfolders(lake, STAGED_FOLDER)) {
      if (/^\d+$/.test(folder) && Number(folder) <= run)
        await deleteFolder(lake, iterationFolder(Number(folder), iteration));
    }
    return {};
  });
}

type Destination = ReturnType<typeof clientsOf>["destination"];

async function dropTags(
  destination: Destination,
  database: string,
  table: string,
  tags: readonly string[],
): Promise<void> {
  for (const some of chunked(tags, TAGS_PER_COMMAND)) {
    const wanted = new Set(some);
    const extents = (await readExtents(destination, database, [table], {})).filter((extent) =>
      extent.Tags.some((tag) => wanted.has(tag)),
    );
    if (extents.length === 0) continue;
    await destination.command(database, dropExtentTags(table, some, createdRange(extents)), {
      idempotent: true,
      context: { table },
    });
  }
}
