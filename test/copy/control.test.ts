import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { askFor, askResync, askStartOver, readControl } from "../../lake/control.ts";
import { readState } from "../../lake/log.ts";
import { waitingResyncs } from "../../model/control.ts";
import { loadDays } from "./daysOfRows.ts";
import {
  addFault,
  beginCopy,
  bodyOf,
  clearFaults,
  commandsLike,
  createIdTable,
  idsOf,
  loadIds,
  lookAt,
  tableNames,
  until,
  wholeRanges,
} from "./drive.ts";
import { lakeOf, nothingLeft } from "./leftovers.ts";
import { type CopyStack, cursorsGiven, startCopyStack } from "./support.ts";

const DATABASES = ["Paused", "Cancelled", "Again", "Asked", "Over", "Since", "Shown", "Owed"];
const DAYS = 8;
const LOAD = 100;
const ALL = wholeRanges([0, DAYS * LOAD]);

describe("a copy of which something is asked", () => {
  let copies: CopyStack;
  const source = () => copies.stack.urls.sourceKusto;
  const body = (database: string) => bodyOf(copies.stack, database, database);
  const held = (database: string) => idsOf(copies.destination, database, "Events");

  /** Begins a copy and waits until it is in the midst: windows staged, and windows not even exported. */
  async function midst(database: string): Promise<string> {
    const match = { kind: "operation", database, text: "^\\.export" };
    await addFault(source(), { match, action: "delay", afterMs: 400, times: 3 });
    await addFault(source(), { match, action: "delay", afterMs: 2000, times: 1000 });
    const statusUrl = await beginCopy(copies.stack.urls.functions, body(database));
    await until("no window was staged", async () => {
      const windows = (await lookAt(statusUrl)).tables[0]?.windows;
      return windows !== undefined && windows.staged > 0;
    });
    return statusUrl;
  }

  /** What somebody sees who looks at a table again and again while something is done. */
  async function watched<T>(
    database: string,
    work: () => Promise<T>,
  ): Promise<{ seen: Awaited<ReturnType<typeof held>>[]; done: T }> {
    const seen = [await held(database)];
    let over = false;
    const watching = (async () => {
      while (!over) {
        seen.push(await held(database));
        await sleep(50);
      }
    })();
    const done = await work().finally(() => {
      over = true;
    });
    await watching;
    return { seen, done };
  }

  const ended = (statusUrl: string) =>
    until(
      "the run didn't end",
      async () => !["running", "pausing", "cancelling"].includes((await lookAt(statusUrl)).state),
    );

  beforeAll(async () => {
    copies = await startCopyStack({
      sourceDatabases: DATABASES,
      destinationDatabases: DATABASES,
      settings: { KUSTO_COPY_WINDOW_ROWS: String(LOAD), KUSTO_COPY_EXPORT_SLOTS: "2" },
    });
  });
  afterAll(() => copies.stop());

  it("pauses with nothing shown and nothing lost, and goes on from there when it is resumed", async () => {
    await loadDays(copies, "Paused", DAYS, LOAD);
    const statusUrl = await midst("Paused");
    await askFor(lakeOf(copies.stack, "Paused"), "pause", "a test");
    await ended(statusUrl);
    const paused = await readState(lakeOf(copies.stack, "Paused"));
    expect(paused.ended).toMatchObject({ outcome: "paused", reason: expect.stringContaining("a test") });
    const windows = Object.values(paused.open.backfill?.windows ?? {});
    // Each export that was begun was waited for.
    const exports = await commandsLike(copies.source, "Paused", ".export");
    expect(windows.filter((window) => window.stage !== "planned").length).toBe(exports);
    expect(exports).toBeLessThan(DAYS);
    expect((await held("Paused")).rows).toBe(0);

    await clearFaults(source());
    await askFor(lakeOf(copies.stack, "Paused"), "run", "a test");
    expect(await copies.copy(body("Paused"))).toMatchObject({ state: "succeeded", error: null });
    expect(await commandsLike(copies.source, "Paused", ".export")).toBe(DAYS);
    expect(await held("Paused")).toEqual(ALL);
    await nothingLeft(copies, "Paused", ["Events"]);
  });

  it("leaves nothing of what wasn't shown when it is cancelled, and copies the rest when it is resumed", async () => {
    await loadDays(copies, "Cancelled", DAYS, LOAD);
    const statusUrl = await midst("Cancelled");
    await askFor(lakeOf(copies.stack, "Cancelled"), "cancel", "a test");
    await ended(statusUrl);
    await clearFaults(source());
    const cancelled = await readState(lakeOf(copies.stack, "Cancelled"));
    expect(cancelled.ended?.outcome).toBe("cancelled");
    expect(cancelled.open).toEqual({});
    expect(cancelled.historyReadAt).toBeUndefined();
    expect((await held("Cancelled")).rows).toBe(0);
    expect(await tableNames(copies.destination, "Cancelled")).toEqual(["Events"]);

    await askFor(lakeOf(copies.stack, "Cancelled"), "run", "a test");
    expect(await copies.copy(body("Cancelled"))).toMatchObject({ state: "succeeded", error: null });
    expect(await held("Cancelled")).toEqual(ALL);
    await nothingLeft(copies, "Cancelled", ["Events"]);
  });

  it("replaces a resynchronised table's rows by the source's in one step, whatever either side lost or gained", async () => {
    await loadDays(copies, "Again", DAYS, LOAD);
    await copies.copy(body("Again"));
    const extents = await copies.destination.command("Again", ".show table Events extents");
    await copies.destination.command("Again", `.drop extent ${String(extents[0]?.ExtentId)}`);
    await loadIds(copies.stack.urls.destinationKusto, "Again", "Events", [5000, 5010]);
    await loadIds(source(), "Again", "Events", [DAYS * LOAD, DAYS * LOAD + 10]);
    await cursorsGiven();
    // A column that is gone stops a table otherwise, as older rows have it.
    await copies.source.command("Again", ".drop column Events.Text");
    await askResync(lakeOf(copies.stack, "Again"), ["Events"], "a test");
    const before = await held("Again");
    const replaced = await commandsLike(copies.destination, "Again", ".replace");
    const { seen, done } = await watched("Again", () => copies.copy(body("Again")));
    expect(done).toMatchObject({ state: "succeeded", error: null });
    const whole = wholeRanges([0, DAYS * LOAD + 10]);
    expect(await held("Again")).toEqual(whole);
    // By one command, and whoever looks meanwhile sees what was or what is.
    expect(await commandsLike(copies.destination, "Again", ".replace")).toBe(replaced + 1);
    expect(seen[0]).toEqual(before);
    expect(seen.filter((rows) => ![before, whole].some((may) => isDeepStrictEqual(rows, may)))).toEqual([]);
    await nothingLeft(copies, "Again", ["Events"]);
    // Cursors follow it from there on, and the request was taken in once.
    await copies.source.command("Again", ".append Events <| range Id from 810 to 819 step 1");
    await cursorsGiven();
    const next = await copies.copy(body("Again"));
    expect(next.tables).toMatchObject([{ name: "Events", rows: 10 }]);
    expect(await held("Again")).toEqual(wholeRanges([0, DAYS * LOAD + 20]));
  });

  it("takes a request in once, though its file can't be removed, and goes on", async () => {
    const lake = lakeOf(copies.stack, "Again");
    const id = await askResync(lake, ["Events"], "a test");
    const file = lake.container.getBlobClient(lake.blobName(`control/resync/${id}.json`));
    await file.getBlobLeaseClient().acquireLease(-1);
    const before = await held("Again");
    expect(await copies.copy(body("Again"))).toMatchObject({ state: "succeeded", error: null });
    const extents = () =>
      copies.destination.command("Again", ".show table Events extents | project ExtentId");
    const once = await extents();
    expect(await copies.copy(body("Again"))).toMatchObject({ state: "succeeded", error: null });
    expect(await extents()).toEqual(once);
    expect(await file.exists()).toBe(true);
    expect(await held("Again")).toEqual(before);
    expect((await readState(lake)).resyncs.filter((each) => each === id)).toHaveLength(1);
    // Once it can be removed the next request takes it along.
    await file.getBlobLeaseClient().breakLease(0);
    const next = await askResync(lake, ["Events"], "a test");
    expect(await copies.copy(body("Again"))).toMatchObject({ state: "succeeded", error: null });
    expect((await readState(lake)).resyncs.slice(-2)).toEqual([id, next]);
    expect((await readControl(lake)).resyncs).toEqual([]);
  });

  it("is paused, cancelled and resumed although the file of what is asked for can't be read", async () => {
    const lake = lakeOf(copies.stack, "Again");
    const file = lake.container.getBlockBlobClient(lake.blobName("control/wanted.json"));
    for (const wish of ["pause", "cancel", "run"] as const) {
      await file.upload("{", 1);
      await askFor(lake, wish, "a test");
      expect((await readControl(lake)).wanted).toBe(wish);
    }
  });

  it("is to start over and to run, or neither; that waits through a pause until a run takes it in, and a cancellation withdraws it", async () => {
    const lake = lakeOf(copies.stack, "Asked");
    await createIdTable(copies.source, "Asked", "Events");
    await loadIds(source(), "Asked", "Events", [0, 10]);
    await cursorsGiven();
    await copies.copy(body("Asked"));
    await askFor(lake, "pause", "a test");
    const wanted = lake.container.getBlobClient(lake.blobName("control/wanted.json"));
    const lease = wanted.getBlobLeaseClient();
    await lease.acquireLease(-1);
    await expect(askStartOver(lake, ["Events"], "a test", [])).rejects.toThrow();
    await lease.releaseLease();
    const before = await readState(lake);
    const waiting = async () => waitingResyncs((await readControl(lake)).resyncs, before);
    expect([(await readControl(lake)).wanted, await waiting()]).toEqual(["pause", []]);

    await askStartOver(lake, ["Events"], "a test", before.resyncs);
    let asked = await waiting();
    expect(asked).toMatchObject([{ tables: ["Events"] }]);
    for (const wish of ["pause", "run"] as const) {
      expect(await askFor(lake, wish, "a test")).toMatchObject({ id: asked[0]?.id });
      expect([(await readControl(lake)).wanted, await waiting()]).toEqual([wish, asked]);
    }
    expect(await askFor(lake, "cancel", "a test")).toMatchObject({ id: asked[0]?.id });
    await askFor(lake, "run", "a test");
    expect(await waiting()).toEqual([]);
    await askStartOver(lake, ["Events"], "a test", before.resyncs);
    asked = await waiting();
    await askStartOver(lake, ["Events"], "a test", before.resyncs);
    expect(await waiting()).toEqual(asked);
    await loadIds(copies.stack.urls.destinationKusto, "Asked", "Events", [6000, 6010]);
    expect(await copies.copy(body("Asked"))).toMatchObject({ state: "succeeded", error: null });
    expect(await held("Asked")).toEqual(wholeRanges([0, 10]));
    // It was taken in once, and another one is another one.
    expect((await readControl(lake)).startOver).toBeUndefined();
    const { resyncs } = await readState(lake);
    expect(resyncs.slice(before.resyncs.length)).toEqual(asked.map(({ id }) => id));
    await askStartOver(lake, ["Events"], "a test", resyncs);
    expect((await readControl(lake)).startOver?.id).not.toBe(asked[0]?.id);
  });

  it("paused in its midst, starts over over HTTP, and holds what the source holds by then", async () => {
    await loadDays(copies, "Over", DAYS, LOAD);
    const statusUrl = await midst("Over");
    const post = async (verb: string, request: object) => {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(`${statusUrl}/${verb}`, {
        method: "POST",
        headers,
        body: JSON.stringify(request),
      });
      expect(answer.status).toBe(202);
      return z
        .object({ id: z.string(), statusUrl: z.url().optional() })
        .loose()
        .parse(await answer.json());
    };
    await post("pause", {});
    await ended(statusUrl);
    await clearFaults(source());
    expect((await held("Over")).rows).toBe(0);
    const [first] = await copies.source.query(
      "Over",
      "Events | where Id == 0 | project Extent = tostring(extent_id())",
    );
    await copies.source.command("Over", `.drop extent ${String(first?.Extent)}`);
    await cursorsGiven();
    const over = await post("resume", { startOver: true });
    expect(over).toMatchObject({ startsOver: true });
    await ended(over.statusUrl ?? "");
    expect(await lookAt(over.statusUrl ?? "")).toMatchObject({ state: "succeeded", error: null });
    expect(await held("Over")).toEqual(wholeRanges([LOAD, DAYS * LOAD]));
    await nothingLeft(copies, "Over", ["Events"]);
    // What was taken in waits no more.
    await post("pause", {});
    const resumed = await post("resume", {});
    expect(resumed).toMatchObject({ startsOver: false });
    await ended(resumed.statusUrl ?? "");
  });

  it("brings no history by a resynchronisation where only what comes was to be copied", async () => {
    await loadDays(copies, "Since", DAYS, LOAD);
    const only = { ...body("Since"), mode: "new" };
    await copies.copy(only);
    await loadIds(source(), "Since", "Events", [7000, 7010]);
    await cursorsGiven();
    await copies.copy(only);
    expect(await held("Since")).toEqual(wholeRanges([7000, 7010]));
    await askResync(lakeOf(copies.stack, "Since"), ["Events"], "a test");
    expect(await copies.copy(only)).toMatchObject({ state: "succeeded", error: null });
    expect(await held("Since")).toEqual(wholeRanges([7000, 7010]));
  });
});

