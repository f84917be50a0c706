import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { Hono } from "hono";
import type { Engine } from "../engine/engine.ts";
import { findDatabase } from "../engine/lookup.ts";
import { identifier, literal } from "../engine/names.ts";
import { entriesOfDatabase } from "../engine/persistence.ts";
import type { DatabaseState } from "../engine/state.ts";
import { writable } from "./readOnly.ts";

const etags = new WeakMap<DatabaseState, string>();

/** Names one state of a database: another one, another name. */
function etagOf(database: DatabaseState): string {
  const known = etags.get(database) ?? randomUUID();
  etags.set(database, known);
  return known;
}

/**
 * What a leader lets its followers read, as they read its storage in Kusto: which databases are its own, a database
 * without its rows, and the rows of one extent's table as parquet. What it follows itself it doesn't lead.
 */
export function leaderRoutes(engine: Engine): Hono {
  const app = new Hono();
  app.get("/databases", (c) => {
    const own = [...engine.store.state().databases.values()].filter((one) => one.following === undefined);
    return c.json(own.map((database) => database.name));
  });
  app.get("/database", (c) => {
    const database = writable(findDatabase(engine.store.state(), c.req.query("name") ?? ""));
    const etag = etagOf(database);
    if (c.req.query("etag") === etag) return c.json({ etag });
    return c.json({ etag, entries: [...entriesOfDatabase(database)] });
  });
  app.get("/rows/:store", async (c) => {
    const store = c.req.param("store");
    // Keeps the rows until they are written, whatever merges meanwhile.
    const lease = engine.store.lease();
    try {
      const held = [...lease.state.databases.values()]
        .filter((database) => database.following === undefined)
        .some((database) =>
          [...database.tables.values()].some((table) =>
            [...table.extents.values()].some((extent) => extent.store === store),
          ),
        );
      if (!held) return c.json({ error: `No extent has its rows in '${store}' now.` }, 404);
      const folder = await mkdtemp(join(tmpdir(), "kusto-leader-"));
      const file = join(folder, "rows.parquet");
      await engine.store.withConnection((connection) =>
        connection.run(`COPY (SELECT * FROM ${identifier(store)}) TO ${literal(file)} (FORMAT parquet)`),
      );
      const stream = createReadStream(file);
      stream.once("close", () => {
        rm(folder, { recursive: true, force: true }).catch(engine.settings.report);
      });
      return new Response(Readable.toWeb(stream) as ReadableStream, {
        headers: { "content-type": "application/vnd.apache.parquet" },
      });
    } finally {
      lease.release();
    }
  });
  return app;
}
