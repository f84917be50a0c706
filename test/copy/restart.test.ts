import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { runCopy } from "../../local/demo/api.ts";
import { loadDays } from "./daysOfRows.ts";
import {
  addFault,
  beginCopy,
  bodyOf,
  clearFaults,
  commandsLike,
  createIdTable,
  extentIds,
  idsOf,
  loadIds,
  lookAt,
  strikes,
  tableNames,
  until,
  wholeRanges,
} from "./drive.ts";
import { type ExtraHost, startExtraHost } from "./hosts.ts";
import { nothingLeft } from "./leftovers.ts";
import { type CopyStack, startCopyStack } from "./support.ts";

const DATABASES = ["Killed", "Resumed", "Intended", "Moved", "Replaced", "Dropped", "Two"];
const DAYS = 8;
const LOAD = 100;
const ALL = wholeRanges([0, DAYS * LOAD]);
const STOPPED =
  /neither there nor in the table now.* The table is stopped as it is: resynchronise it, which copies it whole/;

describe("a copy that is interrupted", () => {
  let copies: CopyStack;
  let host: ExtraHost;
  const hosts: ExtraHost[] = [];
  const body = (database: string) => bodyOf(copies.stack, database, database);
  const held = (database: string) => idsOf(copies.destination, database, "Events");

  async function newHost(data?: string): Promise<ExtraHost> {
    const started = await startExtraHost(copies.stack, {
      settings: { KUSTO_COPY_WINDOW_ROWS: String(LOAD) },
      ...(data === undefined ? {} : { data }),
    });
    hosts.push(started);
    return started;
  }
  const finish = (database: string) => runCopy(host.url, () => undefined, body(database));

  /** Begins a copy and waits until it is in the midst: windows staged, and windows not even exported. */
  async function midst(database: string, exportMs = 3000): Promise<string> {
    const match = { kind: "operation", database, text: "^\\.export" };
    await addFault(copies.stack.urls.sourceKusto, { match, action: "delay", afterMs: 400, times: 2 });
    await addFault(copies.stack.urls.sourceKusto, { match, action: "delay", afterMs: exportMs, times: 1000 });
    const statusUrl = await beginCopy(host.url, body(database));
    await until("no window was staged", async () => {
      const windows = (await lookAt(statusUrl)).tables[0]?.windows;
      return windows !== undefined && windows.staged > 0;
    });
    const windows = (await lookAt(statusUrl)).tables[0]?.windows;
    expect(windows?.exported).toBeLessThan(DAYS);
    return statusUrl;
  }

  beforeAll(async () => {
    copies = await startCopyStack({
      host: false,
      sourceDatabases: DATABASES,
      destinationDatabases: DATABASES,
    });
    host = await newHost();
  });
  afterAll(async () => {
    await Promise.all(hosts.map((each) => each.stop()));
    await copies.stop();
  });

  it("is finished by another host that knows nothing of it: exactly, and what was exported is not exported again", async () => {
    await loadDays(copies, "Killed", DAYS, LOAD);
    const statusUrl = await midst("Killed");
    const exported = (await lookAt(statusUrl)).tables[0]?.windows.exported ?? 0;
    await host.kill();
    await clearFaults(copies.stack.urls.sourceKusto);
    const exports = await commandsLike(copies.source, "Killed", ".export");
    host = await newHost();
    const done = await finish("Killed");
    const more = (await commandsLike(copies.source, "Killed", ".export")) - exports;
    expect(more).toBeGreaterThan(0);
    expect(more).toBeLessThanOrEqual(DAYS - exported);
    expect(done).toMatchObject({ state: "succeeded", error: null });
    expect(await held("Killed")).toEqual(ALL);
    await nothingLeft(copies, "Killed", ["Events"]);
  });

  it("goes on by itself where the same host starts again", async () => {
    await loadDays(copies, "Resumed", DAYS, LOAD);
    const before = await midst("Resumed");
    const { data } = host;
    await host.kill();
    await clearFaults(copies.stack.urls.sourceKusto);
    host = await newHost(data);
    const statusUrl = `${host.url}${new URL(before).pathname}`;
    await until("the copy didn't end", async () => (await lookAt(statusUrl)).state !== "running");
    expect(await lookAt(statusUrl)).toMatchObject({ state: "succeeded", error: null });
    expect(await held("Resumed")).toEqual(ALL);
    await nothingLeft(copies, "Resumed", ["Events"]);
  });

  it("rolls forward what it was about to promote: nothing is exported a second time", async () => {
    await loadDays(copies, "Intended", DAYS, LOAD);
    const destination = copies.stack.urls.destinationKusto;
    const match = { kind: "mgmt", database: "Intended", text: "^\\.move" };
    await addFault(destination, { match, action: "fail", times: 1000 });
    await beginCopy(host.url, body("Intended"));
    await until("no move was tried", async () => ((await strikes(destination))[0] ?? 0) > 0);
    await host.kill();
    await clearFaults(destination);
    expect((await held("Intended")).rows).toBe(0);
    const exports = await commandsLike(copies.source, "Intended", ".export");

    host = await newHost();
    expect(await finish("Intended")).toMatchObject({ state: "succeeded", error: null });
    expect(await held("Intended")).toEqual(ALL);
    expect(await commandsLike(copies.source, "Intended", ".export")).toBe(exports);
    await nothingLeft(copies, "Intended", ["Events"]);
  });

  it("finds what it had moved by its tag, and moves nothing twice", async () => {
    await loadDays(copies, "Moved", DAYS, LOAD);
    const destination = copies.stack.urls.destinationKusto;
    // The move is made, and its answer is still on the way when the host dies.
    const match = { kind: "mgmt", database: "Moved", text: "^\\.move" };
    await addFault(destination, { match, action: "loseAnswer", afterMs: 20_000 });
    await beginCopy(host.url, body("Moved"));
    await until("nothing was moved", async () => {
      return (
        (await tableNames(copies.destination, "Moved")).includes("Events") && (await held("Moved")).rows > 0
      );
    });
    await host.kill();
    await clearFaults(destination);
    const moves = await commandsLike(copies.destination, "Moved", ".move");
    const exports = await commandsLike(copies.source, "Moved", ".export");

    host = await newHost();
    expect(await finish("Moved")).toMatchObject({ state: "succeeded", error: null });
    expect(await held("Moved")).toEqual(ALL);
    expect(await commandsLike(copies.destination, "Moved", ".move")).toBe(moves);
    expect(await commandsLike(copies.source, "Moved", ".export")).toBe(exports);
    await nothingLeft(copies, "Moved", ["Events"]);
  });

  it("replaces a snapshot table once: what the lost answer had replaced is not emptied or doubled", async () => {
    await createIdTable(copies.source, "Replaced", "Events");
    await copies.source.command("Replaced", ".alter table Events policy ingestiontime false");
    await loadIds(copies.stack.urls.sourceKusto, "Replaced", "Events", [0, DAYS * LOAD]);
    expect(await finish("Replaced")).toMatchObject({ state: "succeeded" });
    await copies.source.command("Replaced", ".set-or-replace Events <| Events | where Id < 300");
    const destination = copies.stack.urls.destinationKusto;
    const match = { kind: "mgmt", database: "Replaced", text: "^\\.replace" };
    await addFault(destination, { match, action: "loseAnswer", afterMs: 20_000 });
    await beginCopy(host.url, body("Replaced"));
    await until("nothing was replaced", async () => (await held("Replaced")).rows === 300);
    await host.kill();
    await clearFaults(destination);

    host = await newHost();
    expect(await finish("Replaced")).toMatchObject({ state: "succeeded", error: null });
    expect(await held("Replaced")).toEqual(wholeRanges([0, 300]));
  });

  it("stops a table, and says so, where verified rows are neither in staging nor in the table; a resynchronisation brings it whole", async () => {
    await loadDays(copies, "Dropped", DAYS, LOAD);
    const destination = copies.stack.urls.destinationKusto;
    const match = { kind: "mgmt", database: "Dropped", text: "^\\.move" };
    await addFault(destination, { match, action: "fail", times: 1000 });
    await beginCopy(host.url, body("Dropped"));
    await until("no move was tried", async () => ((await strikes(destination))[0] ?? 0) > 0);
    await host.kill();
    await clearFaults(destination);
    const [staging] = (await tableNames(copies.destination, "Dropped")).filter((name) => name !== "Events");
    const [extent] = await extentIds(copies.destination, "Dropped", staging ?? "");
    await copies.destination.command("Dropped", `.drop extent ${extent} from ${staging}`);

    host = await newHost();
    const done = await finish("Dropped");
    expect(done.state).toBe("failed");
    expect(done.tables).toMatchObject([
      { name: "Events", state: "failed", error: expect.stringMatching(STOPPED) },
    ]);
    // Nor does a later run act as if nothing had been.
    const later = await finish("Dropped");
    expect(later).toMatchObject({ state: "failed", tables: [{ error: expect.stringMatching(STOPPED) }] });
    expect((await held("Dropped")).rows).toBe(0);

    // It is done what it says.
    const asked = await fetch(`${host.url}/api/copies/${later.id}/resync`, {
      method: "POST",
      body: JSON.stringify({ tables: ["Events"] }),
    });
    expect(asked.status).toBe(202);
    const { statusUrl } = z.object({ statusUrl: z.url() }).parse(await asked.json());
    await until("the copy didn't end", async () => (await lookAt(statusUrl)).state !== "running");
    expect(await lookAt(statusUrl)).toMatchObject({ state: "succeeded", error: null });
    expect(await held("Dropped")).toEqual(ALL);
    await nothingLeft(copies, "Dropped", ["Events"]);
  });

  it("stops with a clear message where another one takes over its folder, and nothing is doubled", async () => {
    await loadDays(copies, "Two", DAYS, LOAD);
    // Its exports take longer than another host to start.
    const older = await midst("Two", 15_000);
    const first = host;
    host = await newHost();
    const newer = finish("Two");
    await until("the older run went on", async () => (await lookAt(older)).state !== "running");
    expect(await lookAt(older)).toMatchObject({
      state: "failed",
      error: expect.stringMatching(/Another run took over the lake folder .*Two.*destroyed nothing/),
    });
    await clearFaults(copies.stack.urls.sourceKusto);
    expect(await newer).toMatchObject({ state: "succeeded", error: null });
    expect(await held("Two")).toEqual(ALL);
    await first.stop();
    await nothingLeft(copies, "Two", ["Events"]);
  });
});