describe("windows that are shown one by one", () => {
  let copies: CopyStack;
  const held = (database: string) => idsOf(copies.destination, database, "Events");
  const body = (database: string) => bodyOf(copies.stack, database, database);

  beforeAll(async () => {
    copies = await startCopyStack({
      sourceDatabases: DATABASES,
      destinationDatabases: DATABASES,
      settings: {
        KUSTO_COPY_WINDOW_ROWS: String(LOAD),
        KUSTO_COPY_VISIBILITY: "window",
        KUSTO_COPY_MAX_ATTEMPTS: "4",
      },
    });
  });
  afterAll(() => copies.stop());

  it("can be queried while others of the iteration are on their way", async () => {
    await loadDays(copies, "Shown", DAYS, LOAD);
    const match = { kind: "operation", database: "Shown", text: "^\\.export.*2024-05-08" };
    await addFault(copies.stack.urls.sourceKusto, { match, action: "delay", afterMs: 8000, times: 1 });
    const statusUrl = await beginCopy(copies.stack.urls.functions, body("Shown"));
    await until(
      "nothing was shown before the end",
      async () =>
        (await tableNames(copies.destination, "Shown")).includes("Events") &&
        (await held("Shown")).rows >= LOAD,
    );
    expect((await lookAt(statusUrl)).state).toBe("running");
    await until("the copy didn't end", async () => (await lookAt(statusUrl)).state !== "running");
    expect(await held("Shown")).toEqual(ALL);
  });

  it("aren't copied again where another window of theirs can't be, and the rest follows as it was cut", async () => {
    await loadDays(copies, "Owed", DAYS, LOAD);
    const match = { kind: "operation", database: "Owed", text: "^\\.export.*2024-05-04" };
    await addFault(copies.stack.urls.sourceKusto, {
      match,
      action: "operationState",
      state: "Abandoned",
      times: 1000,
    });
    const failed = await copies.copy(body("Owed"));
    expect(failed.state).toBe("failed");
    const { rows } = await held("Owed");
    expect(rows).toBeGreaterThan(0);
    expect(rows).toBeLessThan(DAYS * LOAD);
    await clearFaults(copies.stack.urls.sourceKusto);
    await loadIds(copies.stack.urls.sourceKusto, "Owed", "Events", [DAYS * LOAD, DAYS * LOAD + 10]);
    await cursorsGiven();
    expect(await copies.copy(body("Owed"))).toMatchObject({ state: "succeeded", error: null });
    expect(await held("Owed")).toEqual(wholeRanges([0, DAYS * LOAD + 10]));
  });
});
