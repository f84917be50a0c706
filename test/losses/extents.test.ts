import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readExtents } from "../../kusto/reads.ts";
import {
  addFault,
  bodyOf,
  clearFaults,
  createIdTable,
  extentIds,
  idsOf,
  loadIds,
  strikes,
  wholeRanges,
} from "../copy/drive.ts";
import { nothingLeft } from "../copy/leftovers.ts";
import { type CopyStack, cursorsGiven, maintain, startCopyStack } from "../copy/support.ts";
import { equal, exact, exportsOf } from "./promise.ts";

const LOADS = 12;
const LOAD = 25;

describe("a copy is exact although", () => {
  let copies: CopyStack;
  let source: string;
  let destination: string;
  const body = (database: string, more: object = {}) => bodyOf(copies.stack, database, database, more);

  beforeAll(async () => {
    const databases = ["Merging", "Apart", "Stale"];
    copies = await startCopyStack({ sourceDatabases: databases, destinationDatabases: databases });
    source = copies.stack.urls.sourceKusto;
    destination = copies.stack.urls.destinationKusto;
  });
  afterAll(() => copies.stop());

  it("extents merge between any two of its commands, at both ends", async () => {
    const tables = ["Events", "Whole"];
    for (const table of tables) await createIdTable(copies.source, "Merging", table);
    await copies.source.command("Merging", ".alter table Whole policy ingestiontime false");
    const merge = (table: string, policy: object) =>
      copies.source.command(
        "Merging",
        `.alter-merge table ${table} policy merge '${JSON.stringify(policy)}'`,
      );
    const loads = async (from: number) => {
      for (const table of tables) {
        await merge(table, { AllowMerge: false, AllowRebuild: false });
        for (let i = 0; i < LOADS; i++) {
          const at = new Date(Date.now() - (LOADS - i) * 3_600_000).toISOString();
          const times = { ingestedAt: at, createdOn: at };
          await loadIds(source, "Merging", table, [from + i * LOAD, from + (i + 1) * LOAD], times);
        }
      }
      await cursorsGiven();
      // Two at a time, so that there is something to merge for many commands.
      for (const table of tables)
        await merge(table, { AllowMerge: true, AllowRebuild: true, MaxExtentsToMerge: 2 });
    };
    for (const cluster of [source, destination]) await addFault(cluster, { action: "merge", times: 100_000 });

    await loads(0);
    const before = await extentIds(copies.source, "Merging", "Events");
    const wanted = { windowRows: 3 * LOAD };
    const first = await copies.copy(body("Merging", wanted));
    expect(first).toMatchObject({ state: "succeeded", error: null });
    const windows = first.tables.find((table) => table.name === "Events")?.windows.total ?? 0;
    expect(windows).toBeGreaterThan(2);
    // No attempt at a window was for nothing: what is staged keeps its ids.
    expect(await exportsOf(copies, "Merging", "Events")).toBe(windows);
    expect(await extentIds(copies.source, "Merging", "Events")).not.toEqual(before);
    await nothingLeft(copies, "Merging", tables);

    // What is moved next lies among rows of its day, is merged with them at once, and its answer is lost.
    const match = { kind: "mgmt", database: "Merging", text: "^\\.(move|replace)" };
    await addFault(destination, { match, action: "loseAnswer", times: 2 });
    await loads(LOADS * LOAD);
    expect(await copies.copy(body("Merging", wanted))).toMatchObject({ state: "succeeded", error: null });
    for (const cluster of [source, destination]) expect((await strikes(cluster))[0]).toBeGreaterThan(50);
    expect((await strikes(destination))[1]).toBe(2);
    for (const table of tables)
      expect(await idsOf(copies.destination, "Merging", table)).toEqual(wholeRanges([0, 2 * LOADS * LOAD]));
    await equal(copies, "Merging");
    await nothingLeft(copies, "Merging", tables);
    for (const cluster of [source, destination]) await clearFaults(cluster);
  });

  it("a table has few extents, whose creation times lie days apart in one and the same", async () => {
    await createIdTable(copies.source, "Apart", "Events");
    const days = ["2024-05-01", "2024-05-12", "2024-06-20"];
    for (const [i, day] of days.entries()) {
      const at = `${day}T12:00:00Z`;
      await loadIds(source, "Apart", "Events", [i * LOAD, (i + 1) * LOAD], { ingestedAt: at, createdOn: at });
    }
    await cursorsGiven();
    const policy = { Lookback: { Kind: "All" }, MaxRangeInHours: 24 * 365 };
    await copies.source.command(
      "Apart",
      `.alter-merge table Events policy merge '${JSON.stringify(policy)}'`,
    );
    await maintain(source);
    const [extent, ...others] = await readExtents(copies.source, "Apart", ["Events"], {});
    expect(others).toEqual([]);
    expect([extent?.MinCreatedOn.slice(0, 10), extent?.MaxCreatedOn.slice(0, 10)]).toEqual([
      days[0],
      days[2],
    ]);

    const done = await copies.copy(body("Apart"));
    expect(done).toMatchObject({ state: "succeeded", error: null });
    await exact(copies, "Apart", days.length * LOAD);
    const extents = await readExtents(copies.destination, "Apart", ["Events"], {});
    expect(extents.map((each) => each.MinCreatedOn.slice(0, 10)).toSorted()).toEqual(days);
    expect(extents.flatMap((each) => each.Tags).toSorted()).toEqual(days.map((day) => `drop-by:kc-${day}`));
  });

  it("whatever may be read weakly is read as it was before anything was there", async () => {
    await createIdTable(copies.source, "Stale", "Events");
    const stale = { match: { kind: "query", database: "Stale" }, action: "stale", times: 100_000 } as const;
    await addFault(source, stale);
    await addFault(destination, stale);
    await loadIds(source, "Stale", "Events", [0, 200]);
    await cursorsGiven();
    expect((await idsOf(copies.source, "Stale", "Events")).rows).toBe(0);
    expect(await copies.copy(body("Stale"))).toMatchObject({ state: "succeeded", error: null });
    await loadIds(source, "Stale", "Events", [200, 300]);
    await cursorsGiven();
    expect(await copies.copy(body("Stale"))).toMatchObject({ state: "succeeded", error: null });
    for (const cluster of [source, destination]) await clearFaults(cluster);
    await exact(copies, "Stale", 300);
  });
});
