import { randomBytes } from "node:crypto";
import type { z } from "zod";
import {
  type Control,
  type ResyncRequest,
  resyncFileSchema,
  type Wanted,
  wantedFileSchema,
} from "../model/control.ts";
import { Terminal } from "../model/errors.ts";
import { isStatus, readText, writeText } from "./files.ts";
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
  const { wanted, at, by } = parsed(lake, WANTED, text, wantedFileSchema);
  return { wanted, asked: { at, by }, resyncs };
}

/** Asks the copy to pause, to cancel, or to run (again). A run sees it at its next look. */
export async function askFor(lake: Lake, wanted: Wanted, by: string): Promise<void> {
  await writeText(lake, WANTED, JSON.stringify({ wanted, at: new Date().toISOString(), by }));
}

/** Asks for tables to be copied once more, whole or only days of them. Answers the request's id. */
export async function askResync(
  lake: Lake,
  tables: readonly string[],
  by: string,
  days?: readonly string[],
): Promise<string> {
  const id = randomBytes(8).toString("hex");
  const asked = { tables: [...tables], ...(days === undefined ? {} : { days: [...days] }) };
  const file = resyncFileSchema.parse({ ...asked, at: new Date().toISOString(), by });
  await writeText(lake, `${RESYNC}/${id}.json`, JSON.stringify(file));
  return id;
}

/** Removes a request that the log has taken in; gone already is well. */
export async function forgetResync(lake: Lake, id: string): Promise<void> {
  await lake.container.getBlockBlobClient(lake.blobName(`${RESYNC}/${id}.json`)).deleteIfExists();
}

async function readResyncs(lake: Lake): Promise<ResyncRequest[]> {
  const prefix = lake.blobName(`${RESYNC}/`);
  const found: ResyncRequest[] = [];
  try {
    for await (const blob of lake.container.listBlobsFlat({ prefix })) {
      const id = /^([0-9a-f]{16})\.json$/.exec(blob.name.slice(prefix.length))?.[1];
      if (id === undefined) continue;
      const path = `${RESYNC}/${id}.json`;
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
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  throw new Terminal(
    `What is asked of the copy can't be read: ${lake.url}/${path} is not what it should be.`,
    { operation: "read control" },
    { advice: "Delete the file, and ask again by kusto-copy pause, resume, cancel or resync." },
  );
}
