import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { KustoClient } from "../../kusto/client.ts";
import { tableExists } from "../../kusto/reads.ts";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import type { Stage } from "./stage.ts";
import { type SmallCopy, TABLES, VARIANTS } from "./variants.ts";

function bodyOf(stage: Stage, { place, folder, variant }: SmallCopy): object {
  const { ingestion, visibility } = VARIANTS[variant];
  return {
    source: { database: place },
    destination: { database: place },
    lake: `${stage.proxy.urls.lake}/${storageAccount.name}/copy/${folder}`,
    tables: { snapshot: [`${folder}Names`] },
    ingestion,
    visibility,
  };
}

/** How often a copy is asked for again once it has ended without being whole: the next iterations of its RPO. */
const ITERATIONS = 6;
/** From which iteration on nothing strikes any more. */
const CALM_FROM = 4;
/** How long one may take, milliseconds: its own steps give up long before. */
const PATIENCE_MS = 600_000;

/**
 * Copies until the destination holds what the source holds, as the timer would: an iteration after the other, whatever
 * became of the one before. Answers what is wrong: where it never does, or where the status is silent about what failed.
 */
export async function copyUntilEqual(stage: Stage, copy: SmallCopy): Promise<string[]> {
  const problems: string[] = [];
  let last = "";
  for (let iteration = 1; iteration <= ITERATIONS; iteration++) {
    if (iteration === CALM_FROM) stage.director.disarm(copy.place);
    const { id, ended } = await oneIteration(stage, copy);
    last = ended;
    const different = ended === "Completed" ? await differences(stage, copy) : [];
    if (ended === "Completed" && different.length === 0) return problems;
    const silent = await stage.director.unseen(copy.place, () => isSilent(stage, id));
    if (silent)
      problems.push(
        [`the status gives no reason why iteration ${iteration} ended ${ended}`, ...different].join("; "),
      );
  }
  problems.push(`not equal after ${ITERATIONS} iterations: the last ended ${last}`);
  return [...problems, ...(await differences(stage, copy))];
}

/** The tables that don't hold the same rows at both ends, each as often. Read as they are: a comparison by hash costs more than the copy. */
async function differences(stage: Stage, { place, folder }: SmallCopy): Promise<string[]> {
  const found = TABLES.map(async (table) => {
    const name = `${folder}${table}`;
    const [from, to] = await Promise.all([
      rowsOf(stage.source, place, name),
      rowsOf(stage.destination, place, name),
    ]);
    if (from.join() === to.join()) return [];
    return [`${name} has ${to.length} rows, the source ${from.length}, and they are not the same`];
  });
  return (await Promise.all(found)).flat();
}

async function rowsOf(client: KustoClient, database: string, table: string): Promise<string[]> {
  if (!(await tableExists(client, database, table))) return [];
  const rows = await client.query(database, `['${table}']`);
  return rows.map(({ Id, Text }) => `${String(Id)} ${String(Text)}`).toSorted();
}

const viewSchema = z.object({
  error: z.string().nullable(),
  tables: z.array(z.object({ error: z.string().nullable() })),
});

/** Whether the status of a copy that brought less than everything doesn't say why. */
async function isSilent(stage: Stage, id: string): Promise<boolean> {
  try {
    const answer = await fetch(`${await stage.app()}/api/copies/${encodeURIComponent(id)}`);
    // Its task hub has been lost since, and the id with it.
    if (answer.status === 404) return false;
    const { error, tables } = viewSchema.parse(await answer.json());
    return error === null && tables.every((table) => table.error === null);
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError) throw error;
    return false;
  }
}

const startedSchema = z.object({ id: z.string() });
const instanceSchema = z.object({ runtimeStatus: z.string(), output: z.unknown() });

/** Asks for an iteration and follows it to its end, also over restarts of the app. Answers how it ended. */
async function oneIteration(stage: Stage, copy: SmallCopy): Promise<{ id: string; ended: string }> {
  const end = Date.now() + PATIENCE_MS;
  let id: string | undefined;
  while (Date.now() < end) {
    try {
      const app = await stage.app();
      if (id === undefined) id = await begin(app, stage, copy);
      else {
        const status = await statusOf(app, id);
        // Its task hub is lost: the log knows what it did.
        if (status === undefined) id = undefined;
        else if (status !== "Running" && status !== "Pending") return { id, ended: status };
      }
    } catch (error) {
      // The app is being killed, or the request was cut: it is asked again.
      if (error instanceof z.ZodError || error instanceof SyntaxError) throw error;
    }
    await sleep(100);
  }
  return { id: id ?? "", ended: `not at all: after ${PATIENCE_MS / 1000} s it was still running` };
}

/** Id of the copy that was started, or of the one that is at work; undefined where it could not be started now. */
async function begin(app: string, stage: Stage, copy: SmallCopy): Promise<string | undefined> {
  const body = JSON.stringify(bodyOf(stage, copy));
  const answer = await fetch(`${app}/api/copies`, { method: "POST", body });
  const text = await answer.text();
  if (answer.status === 202 || answer.status === 409) return startedSchema.parse(JSON.parse(text)).id;
  if (answer.status === 400) throw new SyntaxError(`POST /api/copies answered 400: ${text}`);
  return undefined;
}

async function statusOf(app: string, id: string): Promise<string | undefined> {
  const answer = await fetch(`${app}/runtime/webhooks/durabletask/instances/${encodeURIComponent(id)}`);
  const text = await answer.text();
  if (answer.status === 404) return undefined;
  const { runtimeStatus, output } = instanceSchema.parse(JSON.parse(text));
  return runtimeStatus === "Failed" ? `Failed: ${JSON.stringify(output).slice(0, 500)}` : runtimeStatus;
}
