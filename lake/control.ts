import { randomBytes } from "node:crypto";
import type { z } from "zod";
import {
  type Control,
  type ResyncRequest,
  resyncFileSchema,
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
 * stays, as one does that a run has taken in.
 */
export async function askFor(lake: Lake, wanted: Wanted, by: string): Promise<void> {
  await changeWanted(lake, (before) => {
    const startOver = before?.startOver;
    const asked = { wanted, at: new Date().toISOString(), by };
    return { ...asked, ...(startOver === undefined ? {} : { startOver }) };
  });
}

/**
 * Asks the copy to run, and to copy tables whole once more before all else, in one write: a crash leaves both asked for or
 * neither. Asked for again while it waits it is the same request. `taken`: the requests that the log has taken in.
 */
export async function askStartOver(
  lake: Lake,
  tables: readonly string[],
  by: string,
  taken: readonly string[],
): Promise<void> {
  await changeWanted(lake, (before) => {
    const waiting = waitingStartOver(before ?? {}, { resyncs: taken });
    const id = waiting?.id ?? newId();
    const at = new Date().toISOString();
    return { wanted: "run", at, by, startOver: { id, tables: [...tables], at, by } };
  });
}

/** How often a change of the file is tried that others change at the same moment. */
const CHANGES = 5;

/** Writes what is asked for after what is there: of two that ask at the same moment, the later one knows of the other. */
async function changeWanted(
  lake: Lake,
  change: (before: WantedFile | undefined) => WantedFile | undefined,
): Promise<void> {
  for (let left = CHANGES; ; left--) {
    const { text, condition } = await readForChange(lake, WANTED);
    // A file that can't be read is replaced by what is asked for: that is how it is mended.
    const before = text === undefined ? undefined : jsonOf(text, wantedFileSchema);
    const after = change(before);
    if (after === undefined) return;
    try {
      const file = JSON.stringify(wantedFileSchema.parse(after));
      return await writeText(lake, WANTED, file, { conditions: condition });
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

/** Removes a request that the log has taken in; gone already is well. */
export async function forgetResync(lake: Lake, { id, days }: ResyncRequest): Promise<void> {
  // Requests for days had the name of those for whole tables before.
  for (const path of new Set([resyncPath({ id, days }), resyncPath({ id })]))
    await lake.container.getBlockBlobClient(lake.blobName(path)).deleteIfExists();
  await changeWanted(lake, (before) => {
    if (before?.startOver?.id !== id) return undefined;
    const { startOver: _, ...rest } = before;
    return rest;
  });
}

/** A build that knows no days would copy the tables whole: it passes over what has another name than such a request. */
function resyncPath({ id, days }: Pick<ResyncRequest, "id" | "days">): string {
  return `${RESYNC}/${id}${days === undefined ? "" : ".days"}.json`;
}

function newId(): string {
  return randomBytes(8).toString("hex");
}

async function readResyncs(lake: Lake): Promise<ResyncRequest[]> {
  const prefix = lake.blobName(`${RESYNC}/`);
  const found: ResyncRequest[] = [];
  try {
    for await (const blob of lake.container.listBlobsFlat({ prefix })) {
      const [name, id] = /^([0-9a-f]{16})(?:\.days)?\.json$/.exec(blob.name.slice(prefix.length)) ?? [];
      if (name === undefined || id === undefined) continue;
      const path = `${RESYNC}/${name}`;
      const text = await readText(lake, path);
      // Another look has taken it in meanwhile.
      if (text === undefined) continue;
      const { tables, days } = parsed(lake, path, text, resyncFileSchema);
      found.push({ id, tables, ...(days === undefined ? {} : { days }) });
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
