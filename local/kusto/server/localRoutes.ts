import { Hono } from "hono";
import { z } from "zod";
import type { Engine } from "../engine/engine.ts";
import { faultSchema } from "../engine/faults.ts";
import { badRequest, findTable } from "../engine/lookup.ts";
import { identifier, literal } from "../engine/names.ts";
import { asKustoError } from "../engine/queries.ts";
import { ticksOfIso } from "../engine/ticks.ts";
import { followerRoutes } from "../following/followerRoutes.ts";
import { leaderRoutes } from "../following/leaderRoutes.ts";
import { toKustoError } from "./errors.ts";

const clockSchema = z.union([
  z.strictObject({ set: z.string() }),
  z.strictObject({ advanceSeconds: z.number().min(0) }),
  z.strictObject({ frozen: z.boolean() }),
  z.strictObject({ reset: z.literal(true) }),
]);

const loadSchema = z
  .strictObject({
    database: z.string(),
    table: z.string(),
    /** A DuckDB select that yields the table's columns in their order and physical form. */
    sql: z.string().optional(),
    parquet: z.string().optional(),
    ingestedAt: z.string().optional(),
    createdOn: z.string().optional(),
    tags: z.array(z.string()).default([]),
  })
  .refine((body) => (body.sql === undefined) !== (body.parquet === undefined), "give either sql or parquet");

function moment(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  const ticks = ticksOfIso(text);
  if (ticks === undefined) throw badRequest(`'${text}' is not an ISO datetime.`);
  return ticks;
}

/** What tests and demos ask of the stand-in itself: its clock, its faults, quick loads, background work at once. */
export function localRoutes(engine: Engine): Hono {
  const app = new Hono();
  app.onError((caught, c) => {
    if (caught instanceof z.ZodError || caught instanceof SyntaxError)
      return c.json({ error: caught.message }, 400);
    const error = toKustoError(asKustoError(caught));
    return new Response(JSON.stringify({ error: error.message }), {
      status: error.status,
      headers: { "content-type": "application/json" },
    });
  });
  app.get("/clock", (c) => c.json(engine.clock.describe()));
  app.post("/clock", async (c) => {
    const body = clockSchema.parse(await c.req.json());
    if ("set" in body) {
      const ms = Date.parse(body.set);
      if (Number.isNaN(ms)) throw badRequest(`'${body.set}' is not an ISO datetime.`);
      engine.clock.set(ms);
    } else if ("advanceSeconds" in body) engine.clock.advance(body.advanceSeconds);
    else if ("frozen" in body) engine.clock.freeze(body.frozen);
    else engine.clock.reset();
    return c.json(engine.clock.describe());
  });
  app.get("/faults", (c) => c.json(engine.faults.list()));
  app.post("/faults", async (c) => {
    engine.faults.add(faultSchema.parse(await c.req.json()));
    return c.json(engine.faults.list());
  });
  app.delete("/faults", (c) => {
    engine.faults.clear();
    return c.json([]);
  });
  app.post("/load", async (c) => {
    const body = loadSchema.parse(await c.req.json());
    const table = findTable(engine.database(body.database), body.table);
    const names = table.columns.map((column) => identifier(column.name)).join(", ");
    const select = body.sql ?? `SELECT * FROM read_parquet(${literal(body.parquet ?? "")})`;
    const created = moment(body.createdOn);
    const ingested = moment(body.ingestedAt);
    const done = await engine.ingestRelation(
      body.database,
      body.table,
      `(SELECT * FROM (${select}) AS loaded(${names}))`,
      {
        tags: body.tags,
        ...(created === undefined ? {} : { creationTime: created }),
        ...(ingested === undefined ? {} : { ingestedAt: ingested }),
        maxRows: Number.POSITIVE_INFINITY,
        source: "local load",
      },
    );
    return c.json({ extentIds: done.extentIds, rows: done.rows });
  });
  app.post("/maintenance", async (c) => {
    await engine.maintain();
    return c.json({ done: true });
  });
  app.route("/following", followerRoutes(engine));
  app.route("/leader", leaderRoutes(engine));
  return app;
}
