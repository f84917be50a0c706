import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { alterMergePolicy } from "../../kusto/commands/schema.ts";
import {
  type VerificationReport,
  type VerifiedTable,
  verificationReportSchema,
} from "../../model/reports/verification.ts";
import {
  addFault,
  bodyOf,
  clearFaults,
  createIdTable,
  loadIds,
  rowsOfIds,
  strikes,
  until,
} from "../copy/drive.ts";
import { type CopyStack, cursorsGiven, load, startCopyStack } from "../copy/support.ts";
import { asked, reportOf } from "./ask.ts";

const DATABASES = ["Sides", "Fresh", "Through", "Whole", "Busy"];
const TABLES = ["Dropped", "Other", "Doubled", "Added", "Deleted", "Gone", "Same"];
const DAYS = ["2026-01-05", "2026-01-06"] as const;

describe("a verification", () => {
  let copies: CopyStack;
  const body = (database: string, more: object = {}) => bodyOf(copies.stack, database, database, more);
  const verify = (database: string, more: object = {}): Promise<VerificationReport> =>
    reportOf(verificationReportSchema, copies.stack.urls.functions, "verifications", body(database, more));
  const tableOf = (report: VerificationReport, name: string): VerifiedTable => {
    const found = report.tables.find((table) => table.name === name);
    if (!found) throw new Error(`The report has no table ${name}.`);
    return found;
  };
  const loadDays = async (database: string, table: string) => {
    for (const [i, day] of DAYS.entries()) {
      await loadIds(copies.stack.urls.sourceKusto, database, table, [i * 10, i * 10 + 10], {
        ingestedAt: `${day}T10:00:00Z`,
      });
    }
  };

  beforeAll(async () => {
    copies = await startCopyStack({
      sourceDatabases: DATABASES,
      destinationDatabases: DATABASES,
      settings: { KUSTO_COPY_INGESTION: "direct" },
    });
    for (const table of TABLES) {
      await createIdTable(copies.source, "Sides", table);
      // So that a day's rows can be dropped by their extent.
      await copies.source.command(
        "Sides",
        alterMergePolicy(table, { allowMerge: false, allowRebuild: false }),
      );
      await loadDays("Sides", table);
    }
    await cursorsGiven();
    expect(await copies.copy(body("Sides"))).toMatchObject({ state: "succeeded" });
  });
  afterAll(() => copies.stop());

  /** The extent of a table that holds the rows of a day. */
  async function extentOf(side: "source" | "destination", table: string, least: number): Promise<string> {
    const [row] = await copies[side].query(
      "Sides",
      `${table} | where Id == ${least} | project Extent = tostring(extent_id())`,
    );
    return String(row?.Extent);
  }

  it("finds equal what was copied, though newer rows wait at the source", async () => {
    await loadIds(copies.stack.urls.sourceKusto, "Sides", "Same", [50, 60]);
    await createIdTable(copies.source, "Sides", "Waiting");
    await cursorsGiven();
    const report = await verify("Sides");
    expect(report).toMatchObject({
      verdict: "incomplete",
      totals: { equal: TABLES.length, different: 0, notCopied: 1, rows: TABLES.length * 20 },
    });
    expect(tableOf(report, "Same")).toMatchObject({
      state: "equal",
      source: { rows: 20 },
      destination: { rows: 20 },
      reason: null,
    });
    expect(tableOf(report, "Waiting")).toMatchObject({ state: "notCopied", source: null });
    expect((await verify("Sides", { tables: { include: ["Same"] } })).verdict).toBe("equal");
  });

  it("tells rows that were dropped, changed, doubled or added at the destination, on which days, and what to do", async () => {
    const { destination, stack } = copies;
    const [day] = DAYS;
    await destination.command(
      "Sides",
      `.drop extents (${await extentOf("destination", "Dropped", 0)}) from Dropped`,
    );
    await destination.command(
      "Sides",
      `.drop extents (${await extentOf("destination", "Other", 0)}) from Other`,
    );
    const tags = [`drop-by:kc-${day}`];
    // Rows that lie there twice are told by their extents, as long as those aren't merged.
    await destination.command(
      "Sides",
      alterMergePolicy("Doubled", { allowMerge: false, allowRebuild: false }),
    );
    await loadTagged("Other", "SELECT i::BIGINT, 'other ' || i FROM range(0, 10) AS ids(i)", tags);
    await loadTagged("Doubled", rowsOfIds(0, 10), tags);
    await loadIds(stack.urls.destinationKusto, "Sides", "Added", [900, 903]);
    const report = await verify("Sides", { tables: { exclude: ["Waiting"] } });
    expect(report.verdict).toBe("different");
    expect(tableOf(report, "Dropped")).toMatchObject({
      state: "different",
      source: { rows: 20 },
      destination: { rows: 10 },
      days: [{ day, source: 10, destination: 0 }],
      reason: expect.stringMatching(/lacks 10 of 20 rows \(2026-01-05\)/),
      advice: expect.stringMatching(/resync/),
    });
    expect(tableOf(report, "Other")).toMatchObject({
      state: "different",
      days: [{ day, source: 10, destination: 10 }],
      reason: expect.stringMatching(/as many rows of 2026-01-05, and their contents differ/),
    });
    expect(tableOf(report, "Doubled")).toMatchObject({
      state: "different",
      days: [{ day, source: 10, destination: 20 }],
      reason: expect.stringMatching(/10 rows lie there twice/),
    });
    expect(tableOf(report, "Added")).toMatchObject({
      state: "different",
      days: [{ day: null, source: 0, destination: 3 }],
      reason: expect.stringMatching(/3 rows that this copy did not bring/),
    });
    expect(tableOf(report, "Same").state).toBe("equal");
    // What differs is listed before what is equal.
    expect(report.tables.slice(0, 4).every((table) => table.state === "different")).toBe(true);
  });

  it("tells rows that were deleted at the source since, and tables that are gone there, as that and not as a wrong copy", async () => {
    const { source } = copies;
    await source.command("Sides", `.drop extents (${await extentOf("source", "Deleted", 10)}) from Deleted`);
    await source.command("Sides", ".drop table Gone");
    const report = await verify("Sides", { tables: { include: ["Deleted", "Gone"] } });
    expect(tableOf(report, "Deleted")).toMatchObject({
      state: "changed",
      source: { rows: 10 },
      destination: { rows: 20 },
      days: [{ day: DAYS[1], source: 0, destination: 10 }],
      reason: expect.stringMatching(/source holds 10 rows fewer now than were copied/),
    });
    expect(tableOf(report, "Gone")).toMatchObject({
      state: "gone",
      reason: expect.stringMatching(/no table Gone/),
    });
    expect(report.totals).toMatchObject({ changed: 1, gone: 1, different: 0 });
  });

  it("of a destination that lost a table says so, and of a source that hides rows that it can't tell", async () => {
    const { source, destination } = copies;
    await destination.command("Sides", ".drop table Added");
    await source.command("Sides", '.alter table Same policy row_level_security enable "Same | where Id < 5"');
    const report = await verify("Sides", { tables: { include: ["Added", "Same"] } });
    expect(tableOf(report, "Added")).toMatchObject({
      state: "different",
      reason: expect.stringMatching(/no table Added/),
    });
    expect(tableOf(report, "Same")).toMatchObject({
      state: "unknown",
      reason: expect.stringMatching(/row-level security/),
    });
    await source.command("Sides", '.alter table Same policy row_level_security disable "Same"');
  });

  it("tries again what a cluster could not answer now, and names what it never could", async () => {
    const { stack } = copies;
    await addFault(stack.urls.sourceKusto, {
      match: { kind: "query", text: "Same.*hash_md5" },
      action: "fail",
      status: 400,
      code: "General_BadRequest",
      message: "No hash today.",
      permanent: true,
      times: 100,
    });
    const report = await verify("Sides", { tables: { include: ["Same", "Deleted"] } });
    await clearFaults(stack.urls.sourceKusto);
    expect(tableOf(report, "Same")).toMatchObject({
      state: "unknown",
      reason: expect.stringMatching(/No hash today/),
    });
    expect(tableOf(report, "Deleted").state).toBe("changed");
  });

  it("of an empty folder finds that nothing is copied yet", async () => {
    await createIdTable(copies.source, "Fresh", "Events");
    expect(await verify("Fresh")).toMatchObject({
      verdict: "incomplete",
      tables: [{ name: "Events", state: "notCopied" }],
    });
  });

  it("of a job with a query compares what the query leaves, and within the horizon", async () => {
    await createIdTable(copies.source, "Through", "Events");
    await loadDays("Through", "Events");
    await cursorsGiven();
    const job = { query: "| where Id % 2 == 0 | project Id", backfillHorizon: "2026-01-06" };
    expect(await copies.copy(body("Through", job))).toMatchObject({ state: "succeeded" });
    const report = await verify("Through", job);
    expect(tableOf(report, "Events")).toMatchObject({
      state: "equal",
      source: { rows: 5 },
      destination: { rows: 5 },
    });
    // A later iteration, and a table first seen by it.
    await loadIds(copies.stack.urls.sourceKusto, "Through", "Events", [100, 110]);
    await createIdTable(copies.source, "Through", "Later");
    await loadIds(copies.stack.urls.sourceKusto, "Through", "Later", [0, 4]);
    await cursorsGiven();
    expect(await copies.copy(body("Through", job))).toMatchObject({ state: "succeeded" });
    expect(await verify("Through", job)).toMatchObject({ verdict: "equal", totals: { equal: 2, rows: 12 } });
  });

  it("of a table that is copied whole knows whether it changed since", async () => {
    await copies.source.command("Whole", ".create table Facts (N: long)");
    await copies.source.command("Whole", ".alter table Facts policy ingestiontime false");
    await copies.source.command("Whole", ".set-or-append Facts <| range N from 1 to 5 step 1");
    expect(await copies.copy(body("Whole"))).toMatchObject({ state: "succeeded" });
    expect(tableOf(await verify("Whole"), "Facts")).toMatchObject({
      state: "equal",
      destination: { rows: 5 },
    });
    await copies.source.command("Whole", ".set-or-append Facts <| range N from 6 to 7 step 1");
    expect(tableOf(await verify("Whole"), "Facts")).toMatchObject({
      state: "changed",
      reason: expect.stringMatching(/has changed at the source since its last copy/),
    });
  });

  it("is not misled by a copy that commits while it compares", async () => {
    const { stack } = copies;
    await createIdTable(copies.source, "Busy", "Events");
    await loadDays("Busy", "Events");
    await cursorsGiven();
    expect(await copies.copy(body("Busy"))).toMatchObject({ state: "succeeded" });
    await loadIds(stack.urls.sourceKusto, "Busy", "Events", [20, 30]);
    await cursorsGiven();
    // The destination is read long after the log was, and the source.
    await addFault(stack.urls.destinationKusto, {
      match: { kind: "query", database: "Busy", text: "hash_md5" },
      action: "delay",
      afterMs: 15_000,
    });
    const report = verify("Busy");
    await until("nothing was compared", async () => (await strikes(stack.urls.destinationKusto))[0] === 1);
    expect(await copies.copy(body("Busy"))).toMatchObject({ state: "succeeded" });
    expect(tableOf(await report, "Events")).toMatchObject({ state: "equal", destination: { rows: 30 } });
    await clearFaults(stack.urls.destinationKusto);
  });

  it("is refused where the folder holds the log of another copy", async () => {
    const answer = await asked(copies.stack.urls.functions, "verifications", {
      ...body("Fresh"),
      lake: `${copies.stack.urls.lake}/copy/Sides`,
    });
    expect(answer).toMatchObject({ state: "failed", error: expect.stringMatching(/log of another copy/) });
  });

  async function loadTagged(table: string, sql: string, tags: string[]): Promise<void> {
    const ingestedAt = `${DAYS[0]}T10:00:00Z`;
    const tagged = { database: "Sides", table, sql, ingestedAt, tags };
    await load(copies.stack.urls.destinationKusto, tagged);
  }
});
