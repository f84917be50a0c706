import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadDays } from "../copy/daysOfRows.ts";
import {
  addFault,
  beginCopy,
  bodyOf,
  clearFaults,
  createIdTable,
  extentIds,
  idsOf,
  loadIds,
  lookAt,
  tableNames,
  until,
  wholeRanges,
} from "../copy/drive.ts";
import { lakeOf, nothingLeft } from "../copy/leftovers.ts";
import { type CopyStack, cursorsGiven, differing, startCopyStack } from "../copy/support.ts";
import { checkpointNeverBackwards, endOf, endsWell, entriesOf, exportsEnded, LOAD } from "./support.ts";

type End = Awaited<ReturnType<typeof endOf>>;

/** Copied once, and changed when the next iteration is planned and nothing of it is exported. */
const CHANGES: Readonly<Record<string, readonly string[]>> = {
  Added: [
    ".alter-merge table Events (Extra: datetime)",
    ".append Events <| print Id = 100, Text = 'row 100', Extra = datetime(2026-01-02)",
  ],
  Renamed: [".rename column Events.Text to Words"],
  Retyped: [".alter column Events.Text type=long"],
  Gone: [".drop table Events"],
  Elsewhere: [".rename table Events to Happenings"],
  Born: [".create table Late (Id: long, Text: string)", ".append Late <| print Id = 1, Text = 'row 1'"],
};
const CHANGED = Object.keys(CHANGES);
/** Their history is copied for the first time, a window a day. */
const DAYS = 4;
const DELETED = ["Deleted", "DeletedLater", "Retained"];
const DATABASES = [...CHANGED, ...DELETED, "Destination"];

