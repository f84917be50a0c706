import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { databasesFrom } from "../engine/persistence.ts";
import type { DatabaseState } from "../engine/state.ts";

const databaseAnswer = z.object({
  etag: z.string(),
  entries: z.array(z.tuple([z.string(), z.string()])).optional(),
});

/** Thrown where the leader has no longer what it told of a moment before. */
export class GoneAtLeader extends Error {}

async function ask(url: URL): Promise<Response> {
  const response = await fetch(url);
  if (response.status === 404) throw new GoneAtLeader(await response.text());
  if (!response.ok) throw new Error(`${url.origin} answered ${response.status}: ${await response.text()}`);
  return response;
}

export async function leaderDatabases(leader: string): Promise<string[]> {
  const response = await ask(new URL("/local/leader/databases", leader));
  return z.array(z.string()).parse(await response.json());
}

/** The leader's database without its rows; undefined where it is still the one that the etag names. */
export async function leaderDatabase(
  leader: string,
  name: string,
  etag: string | undefined,
): Promise<{ etag: string; database: DatabaseState } | undefined> {
  const url = new URL("/local/leader/database", leader);
  url.searchParams.set("name", name);
  if (etag !== undefined) url.searchParams.set("etag", etag);
  const answer = databaseAnswer.parse(await (await ask(url)).json());
  if (answer.entries === undefined) return undefined;
  const [database] = databasesFrom(answer.entries).values();
  if (database === undefined) throw new Error(`${leader} told nothing of database '${name}'`);
  return { etag: answer.etag, database };
}

/** Puts the rows of one of the leader's tables of rows into a parquet file. */
export async function leaderRows(leader: string, store: string, file: string): Promise<void> {
  const response = await ask(new URL(`/local/leader/rows/${encodeURIComponent(store)}`, leader));
  if (response.body === null) throw new Error(`${leader} sent no rows for '${store}'`);
  await pipeline(Readable.fromWeb(response.body), createWriteStream(file));
}
