import { randomBytes } from "node:crypto";
import type { z } from "zod";
import {
  type Control,
  type ResyncRequest,
  resyncFileSchema,
  type StartOver,
  type Wanted,
  type WantedFile,
  waitingStartOver,
  wantedFileSchema,
} from "../model/control.ts";
import { Terminal } from "../model/errors.ts";
import { isStatus, readForChange, readText, writeText } from "./files.ts";
import type { Lake } from "./lake.ts";

const WANTED = "control/wanted.json";
const RESYNC = "control/resync";

/**
 * What is asked of the copy in a lake folder. Throws Terminal for a file of it that can't be read, naming it: a pause
 * that is not understood must not be run over.
 */
export async function readControl(lake: Lake): Promise<Control> {
  const [text, resyncs] = await Promise.all([readText(lake, WANTED), readResyncs(lake)]);
  if (text === undefined) return { wanted: "run", resyncs };
  const { wanted, at, by, startOver } = parsed(lake, WANTED, text, wantedFileSchema);
  const asked = { wanted, asked: { at, by } };
  if (startOver === undefined) return { ...asked, resyncs };
  const { id, tables } = startOver;
  return { ...asked, resyncs: [{ id, tables }, ...resyncs], startOver };
}

/**
 * Asks the copy to pause, to cancel, or to run (again). A run sees it at its next look. A request to start over that waits
 * stays, but for a cancellation, which withdraws it. Answers that request, as it stood in the file before.
 */
export async function askFor(lake: Lake, wanted: Wanted, by: string): Promise<StartOver | undefined> {
  const before = await changeWanted(lake, (found) => {
    const startOver = wanted === "cancel" ? undefined : found?.startOver;
    const asked = { wanted, at: new Date().toISOString(), by };
    return { ...asked, ...(startOver === undefined ? {} : { startOver }) };
  });
  return before?.startOver;
}

/**
 * Asks the copy to run, and to copy tables whole once more before all else, in one write: a crash leaves both asked for or
 * neither. Asked for again while it waits it is the same request. Of no tables nothing is asked but to run. `taken`: the requests
 * that the log has taken in.
 */
export async function askStartOver(
  lake: Lake,
  tables: readonly string[],
  by: string,
  taken: readonly string[],
): Promise<void> {
  if (tables.length === 0) {
    await askFor(lake, "run", by);
    return;
  }
  await changeWanted(lake, (before) => {
    const waiting = waitingStartOver(before ?? {}, { resyncs: taken });
    const id = waiting?.id ?? newId();
    const at = new Date().toISOString();
    return { wanted: "run", at, by, startOver: { id, tables: [...tables], at, by } };
  });
}

/** How often a change of the file is tried that others change at the same moment. */
const CHANGES = 5;

/**
 * Writes what is asked for after what is there: of two that ask at the same moment, the later one knows of the other. Answers
 * what was there.
 */
async function changeWanted(
  lake: Lake,
  change: (before: WantedFile | undefined) => WantedFile | undefined,
): Promise<WantedFile | undefined> {
  for (let left = CHANGES; ; left--) {
    const { text, condition } = await readForChange(lake, WANTED);
    // A file that can't be read is replaced by what is asked for: that is how it is mended.
    const before = text === undefined ? undefined : jsonOf(text, wantedFileSchema);
    const after = change(before);
    if (after === undefined) return before;
    try {
      const file = JSON.stringify(wantedFileSchema.parse(after));
      await writeText(lake, WANTED, file, { conditions: condition });
      return before;
    } catch (error) {
      if (left <= 1 || !(isStatus(error, 412) || isStatus(error, 409))) throw error;
    }
  }
}

/** Asks for tables to be copied once more, whole or only days of them. Answers the request's id. */
export async function askResync(
  lake: Lake,
  tables: readonly string[],
  by: string,
  days?: readonly string[],
): Promise<string> {
  const id = newId();
  const asked = { tables: [...tables], ...(days === undefined ? {} : { days: [...days] }) };
  const file = resyncFileSchema.parse({ ...asked, at: new Date().toISOString(), by });
  await writeText(lake, resyncPath({ id, days }), JSON.stringify(file));
  return id;
}

/**
 * Removes the requests that the log has taken in, those too of which an earlier try failed; gone already is well. Each is tried,
 * and then the first failure thrown: under a policy that keeps blobs they stay, and the log tells that they were taken in.
 */
export async function forgetTaken(lake: Lake, taken: readonly string[]): Promise<void> {
  const ids = new Set(taken);
  const startOver = changeWanted(lake, (before) => {
    if (before?.startOver === undefined || !ids.has(before.startOver.id)) return undefined;
    const { startOver: _, ...rest } = before;
    return rest;
  });
  const files = requestFiles(lake).then(async (found) => {
    const own = found.filter(({ id }) => ids.has(id)).map(({ path }) => lake.blobName(path));
    await allTried(own.map((name) => lake.container.getBlockBlobClient(name).deleteIfExists()));
  });
  await allTried([startOver, files]);
}

/** Waits for all of them, and throws what failed first in their order. */
async function allTried(tries: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(tries)).find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** A build that knows no days would copy the tables whole: it passes over what has another name than such a request. */
function resyncPath({ id, days }: Pick<ResyncRequest, "id" | "days">): string {
  return `${RESYNC}/${id}${days === undefined ? "" : ".days"}.json`;
}

function newId(): string {
  return randomBytes(8).toString("hex");
}

async function readResyncs(lake: Lake): Promise<ResyncRequest[]> {
  const found: ResyncRequest[] = [];
  for (const { id, path } of await requestFiles(lake)) {
    const text = await readText(lake, path);
    // Another look has taken it in meanwhile.
    if (text === undefined) continue;
    const { tables, days } = parsed(lake, path, text, resyncFileSchema);
    found.push({ id, tables, ...(days === undefined ? {} : { days }) });
  }
  return found;
}

/** The files of requests. Those for days had the name of those for whole tables once. */
async function requestFiles(lake: Lake): Promise<{ readonly id: string; readonly path: string }[]> {
  const prefix = lake.blobName(`${RESYNC}/`);
  const found: { id: string; path: string }[] = [];
  try {
    for await (const blob of lake.container.listBlobsFlat({ prefix })) {
      const [name, id] = /^([0-9a-f]{16})(?:\.days)?\.json$/.exec(blob.name.slice(prefix.length)) ?? [];
      if (name !== undefined && id !== undefined) found.push({ id, path: `${RESYNC}/${name}` });
    }
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
  return found;
}

function parsed<T extends z.ZodType>(lake: Lake, path: string, text: string, schema: T): z.infer<T> {
  const read = jsonOf(text, schema);
  if (read !== undefined) return read;
  throw new Terminal(
    `What is asked of the copy can't be read: ${lake.url}/${path} is not what it should be.`,
    { operation: "read control" },
    { advice: "Delete the file, and ask again by kusto-copy pause, resume, cancel or resync." },
  );
}

function jsonOf<T extends z.ZodType>(text: string, schema: T): z.infer<T> | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