describe("a source that changes in the midst of an iteration", () => {
  let copies: CopyStack;
  const ends = new Map<string, End>();
  const source = () => copies.stack.urls.sourceKusto;
  const begin = (database: string) =>
    beginCopy(copies.stack.urls.functions, bodyOf(copies.stack, database, database));
  const copy = async (database: string) => endOf(await begin(database));
  const held = (database: string, table = "Events") => idsOf(copies.destination, database, table);
  const atSource = (database: string, text: string) => copies.source.command(database, text);
  const endTold = (database: string): End => {
    const end = ends.get(database);
    if (end === undefined) throw new Error(`${database} was not copied.`);
    return end;
  };
  const reasonOf = async (database: string) => {
    const rows = await copies.destination.query(database, "KC_Status | where TableName == 'Events'");
    return rows.map((row) => String(row.Error)).join();
  };

  /** An extent of the source that holds the rows of a day. */
  async function extentOfDay(database: string, day: number): Promise<string> {
    const [row] = await copies.source.query(
      database,
      `Events | where Id == ${day * LOAD} | project Extent = tostring(extent_id())`,
    );
    return String(row?.Extent);
  }
  const exportedOf = async (database: string) =>
    (await entriesOf(lakeOf(copies.stack, database))).flatMap((entry) =>
      entry.kind === "progress" ? entry.exported : [],
    );

  beforeAll(async () => {
    copies = await startCopyStack({
      without: ["arm"],
      sourceDatabases: DATABASES,
      destinationDatabases: DATABASES,
      settings: { KUSTO_COPY_WINDOW_ROWS: String(LOAD) },
    });
    for (const database of CHANGED) {
      for (const table of ["Events", "Other"]) {
        await createIdTable(copies.source, database, table);
        await loadIds(source(), database, table, [0, 50]);
      }
    }
    for (const database of DELETED) await loadDays(copies, database, DAYS, LOAD);
    await cursorsGiven();
    await Promise.all(CHANGED.map(copy));
    for (const database of CHANGED)
      for (const table of ["Events", "Other"]) await loadIds(source(), database, table, [50, 100]);
    await cursorsGiven();

    const hold = async (cluster: string, database: string, kind: string, text: string) =>
      addFault(cluster, { match: { kind, database, text }, action: "throttle", times: 1000 });
    for (const database of [...CHANGED, "Retained"]) await hold(source(), database, "mgmt", "^\\.export");
    // Their exports end, and the run doesn't learn of it.
    await hold(source(), "Deleted", "mgmt", "^\\.show operations");
    // Their files are measured, and arrive late.
    await addFault(copies.stack.urls.destinationKusto, {
      match: { kind: "queue", database: "DeletedLater" },
      action: "delay",
      afterMs: 4000,
      times: 1000,
    });
    const running = new Map<string, string>();
    for (const database of [...CHANGED, ...DELETED]) running.set(database, await begin(database));
    for (const database of [...CHANGED, "Retained"])
      await until("nothing was planned", async () => {
        const log = await entriesOf(lakeOf(copies.stack, database));
        const iteration = database === "Retained" ? 1 : 2;
        return log.some((entry) => entry.kind === "iterationPlanned" && entry.iteration === iteration);
      });
    for (const database of CHANGED)
      for (const text of CHANGES[database] ?? []) await atSource(database, text);
    const age = Math.ceil((Date.now() - Date.parse("2024-05-02T18:00:00Z")) / 3_600_000);
    await atSource("Retained", `.alter-merge table Events policy retention softdelete = ${age}h`);
    await fetch(`${source()}/local/maintenance`, { method: "POST" });
    await until("not all was measured", async () => (await exportedOf("DeletedLater")).length === DAYS);
    await atSource("DeletedLater", `.drop extent ${await extentOfDay("DeletedLater", 1)} from Events`);
    await until("not all was exported", async () => (await commandsDone()) >= DAYS);
    await exportsEnded(copies.source, "Deleted", "Added");
    await atSource("Deleted", `.drop extent ${await extentOfDay("Deleted", 1)} from Events`);
    await clearFaults(source());
    await cursorsGiven();
    for (const [database, statusUrl] of running) ends.set(database, await endOf(statusUrl));
  });
  afterAll(() => copies.stop());

  async function commandsDone(): Promise<number> {
    const rows = await copies.source.command("Added", ".show commands | project Database, Text");
    return rows.filter((row) => row.Database === "Deleted" && String(row.Text).startsWith(".export")).length;
  }

  it("a column that is added, with rows that have it: the iteration is whole without, and the next one brings them", async () => {
    expect(endTold("Added")).toMatchObject({ state: "succeeded", error: null });
    expect(await held("Added")).toEqual(wholeRanges([0, 100]));
    expect(await copy("Added")).toMatchObject({ state: "succeeded", error: null });
    expect(await copies.destination.query("Added", "Events | where isnotnull(Extra) | project Id")).toEqual([
      { Id: 100n },
    ]);
    await endsWell(copies, "Added");
  });

  it.each([
    ["renamed", "Renamed", /column Text is gone/, ".rename column Events.Text to Words"],
    ["retyped", "Retyped", /column Text was string and is long now/, ".alter column Events.Text type=long"],
  ] as const)(
    "a column that is %s: the table waits with the reason, others go on, and once it is settled the rest comes",
    async (_, database, reason, settle) => {
      expect(endTold(database).state).toBe("failed");
      expect(await reasonOf(database)).toMatch(reason);
      expect(await reasonOf(database)).toContain("Nothing of it is lost");
      expect(await held(database)).toEqual(wholeRanges([0, 50]));
      expect(await held(database, "Other")).toEqual(wholeRanges([0, 100]));
      await copies.destination.command(database, settle);
      expect(await copy(database)).toMatchObject({ state: "succeeded", error: null });
      expect(await held(database)).toEqual(wholeRanges([0, 100]));
      // The text of rows that were copied before is the destination's own by now: a retyped column's reads as null there too.
      await checkpointNeverBackwards(lakeOf(copies.stack, database));
      await nothingLeft(copies, database);
    },
  );

  it.each([
    ["dropped", "Gone"],
    ["renamed", "Elsewhere"],
  ] as const)(
    "a table that is %s: it stops with the reason, others go on, and what was copied stays",
    async (_, database) => {
      expect(endTold(database).state).toBe("failed");
      expect(await reasonOf(database)).toContain("was dropped or renamed at the source while it was copied");
      expect(await held(database)).toEqual(wholeRanges([0, 50]));
      expect(await held(database, "Other")).toEqual(wholeRanges([0, 100]));
      expect(await copy(database)).toMatchObject({ state: "succeeded", error: null });
      expect(await held(database)).toEqual(wholeRanges([0, 50]));
      // Under its new name it is another table, with all its rows.
      if (database === "Elsewhere") expect(await held(database, "Happenings")).toEqual(wholeRanges([0, 100]));
      await endsWell(copies, database);
    },
  );

  it("a table that is created: it isn't in the iteration, and whole in the next", async () => {
    expect(endTold("Born")).toMatchObject({ state: "succeeded", error: null });
    expect(await tableNames(copies.destination, "Born")).toEqual(["Events", "Other"]);
    expect(await copy("Born")).toMatchObject({ state: "succeeded", error: null });
    expect(await held("Born", "Late")).toEqual(wholeRanges([1, 2]));
    await endsWell(copies, "Born");
  });

  it("rows that are deleted after their export, before it is measured: their window is exported again", async () => {
    expect(endTold("Deleted")).toMatchObject({ state: "succeeded", error: null });
    expect(await held("Deleted")).toEqual(wholeRanges([0, LOAD], [2 * LOAD, DAYS * LOAD]));
    expect(differing(await copies.compare("Deleted"))).toEqual([]);
    const attempts = (await exportedOf("Deleted")).map(({ attempt }) => attempt);
    expect(attempts.toSorted()).toEqual([1, 1, 1, 2]);
    await endsWell(copies, "Deleted");
  });

  it("rows that are deleted between their export and the verification: the copy is what was exported", async () => {
    expect(endTold("DeletedLater")).toMatchObject({ state: "succeeded", error: null });
    expect((await idsOf(copies.source, "DeletedLater", "Events")).rows).toBe((DAYS - 1) * LOAD);
    expect(await held("DeletedLater")).toEqual(wholeRanges([0, DAYS * LOAD]));
    expect((await exportedOf("DeletedLater")).length).toBe(DAYS);
    await checkpointNeverBackwards(lakeOf(copies.stack, "DeletedLater"));
    await nothingLeft(copies, "DeletedLater");
  });

  it("retention that drops days of the source which are planned and not exported: the copy is what is left", async () => {
    expect(endTold("Retained")).toMatchObject({ state: "succeeded", error: null });
    expect(await idsOf(copies.source, "Retained", "Events")).toEqual(wholeRanges([2 * LOAD, DAYS * LOAD]));
    expect(await held("Retained")).toEqual(wholeRanges([2 * LOAD, DAYS * LOAD]));
    await endsWell(copies, "Retained");
  });

  it("retention of the destination that runs all the while drops nothing before it is shown, and nothing is copied again for it", async () => {
    const database = "Destination";
    const destination = copies.stack.urls.destinationKusto;
    await loadDays(copies, database, DAYS, LOAD);
    await copies.destination.command(
      database,
      `.alter database ${database} policy retention '{"SoftDeletePeriod": "100.00:00:00", "Recoverability": "Enabled"}'`,
    );
    const statusUrl = await begin(database);
    await until("the copy didn't end", async () => {
      await fetch(`${destination}/local/maintenance`, { method: "POST" });
      return (await lookAt(statusUrl)).state !== "running";
    });
    expect(await lookAt(statusUrl)).toMatchObject({ state: "succeeded", error: null });
    const finished = (await exportedOf(database)).map(({ attempt }) => attempt);
    expect(finished).toEqual(Array(DAYS).fill(1));
    await fetch(`${destination}/local/maintenance`, { method: "POST" });
    // As old as the source's, they are the destination's own retention's to drop.
    expect(await extentIds(copies.destination, database, "Events")).toEqual([]);
    expect(await copy(database)).toMatchObject({ state: "succeeded", error: null });
    expect((await exportedOf(database)).length).toBe(DAYS);
    await checkpointNeverBackwards(lakeOf(copies.stack, database));
    await nothingLeft(copies, database);
  });
});
