import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import { compareRows } from "./rows.ts";
import type { Stage } from "./stage.ts";
import { type SmallCopy, VARIANTS } from "./variants.ts";

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
 * became of the one before. Answers the last one's id, and what is wrong: where it never does, where it shows meanwhile what is no whole step of the
 * copy, or where the status is silent about what failed. `changed`: what the second iteration brings is there.
 */
export async function copyUntilEqual(
  stage: Stage,
  copy: SmallCopy,
  changed: boolean,
): Promise<{ readonly problems: string[]; readonly id: string }> {
  const problems: string[] = [];
  let last = { id: "", ended: "" };
  let different: readonly string[] = [];
  for (let iteration = 1; iteration <= ITERATIONS; iteration++) {
    if (iteration === CALM_FROM) stage.director.disarm(copy.place);
    last = await oneIteration(stage, copy);
    const { id, ended } = last;
    const { differing, wrong } = await compareRows(stage, copy, changed);
    if (ended === "Completed" && differing.length === 0) return { problems, id };
    different = differing;
    problems.push(...wrong.map((what) => `after iteration ${iteration}, which ended ${ended}: ${what}`));
    const silences = await stage.director.unseen(copy.place, () => silencesOf(stage, copy, id));
    problems.push(
      ...silences.map(
        (what) => `iteration ${iteration} ended ${ended}, and ${[what, ...differing].join("; ")}`,
      ),
    );
  }
  problems.push(`not equal after ${ITERATIONS} iterations: the last ended ${last.ended}`, ...different);
  return { problems, id: last.id };
}

const viewSchema = z.object({
  error: z.string().nullable(),
  tables: z.array(z.object({ name: z.string(), error: z.string().nullable() })),
});

/** What the status of a copy that brought less than everything doesn't say. */
async function silencesOf(stage: Stage, copy: SmallCopy, id: string): Promise<string[]> {
  try {
    const answer = await fetch(`${await stage.app()}/api/copies/${encodeURIComponent(id)}`);
    // Its task hub has been lost since, and the id with it.
    if (answer.status === 404) return [];
    return silencesIn(viewSchema.parse(await answer.json()), copy);
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError) throw error;
    return [];
  }
}

/** What its reasons don't say: where it happened, or of which table; and of a table that is stopped, what is to be done. */
function silencesIn({ error, tables }: z.infer<typeof viewSchema>, { folder }: SmallCopy): string[] {
  const reasons = tables.flatMap((table) => (table.error === null ? [] : [table.error]));
  // That tables failed is no reason: they have theirs.
  if (error !== null && !/ could not be copied: [^ ]*\.$/.test(error)) reasons.push(error);
  if (reasons.length === 0) return ["the status gives no reason"];
  return reasons.flatMap((reason) => {
    // Tables and the lake folder are named by it.
    const isPlaced = reason.includes(folder) || /\boperation \S/.test(reason);
    if (!isPlaced) return [`the status doesn't say where: ${reason}`];
    const isAdvised = !/\btable is stopped\b/i.test(reason) || reason.includes("resynchronise it");
    return isAdvised ? [] : [`the status doesn't say what to do about a table that is stopped: ${reason}`];
  });
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
