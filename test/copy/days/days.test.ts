import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { askFor, askResync } from "../../../lake/control.ts";
import { readState } from "../../../lake/log.ts";
import { dayTag } from "../../../model/naming.ts";
import { asked } from "../../reports/ask.ts";
import {
  addFault,
  beginCopy,
  clearFaults,
  createIdTable,
  loadIds,
  lookAt,
  strikes,
  until,
  wholeRanges,
} from "../drive.ts";
import { lakeOf, nothingLeft } from "../leftovers.ts";
import { type CopyStack, cursorsGiven, startCopyStack } from "../support.ts";
import { at, DAY, dayCopies, LOAD, well } from "./dayCopies.ts";

const DATABASES = [
  "Days",
  "Lost",
  "Twice",
  "Merged",
  "Mixed",
  "Lanes",
  "Untimed",
  "Backfill",
  "Late",
  "Cut",
  "Left",
];

describe("days of a table that are resynchronised", { timeout: 120_000 }, () => {
  let copies: CopyStack;
  const {
    source,
    destination,
    body,
    held,
    askDays,
    extentsByDay,
    copiedDays,
    changeAtSource,
    verdict,
    replaced,
  } = dayCopies(() => copies);

  beforeAll(async () => {
    copies = await startCopyStack({
      sourceDatabases: DATABASES,
      destinationDatabases: DATABASES,
      settings: { KUSTO_COPY_MAX_ATTEMPTS: "2" },
    });
  });
  afterAll(() => copies.stop());
  beforeEach(async () => {
    await clearFaults(source());
    await clearFaults(destination());
  });

  it("are the source's again, deletions included, in one command; other days keep their extents", async () => {
    await copiedDays("Days");
    const before = await extentsByDay("Days");
    // One day changes, one is emptied; of a third the destination alone has lost rows. And something new comes.
    await changeAtSource("Days", 0);
    await changeAtSource("Days", 1);
    const [lost] = before.get(DAY[2]) ?? [];
    await copies.destination.command("Days", `.drop extent ${lost}`);
    await loadIds(source(), "Days", "Events", [100, 110]);
    await cursorsGiven();

    await askDays("Days", DAY[0], DAY[2]);
    const plan = await asked(copies.stack.urls.functions, "plans", body("Days"));
    expect(plan.report).toMatchObject({
      tables: [{ name: "Events", days: [DAY[0], DAY[2]], whole: false, windows: 2, rows: LOAD }],
    });
    expect(await copies.copy(body("Days"))).toMatchObject(well);
    expect(await replaced("Days")).toBe(1);
    const after = await extentsByDay("Days");
    expect(after.has(DAY[0])).toBe(false);
    expect(after.get(DAY[1])).toEqual(before.get(DAY[1]));
    expect(after.get(DAY[3])).toEqual(before.get(DAY[3]));
    expect(after.get(DAY[2])).not.toEqual(before.get(DAY[2]));
    // The deletion on the day that wasn't asked for is not followed; what is new came with the next iteration.
    expect(await held("Days")).toEqual(wholeRanges([LOAD, 4 * LOAD], [100, 110]));
    const entries = await readState(lakeOf(copies.stack, "Days"));
    const [days, next] = entries.finished.slice(-2);
    expect([days?.tables[0]?.rows, next?.tables[0]?.rows]).toEqual([LOAD, 10]);
    expect(entries.tables.Events?.days).toBeUndefined();
    await askDays("Days", DAY[1]);
    expect(await copies.copy(body("Days"))).toMatchObject(well);
    expect(await held("Days")).toEqual(wholeRanges([2 * LOAD, 4 * LOAD], [100, 110]));
    expect(await verdict("Days")).toMatchObject({ verdict: "equal" });
    await nothingLeft(copies, "Days", ["Events"]);
  });

  it("are cut at the table's cursor: rows after it come once, with what is new", async () => {
    const today = new Date().toISOString().slice(0, 10);
    const before = (await readState(lakeOf(copies.stack, "Days"))).tables.Events;
    // Of today is what came last; more of it comes now, beyond the cursor.
    await loadIds(source(), "Days", "Events", [200, 210]);
    await cursorsGiven();
    await askDays("Days", today);
    expect(await copies.copy(body("Days"))).toMatchObject(well);
    expect(await held("Days")).toEqual(wholeRanges([2 * LOAD, 4 * LOAD], [100, 110], [200, 210]));
    const [days, next] = (await readState(lakeOf(copies.stack, "Days"))).finished.slice(-2);
    expect([days?.tables[0]?.rows, next?.tables[0]?.rows]).toEqual([10, 10]);
    expect((await readState(lakeOf(copies.stack, "Days"))).tables.Events?.cursor).not.toBe(before?.cursor);
    expect(await verdict("Days")).toMatchObject({ verdict: "equal" });
  });

  it("are in once though the answer to their replacement is lost, also where a day was emptied", async () => {
    await copiedDays("Lost");
    await changeAtSource("Lost", 0);
    await changeAtSource("Lost", 1, [500, 505]);
    const match = { kind: "mgmt", database: "Lost", text: "^\\.replace extents" };
    await addFault(destination(), { match, action: "loseAnswer", times: 1 });
    await askDays("Lost", DAY[0], DAY[1]);
    expect(await copies.copy(body("Lost"))).toMatchObject(well);
    expect(await strikes(destination())).toEqual([1]);
    expect(await held("Lost")).toEqual(wholeRanges([2 * LOAD, 4 * LOAD], [500, 505]));
    await clearFaults(destination());
    // Nothing comes in the place of it: no id in staging tells that it came through.
    await changeAtSource("Lost", 2);
    await addFault(destination(), { match, action: "loseAnswer", times: 1 });
    await askDays("Lost", DAY[2]);
    expect(await copies.copy(body("Lost"))).toMatchObject(well);
    expect(await held("Lost")).toEqual(wholeRanges([3 * LOAD, 4 * LOAD], [500, 505]));
    await nothingLeft(copies, "Lost", ["Events"]);
  });

  it("are replaced once, and by no older copy, though their replacement is delivered a second time, however late", async () => {
    await copiedDays("Late");
    const url = `${copies.stack.urls.functions}/local/faults`;
    /** Has the next iteration's replacement delivered again; answers what has become of that. */
    const again = async (how: object) => {
      const { lastIteration } = await readState(lakeOf(copies.stack, "Late"));
      const text = `/Late".*"iteration":${lastIteration + 1},`;
      const fault = { activity: "promoteTable", text, ...how };
      expect((await fetch(url, { method: "POST", body: JSON.stringify(fault) })).ok).toBe(true);
      return async () => {
        const known = z.array(z.object({ text: z.string(), struck: z.boolean(), over: z.boolean() }));
        const all = known.parse(await (await fetch(url)).json());
        return all.find((each) => each.text === text);
      };
    };
    // The first comes again when another run has replaced the day once more, the second while its own run is at what is new.
    const first = await again({ action: "held" });
    await changeAtSource("Late", 0, [500, 505]);
    await askDays("Late", DAY[0]);
    expect(await copies.copy(body("Late"))).toMatchObject(well);
    expect(await held("Late")).toEqual(wholeRanges([LOAD, 4 * LOAD], [500, 505]));

    const second = await again({ action: "late", afterMs: 500 });
    const [extent] = await copies.source.query(
      "Late",
      "Events | where Id == 500 | project Extent = tostring(extent_id())",
    );
    await copies.source.command("Late", `.drop extent ${String(extent?.Extent)}`);
    await loadIds(source(), "Late", "Events", [700, 705], at(DAY[0]));
    await loadIds(source(), "Late", "Events", [100, 110]);
    await cursorsGiven();
    const match = { kind: "operation", database: "Late", text: "^\\.export" };
    await addFault(source(), { match, action: "delay", afterMs: 1, times: 1 });
    await addFault(source(), { match, action: "delay", afterMs: 2000, times: 1 });
    await askDays("Late", DAY[0]);
    expect(await copies.copy(body("Late"))).toMatchObject(well);
    await until("it wasn't delivered again", async () => (await second())?.over === true);
    expect(await strikes(source())).toEqual([1, 1]);
    const newest = wholeRanges([LOAD, 4 * LOAD], [100, 110], [700, 705]);
    expect(await held("Late")).toEqual(newest);
    expect(await first()).toMatchObject({ struck: true, over: false });
    await fetch(url, { method: "PUT" });
    await until("the first wasn't delivered again", async () => (await first())?.over === true);
    expect([await replaced("Late"), await held("Late")]).toEqual([2, newest]);
    expect(await verdict("Late")).toMatchObject({ verdict: "equal" });
    await nothingLeft(copies, "Late", ["Events"]);
  });

  it("are what the job's query leaves of them, from its horizon on; a day before that is not part of the copy", async () => {
    const more = { query: "| where Id % 2 == 0", backfillHorizon: `${DAY[1]}T06:00:00Z` };
    const evens = async () => {
      const rows = await copies.destination.query("Cut", "Events | sort by Id asc | project Id");
      return rows.map(({ Id }) => Number(Id));
    };
    const evenOf = (...ranges: readonly (readonly [number, number])[]) =>
      ranges.flatMap(([from, to]) => Array.from({ length: (to - from) / 2 }, (_, i) => from + 2 * i));
    await createIdTable(copies.source, "Cut", "Events");
    for (const [i, day] of DAY.entries())
      await loadIds(source(), "Cut", "Events", [i * LOAD, (i + 1) * LOAD], at(day));
    const early = `${DAY[1]}T03:00:00Z`;
    await loadIds(source(), "Cut", "Events", [100, 110], { ingestedAt: early, createdOn: early });
    await cursorsGiven();
    expect(await copies.copy({ ...body("Cut"), ...more })).toMatchObject(well);
    expect(await evens()).toEqual(evenOf([LOAD, 4 * LOAD]));
    const before = await extentsByDay("Cut");

    await changeAtSource("Cut", 1, [500, 510]);
    await askDays("Cut", DAY[1]);
    expect(await copies.copy({ ...body("Cut"), ...more })).toMatchObject({ ...well, warnings: [] });
    expect(await evens()).toEqual(evenOf([2 * LOAD, 4 * LOAD], [500, 510]));
    expect((await extentsByDay("Cut")).get(DAY[2])).toEqual(before.get(DAY[2]));

    await askDays("Cut", DAY[0]);
    expect(await copies.copy({ ...body("Cut"), ...more })).toMatchObject({
      state: "succeeded",
      warnings: [expect.stringMatching(/2024-05-01 .*before the horizon/)],
    });
    expect([await replaced("Cut"), await evens()]).toEqual([1, evenOf([2 * LOAD, 4 * LOAD], [500, 510])]);
    const { report } = await asked(copies.stack.urls.functions, "verifications", { ...body("Cut"), ...more });
    expect(report).toMatchObject({ verdict: "equal" });
    await nothingLeft(copies, "Cut", ["Events"]);
  });

  it("are replaced though a merge changes the destination's extents meanwhile", async () => {
    await copiedDays("Merged");
    const today = new Date().toISOString().slice(0, 10);
    const merging = (on: boolean) =>
      copies.destination.command(
        "Merged",
        `.alter table Events policy merge '{"AllowMerge": ${on}, "AllowRebuild": ${on}}'`,
      );
    await merging(false);
    for (const from of [600, 610]) {
      await loadIds(source(), "Merged", "Events", [from, from + 10]);
      await cursorsGiven();
      expect(await copies.copy(body("Merged"))).toMatchObject(well);
    }
    expect((await extentsByDay("Merged")).get(today)).toHaveLength(2);
    const match = { kind: "mgmt", database: "Merged", text: "^\\.replace extents" };
    await addFault(destination(), { match, action: "delay", afterMs: 4000, times: 1 });
    await askDays("Merged", today);
    const statusUrl = await beginCopy(copies.stack.urls.functions, body("Merged"));
    await until("nothing was replaced", async () => (await strikes(destination()))[0] === 1);
    await merging(true);
    await until("nothing was merged", async () => {
      await fetch(`${destination()}/local/maintenance`, { method: "POST" });
      return (await extentsByDay("Merged")).get(today)?.length === 1;
    });
    await until("the copy didn't end", async () => (await lookAt(statusUrl)).state !== "running");
    expect(await lookAt(statusUrl)).toMatchObject(well);
    expect(await held("Merged")).toEqual(wholeRanges([0, 4 * LOAD], [600, 620]));
    expect(await replaced("Merged")).toBeGreaterThan(1);
    await nothingLeft(copies, "Merged", ["Events"]);
  });

  it("are refused where an extent is of another day too, or rows carry no day, and nothing is replaced", async () => {
    await copiedDays("Mixed");
    const before = await extentsByDay("Mixed");
    const tag = (which: "alter-merge" | "drop", tags: string, day: string) =>
      copies.destination.command(
        "Mixed",
        which === "drop"
          ? `.drop table Events extent tags ('${tags}')`
          : `.alter-merge table Events extent tags ('${tags}') <| .show table Events extents where tags has '${dayTag(day)}'`,
      );
    await tag("alter-merge", dayTag(DAY[1]), DAY[0]);
    await askDays("Mixed", DAY[1]);
    expect(await copies.copy(body("Mixed"))).toMatchObject({
      state: "succeeded",
      warnings: [expect.stringMatching(/2024-05-02.*not resynchronised: .*two days/)],
    });
    expect(await held("Mixed")).toEqual(wholeRanges([0, 4 * LOAD]));
    // Both days together can be told.
    await askDays("Mixed", DAY[0], DAY[1]);
    expect(await copies.copy(body("Mixed"))).toMatchObject({ ...well, warnings: [] });
    expect(await held("Mixed")).toEqual(wholeRanges([0, 4 * LOAD]));
    await loadIds(destination(), "Mixed", "Events", [900, 905]);
    const replacements = await replaced("Mixed");
    await askDays("Mixed", DAY[3]);
    expect(await copies.copy(body("Mixed"))).toMatchObject({
      warnings: [expect.stringMatching(/holds 5 rows .* without a drop-by:kc-<day> tag where 0 should be/)],
    });
    expect(await replaced("Mixed")).toBe(replacements);
    expect((await extentsByDay("Mixed")).get(DAY[3])).toEqual(before.get(DAY[3]));
    expect((await readState(lakeOf(copies.stack, "Mixed"))).tables.Events?.days).toBeUndefined();
    // A table that is copied whole takes the warning with it.
    await askResync(lakeOf(copies.stack, "Mixed"), ["Events"], "a test");
    expect(await copies.copy(body("Mixed"))).toMatchObject({ ...well, warnings: [] });
    expect(await held("Mixed")).toEqual(wholeRanges([0, 4 * LOAD]));
  });

  it("are refused at their replacement where someone took the tags off since the plan, asked for still, and told by why though what is new comes", async () => {
    await copiedDays("Twice");
    const match = { kind: "operation", database: "Twice", text: "^\\.export" };
    await addFault(source(), { match, action: "delay", afterMs: 3000, times: 1 });
    await loadIds(source(), "Twice", "Events", [100, 110]);
    await cursorsGiven();
    await askDays("Twice", DAY[0]);
    const statusUrl = await beginCopy(copies.stack.urls.functions, body("Twice"));
    await until("nothing was exported", async () => (await strikes(source()))[0] === 1);
    await copies.destination.command("Twice", `.drop table Events extent tags ('${dayTag(DAY[0])}')`);
    await until("the copy didn't end", async () => (await lookAt(statusUrl)).state !== "running");
    const reason = expect.stringMatching(/holds 10 rows .* without a drop-by:kc-<day> tag/);
    expect(await (await fetch(statusUrl)).json()).toMatchObject({
      state: "failed",
      tables: [{ error: reason }],
    });
    expect(await held("Twice")).toEqual(wholeRanges([0, 4 * LOAD], [100, 110]));
    const { tables, finished } = await readState(lakeOf(copies.stack, "Twice"));
    expect(finished.slice(-2)).toMatchObject([
      { tables: [{ error: reason, rows: 0 }] },
      { tables: [{ rows: 10 }] },
    ]);
    expect(tables.Events).toMatchObject({ days: { asked: [DAY[0]], reason }, error: reason });
    expect(await replaced("Twice")).toBe(0);
    // What can't be done is given up by the next plan, with a warning in the place of the error.
    expect(await copies.copy(body("Twice"))).toMatchObject({ ...well, warnings: [reason] });
    expect((await readState(lakeOf(copies.stack, "Twice"))).tables.Events?.error).toBeUndefined();
    await nothingLeft(copies, "Twice", ["Events"]);
  });

  it("wait until what is open of the table has come, in whichever lane, and no row comes twice", async () => {
    await createIdTable(copies.source, "Lanes", "Events");
    for (const [i, day] of DAY.entries())
      await loadIds(source(), "Lanes", "Events", [i * LOAD, (i + 1) * LOAD], at(day));
    await cursorsGiven();
    const match = { kind: "operation", database: "Lanes", text: "^\\.export" };
    await addFault(source(), { match, action: "delay", afterMs: 1500, times: 4 });
    const statusUrl = await beginCopy(copies.stack.urls.functions, body("Lanes"));
    await until(
      "nothing was begun",
      async () => (await readState(lakeOf(copies.stack, "Lanes"))).open.backfill !== undefined,
    );
    await askDays("Lanes", DAY[1]);
    await until("the copy didn't end", async () => (await lookAt(statusUrl)).state !== "running");
    expect(await held("Lanes")).toEqual(wholeRanges([0, 4 * LOAD]));
    // The same run did it, once the history was in.
    expect(await replaced("Lanes")).toBe(1);
    expect((await readState(lakeOf(copies.stack, "Lanes"))).tables.Events?.days).toBeUndefined();
    expect(await verdict("Lanes")).toMatchObject({ verdict: "equal" });
    await nothingLeft(copies, "Lanes", ["Events"]);
  });

  it("leave rows without an ingestion time where they are", async () => {
    await copies.source.command("Untimed", ".create table Events (Id: long, Text: string)");
    await copies.source.command("Untimed", ".alter table Events policy ingestiontime false");
    await loadIds(source(), "Untimed", "Events", [700, 720]);
    await copies.source.command("Untimed", ".alter table Events policy ingestiontime true");
    await loadIds(source(), "Untimed", "Events", [0, LOAD], at(DAY[0]));
    await cursorsGiven();
    expect(await copies.copy(body("Untimed"))).toMatchObject(well);
    const before = await extentsByDay("Untimed");
    expect(before.get("")).toHaveLength(1);
    await askDays("Untimed", DAY[0]);
    expect(await copies.copy(body("Untimed"))).toMatchObject({ ...well, warnings: [] });
    const after = await extentsByDay("Untimed");
    expect(after.get("")).toEqual(before.get(""));
    expect(after.get(DAY[0])).not.toEqual(before.get(DAY[0]));
    expect(await held("Untimed")).toEqual(wholeRanges([0, LOAD], [700, 720]));
  });

  it("are given up with a warning where the job leaves their table out by now, or the source has it no more", async () => {
    const finished = async () => (await readState(lakeOf(copies.stack, "Left"))).finished.length;
    const givenUp = async (reason: string, more: object = {}) => {
      await askDays("Left", DAY[0]);
      const warning = `Days ${DAY[0]} of table Events are not resynchronised: ${reason}`;
      expect(await copies.copy({ ...body("Left"), ...more })).toMatchObject({ warnings: [warning] });
      // What waits for nothing makes no second iteration of each run.
      const before = await finished();
      expect((await copies.copy({ ...body("Left"), ...more })).state).toBe("succeeded");
      expect((await finished()) - before).toBe(1);
    };
    for (const table of ["Events", "Others"]) await createIdTable(copies.source, "Left", table);
    await loadIds(source(), "Left", "Events", [0, LOAD], at(DAY[0]));
    await cursorsGiven();
    expect(await copies.copy(body("Left"))).toMatchObject(well);
    await givenUp("the job leaves the table out by now.", { tables: { include: ["Others"] } });
    await copies.source.command("Left", ".drop table Events");
    await givenUp("the source has no such table any more.");
    expect(await held("Left")).toEqual(wholeRanges([0, LOAD]));
  });

  it("come through a cancellation: asked for still, and done when the copy is resumed, of a job of history alone too", async () => {
    const history = { mode: "backfill" };
    await copiedDays("Backfill", history);
    await changeAtSource("Backfill", 0);
    const match = { kind: "operation", database: "Backfill", text: "^\\.export" };
    await addFault(source(), { match, action: "delay", afterMs: 4000, times: 1 });
    await askDays("Backfill", DAY[0], DAY[1]);
    const statusUrl = await beginCopy(copies.stack.urls.functions, { ...body("Backfill"), ...history });
    await until("nothing was exported", async () => (await strikes(source()))[0] === 1);
    await askFor(lakeOf(copies.stack, "Backfill"), "cancel", "a test");
    await until("the run didn't end", async () => (await lookAt(statusUrl)).state === "cancelled");
    expect(await held("Backfill")).toEqual(wholeRanges([0, 4 * LOAD]));
    expect((await readState(lakeOf(copies.stack, "Backfill"))).tables.Events?.days?.asked).toEqual([
      DAY[0],
      DAY[1],
    ]);
    await clearFaults(source());
    await askFor(lakeOf(copies.stack, "Backfill"), "run", "a test");
    expect(await copies.copy({ ...body("Backfill"), ...history })).toMatchObject(well);
    expect(await held("Backfill")).toEqual(wholeRanges([LOAD, 4 * LOAD]));
    await nothingLeft(copies, "Backfill", ["Events"]);
  });
});
