import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { lakeOf } from "../../activities/lakes.ts";
import { checkVisibility } from "../../activities/plan/checkVisibility.ts";
import { adoptStaged } from "../../activities/window/adoptStaged.ts";
import { measureExport } from "../../activities/window/measureExport.ts";
import { verifyStaged } from "../../activities/window/verifyStaged.ts";
import { attemptFolder } from "../../model/naming.ts";
import {
  addFault,
  clearFaults,
  extentIds,
  idsOf,
  rowsOfIds,
  strikes,
  until,
  wholeRanges,
} from "../copy/drive.ts";
import { type CopyStack, cursorsGiven, load } from "../copy/support.ts";
import { put } from "../lake/lakeForTests.ts";
import { advanced, done, eventsOf, openInSteps, startForSteps } from "./steps.ts";

const DATABASES = ["Listed", "Deleted", "Doubled", "Altered", "Merged", "Taken", "Again", "Late", "Hidden"];
const ROWS = 100;

describe("an attempt at a window", () => {
  let copies: CopyStack;
  beforeAll(async () => {
    copies = await startForSteps(DATABASES);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await copies.stop();
  });

  /** The only window of a fresh copy, planned. */
  async function begun(database: string) {
    const job = await eventsOf(copies, database, [0, ROWS]);
    const run = await openInSteps(job, "first");
    const { iteration, flights } = await run.plan("backfill");
    const [flight] = flights;
    if (!flight || flights.length > 1) throw new Error(`${flights.length} windows were planned.`);
    return { job, run, iteration, flight };
  }

  it("takes the files that its export names, and no other that lies in its folder", async () => {
    const { job, run, flight } = await begun("Listed");
    const exporting = await run.startExport(flight);
    // Delivered twice, it writes into two folders.
    expect((await run.startExport(flight)).folder).not.toBe(exporting.folder);
    expect(exporting.folder).toContain(`${attemptFolder(run.ref().run, flight.window, 1)}/`);
    const polled = advanced(await run.poll(exporting)).flight;
    await put(lakeOf(job.lake), `${exporting.folder}/part_of_a_lost_try.csv.gz`, "1,of a lost try\n");
    const { exported } = advanced(done(await measureExport({ ...run.ref(), flight: polled })));
    expect(exported?.content.rows).toBe(ROWS);
    expect(exported?.files).toHaveLength(1);
    expect(exported?.files.join()).not.toContain("lost");
  });

  it("is given up where the source's rows went while it was exported", async () => {
    const { run, flight } = await begun("Deleted");
    const polled = advanced(await run.poll(await run.startExport(flight))).flight;
    await copies.source.command("Deleted", ".clear table Events data");
    const outcome = done(await measureExport({ ...run.ref(), flight: polled }));
    expect(outcome).toMatchObject({ kind: "failed", failure: "wrong" });
  });

  it("is given up where a file was delivered twice, by the rows in staging", async () => {
    const { run, flight } = await begun("Doubled");
    const exported = await run.finishExport(await run.startExport(flight));
    const ingesting = await run.ingest(exported);
    expect(await run.poll(ingesting)).toMatchObject({ kind: "advanced" });
    await run.ingest(exported);
    const { table } = await run.staging(flight);
    await until("the second delivery didn't arrive", async () => {
      return (await idsOf(copies.destination, "Doubled", table)).rows > ROWS;
    });
    expect(await run.poll(ingesting)).toMatchObject({
      kind: "failed",
      failure: "wrong",
      reason: expect.stringContaining(`${2 * ROWS} rows arrived in staging where ${ROWS} were exported`),
    });
  });

  it("is given up where what arrived has the rows and not the content of what was exported", async () => {
    const { run, flight } = await begun("Altered");
    const exported = await run.finishExport(await run.startExport(flight));
    const { table, tag } = await run.staging(flight);
    const sql = rowsOfIds(0, ROWS).replace("'row '", "'Row '");
    await load(copies.stack.urls.destinationKusto, { database: "Altered", table, sql, tags: [tag] });
    const since = new Date().toISOString();
    const arrived = advanced(await run.poll({ ...exported, stage: "ingesting", since })).flight;
    expect(done(await verifyStaged({ ...run.ref(), flight: arrived }))).toMatchObject({
      kind: "failed",
      failure: "wrong",
      reason: expect.stringContaining("content hash"),
    });
  });

  it("keeps its very extents in staging, however old, whatever the cluster tidies meanwhile", async () => {
    const { run, flight } = await begun("Merged");
    const { table } = await run.staging(flight);
    await copies.destination.command(
      "Merged",
      `.alter database Merged policy retention @'{"SoftDeletePeriod": "30.00:00:00"}'`,
    );
    for (const createdOn of ["2020-05-01T00:00:00Z", new Date().toISOString()]) {
      for (let part = 0; part < 4; part++) {
        const sql = rowsOfIds(part * 10, part * 10 + 10);
        await load(copies.stack.urls.destinationKusto, { database: "Merged", table, sql, createdOn });
      }
    }
    const before = await extentIds(copies.destination, "Merged", table);
    expect(before).toHaveLength(8);
    // What just came isn't merged yet.
    await cursorsGiven();
    const tidied = await fetch(`${copies.stack.urls.destinationKusto}/local/maintenance`, { method: "POST" });
    expect(tidied.ok).toBe(true);
    expect(await extentIds(copies.destination, "Merged", table)).toEqual(before);
  });

  it("is begun anew, and parks no table, where another delivery took over its staged rows first", async () => {
    const database = "Taken";
    const { job, run, iteration, flight } = await begun(database);
    await run.stage(flight);
    const newer = await openInSteps(job, "second");
    const [staged] = await newer.takeUp(iteration);
    if (!staged) throw new Error("Nothing was left to take over.");
    const destination = copies.stack.urls.destinationKusto;
    const match = { kind: "mgmt", database, text: "^\\.move" };
    await addFault(destination, { match, action: "delay", afterMs: 2000 });
    const input = { ...newer.ref(), flight: staged };
    const late = adoptStaged(input);
    await until("no move was sent", async () => (await strikes(destination))[0] === 1);
    expect(done(await adoptStaged(input))).toMatchObject({ kind: "advanced" });
    expect(done(await late)).toMatchObject({ kind: "failed", failure: "wrong" });
    await clearFaults(destination);
  });

  it("stays in staging under its very ids once it was taken over, however late that is delivered again", async () => {
    const database = "Again";
    const { job, run, iteration, flight } = await begun(database);
    await run.stage(flight);
    const newer = await openInSteps(job, "second");
    const [staged] = await newer.takeUp(iteration);
    if (!staged) throw new Error("Nothing was left to take over.");
    await newer.verify(advanced(done(await adoptStaged({ ...newer.ref(), flight: staged }))).flight);
    const { table } = await newer.staging(staged);
    const before = await extentIds(copies.destination, database, table);
    expect(before).toHaveLength(1);
    await newer.intend(iteration);
    expect(done(await adoptStaged({ ...newer.ref(), flight: staged }))).toMatchObject({ kind: "failed" });
    expect(await extentIds(copies.destination, database, table)).toEqual(before);
    expect(done(await newer.promote(iteration))).toMatchObject({ windows: [staged.window], stopped: [] });
    expect((await idsOf(copies.destination, database, "Events")).rows).toBe(ROWS);
  });

  it("is not shown where rows of it that were hidden from its export are there again, and is where they are gone", async () => {
    const database = "Hidden";
    const job = await eventsOf(copies, database, [0, ROWS]);
    // Merged with what comes next, the first rows could not be moved away alone.
    const never = '{"AllowMerge": false, "AllowRebuild": false}';
    await copies.source.command(database, `.alter table Events policy merge '${never}'`);
    const [extent] = await extentIds(copies.source, database, "Events");
    await load(copies.stack.urls.sourceKusto, { database, table: "Events", sql: rowsOfIds(ROWS, 2 * ROWS) });
    await cursorsGiven();
    const run = await openInSteps(job, "first");
    const { iteration, flights } = await run.plan("backfill");
    // Moved away and back, rows are there as before: a policy that hides them for a while does the same to an export.
    await copies.source.command(database, ".create table Away (Id: long, Text: string)");
    const move = (from: string, to: string, filter: string) =>
      copies.source.command(
        database,
        `.move extents to table ${to} <| .show table ${from} extents | where ${filter}`,
      );
    await move("Events", "Away", `ExtentId == guid(${extent})`);
    for (const flight of flights) await run.stage(flight);
    const looked = async () => done(await checkVisibility({ ...run.ref(), iteration })).parked;
    expect(await looked()).toEqual([]);
    await move("Away", "Events", "RowCount > 0");
    expect(await looked()).toEqual([
      {
        table: "Events",
        reason: expect.stringMatching(/holds 200 rows at the source where 100 were exported/),
      },
    ]);
    await copies.source.command(database, ".drop table Events");
    expect(await looked()).toEqual([]);
  });

  it("lands where nobody looks once another run has taken over", async () => {
    const { job, run, iteration, flight } = await begun("Late");
    await run.finishExport(await run.startExport(flight));
    const older = await run.staging(flight);
    const newer = await openInSteps(job, "second");
    const [taken] = await newer.takeUp(iteration);
    if (taken?.stage !== "toIngest") throw new Error("The export was not taken up.");
    const { table } = await newer.staging(taken);
    // What the older run had queued comes now.
    const sql = rowsOfIds(0, ROWS);
    await load(copies.stack.urls.destinationKusto, {
      database: "Late",
      table: older.table,
      sql,
      tags: [older.tag],
    });
    await newer.verify(advanced(await newer.poll(await newer.ingest(taken))).flight);
    expect(await idsOf(copies.destination, "Late", table)).toEqual(wholeRanges([0, ROWS]));
  });
});
