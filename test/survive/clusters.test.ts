import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { retriesSchema } from "../../model/retries.ts";
import { loadDays } from "../copy/daysOfRows.ts";
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
  until,
  wholeRanges,
} from "../copy/drive.ts";
import { type ExtraHost, startExtraHost } from "../copy/hosts.ts";
import { lakeOf } from "../copy/leftovers.ts";
import { type CopyStack, cursorsGiven, startCopyStack } from "../copy/support.ts";
import { type Cluster, ownDestination } from "./cluster.ts";
import { addLakeFault, clearLakeFaults, lakeStrikes } from "./lakeFaults.ts";
import { endOf, endsWell, entriesOf, exportsEnded, LOAD, midst, slowExports } from "./support.ts";

const EXPIRED = ["Expired", "ExpiredAsRead"];
const DATABASES = ["Stopped", "Crashed", "Scaled", "Moment", "Refused", "Denied", ...EXPIRED];
/** A SAS that was given out so long ago is another one's to replace, milliseconds (lake/clusterAccess.ts). */
const SAS_IS_OLD_MS = 5000;
const DAYS = 6;
const ALL = wholeRanges([0, DAYS * LOAD]);
const UNAUTHORIZED = {
  action: "fail",
  status: 401,
  code: "Unauthorized",
  message: "The token has expired.",
  permanent: true,
  times: 100_000,
} as const;

/** What is told of a cluster that doesn't answer. */
const UNREACHED = /^No answer from the cluster: .*Check the cluster's address, that it runs/;

describe("clusters that fail a copy for a while", () => {
  let copies: CopyStack;
  let cluster: Cluster;
  let host: ExtraHost;
  /** One that ingests by commands, whose failures are told at once. */
  let direct: ExtraHost;
  /** Since when the clusters have a SAS for the lake folders whose SAS is to run out. */
  let sasSince = 0;
  const body = (database: string) => bodyOf(copies.stack, database, database);
  const held = (database: string) => idsOf(copies.destination, database, "Events");
  const source = () => copies.stack.urls.sourceKusto;
  const destination = () => copies.stack.urls.destinationKusto;
  const begin = (database: string) => beginCopy(host.url, body(database));
  const copy = async (database: string) => endOf(await begin(database));

  beforeAll(async () => {
    copies = await startCopyStack({
      host: false,
      without: ["arm", "destination"],
      sourceDatabases: DATABASES,
      settings: { KUSTO_COPY_WINDOW_ROWS: String(LOAD) },
    });
    cluster = await ownDestination(copies.stack, DATABASES);
    await cluster.start();
    [host, direct] = await Promise.all([
      startExtraHost(copies.stack, { settings: { KUSTO_COPY_EXPORT_SLOTS: "2" } }),
      startExtraHost(copies.stack, {
        settings: { KUSTO_COPY_INGESTION: "direct", KUSTO_COPY_MAX_ATTEMPTS: "3" },
      }),
    ]);
    for (const database of EXPIRED) {
      await createIdTable(copies.source, database, "Before");
      await loadIds(source(), database, "Before", [0, 10]);
    }
    await cursorsGiven();
    // One after the other: what is signed for a container in one second is one SAS.
    for (const database of EXPIRED) {
      const end = await endOf(await beginCopy(direct.url, body(database)));
      expect(end).toMatchObject({ state: "succeeded", error: null });
    }
    sasSince = Date.now();
  });
  afterAll(async () => {
    await Promise.all([host.stop(), direct.stop()]);
    await cluster.stop();
    await copies.stop();
  });

  const retriesAt = async (statusUrl: string) =>
    z.object({ retries: retriesSchema }).parse(await (await fetch(statusUrl)).json()).retries;

  it("a destination that is stopped in the midst of a copy, and started again, is waited for, and the run goes on by itself", async () => {
    await loadDays(copies, "Stopped", DAYS, LOAD);
    await slowExports(source(), "Stopped", { quick: 2, slowMs: 600 });
    const statusUrl = await begin("Stopped");
    await midst(statusUrl, DAYS);
    const exported = async () => (await lookAt(statusUrl)).tables[0]?.windows.exported ?? 0;
    const before = await exported();
    await cluster.stop();
    // It tells by itself what it waits for, and gives no window up for it; what the source is asked for goes on.
    await until("nothing is told of it", async () => (await retriesAt(statusUrl)).steps > 0);
    await until("no export was followed", async () => (await exported()) > before);
    expect(await retriesAt(statusUrl)).toMatchObject({
      attempts: 0,
      reason: expect.stringMatching(UNREACHED),
    });
    expect(await lookAt(statusUrl)).toMatchObject({ state: "running" });
    await cluster.start();
    expect(await endOf(statusUrl)).toMatchObject({ state: "succeeded", error: null });
    await clearFaults(source());
    const { steps, attempts } = await retriesAt(statusUrl);
    expect([steps > 0, attempts]).toEqual([true, 0]);
    expect(await held("Stopped")).toEqual(ALL);
    // Nothing that was in the lake was asked of the source a second time.
    expect(await commandsLike(copies.source, "Stopped", ".export")).toBe(DAYS);
    await endsWell(copies, "Stopped");
  });

  it("a destination that crashes when it has moved a table, before it says so, shows each row once", async () => {
    await loadDays(copies, "Crashed", 2, LOAD);
    const match = { kind: "mgmt", database: "Crashed", text: "^\\.move" };
    await addFault(destination(), { match, action: "loseAnswer", afterMs: 20_000 });
    const statusUrl = await begin("Crashed");
    await until("nothing was moved", async () => (await held("Crashed").catch(() => ({ rows: 0 }))).rows > 0);
    await cluster.kill();
    await cluster.start();
    expect(await endOf(statusUrl)).toMatchObject({ state: "succeeded", error: null });
    expect(await held("Crashed")).toEqual(wholeRanges([0, 2 * LOAD]));
    await endsWell(copies, "Crashed");
  });

  it("a destination that is scaled in the midst of a copy, answering 503 meanwhile and having fewer slots then, gets all of it", async () => {
    await loadDays(copies, "Scaled", DAYS, LOAD);
    const match = { kind: "operation", database: "Scaled", text: "^\\.ingest" };
    await addFault(destination(), { match, action: "delay", afterMs: 1 });
    // What is being ingested when the cluster goes, it gives up.
    await addFault(destination(), { match, action: "delay", afterMs: 20_000, times: 100 });
    const statusUrl = await beginCopy(direct.url, body("Scaled"));
    await midst(statusUrl, DAYS + 1);
    for (const kind of ["query", "mgmt"])
      await addFault(destination(), { match: { kind }, action: "fail", status: 503, times: 1000 });
    await sleep(1000);
    await cluster.kill();
    await cluster.start(["--nodes", "1", "--cores", "2", "--ingestion-slots", "2"]);
    expect(await endOf(statusUrl)).toMatchObject({ state: "succeeded", error: null });
    expect(await held("Scaled")).toEqual(ALL);
    await endsWell(copies, "Scaled");
  });

  it.each([
    ["source", "Moment"],
    ["destination", "Refused"],
  ] as const)(
    "a login that the %s refuses for a while ends the run with the reason, gives no window up, and the next run goes on from there",
    async (end, database) => {
      await loadDays(copies, database, DAYS, LOAD);
      await slowExports(source(), database, { quick: 2, slowMs: 600 });
      const statusUrl = await begin(database);
      await midst(statusUrl, DAYS);
      const at = end === "source" ? source() : destination();
      // Steps of windows are refused, and nothing else of the run is.
      await addFault(at, { match: { kind: "query", database }, ...UNAUTHORIZED });
      await addFault(at, { match: { kind: "mgmt", database, text: "^.export" }, ...UNAUTHORIZED });
      const refused = /The token has expired.*Check the identity in the connection string/;
      expect(await endOf(statusUrl)).toMatchObject({
        state: "failed",
        error: expect.stringMatching(refused),
      });
      // While it is refused, so is each run, and each says why.
      expect(await copy(database)).toMatchObject({ state: "failed", error: expect.stringMatching(refused) });
      await clearFaults(at);
      await clearFaults(source());
      const logged = await entriesOf(lakeOf(copies.stack, database));
      expect(logged.flatMap((entry) => (entry.kind === "progress" ? entry.parked : []))).toEqual([]);
      expect(logged.some((entry) => entry.kind === "failed" && refused.test(entry.reason))).toBe(true);

      expect(await copy(database)).toMatchObject({ state: "succeeded", error: null });
      const exported = (await entriesOf(lakeOf(copies.stack, database))).flatMap((entry) =>
        entry.kind === "progress" ? entry.exported.map(({ window }) => window) : [],
      );
      expect(exported.toSorted()).toEqual([...new Set(exported)].toSorted());
      expect(await held(database)).toEqual(ALL);
      await afterOrphans(database);
      await endsWell(copies, database);
    },
  );

  it("a SAS that runs out during an export or before an ingestion costs that attempt, and the next one has another SAS", async () => {
    // One that is seconds old would be given out again.
    await sleep(Math.max(0, SAS_IS_OLD_MS - (Date.now() - sasSince)));
    for (const database of EXPIRED) await loadDays(copies, database, 3, LOAD);
    // It runs out in the first attempts: as their files are written, or as they are read.
    for (const [i, method] of ["PUT", "GET"].entries())
      await addLakeFault(copies.stack, {
        action: "expire",
        match: { method, path: `/${EXPIRED[i]}/staged/.*/[0-9.]+/1/[0-9a-f]{8}/part` },
      });
    const ends = EXPIRED.map(async (database) => endOf(await beginCopy(direct.url, body(database))));
    for (const end of await Promise.all(ends)) expect(end).toMatchObject({ state: "succeeded", error: null });
    expect(await lakeStrikes(copies.stack)).toEqual([1, 1]);
    await clearLakeFaults(copies.stack);
    for (const database of EXPIRED) {
      const lake = lakeOf(copies.stack, database);
      const failed = (await entriesOf(lake)).flatMap((entry) =>
        entry.kind === "progress" ? entry.reset : [],
      );
      expect(failed.length).toBeGreaterThan(0);
      // One try with the one that had run out is all that it cost.
      expect(failed.filter(({ attempt }) => attempt > 1)).toEqual([]);
      expect(await held(database)).toEqual(wholeRanges([0, 3 * LOAD]));
      await endsWell(copies, database);
    }
  });

  it("a lake that the clusters may not write to stops the table after its attempts, and the status says why", async () => {
    await loadDays(copies, "Denied", 1, LOAD);
    await addLakeFault(copies.stack, {
      action: "fail",
      match: { method: "PUT", path: "/Denied/staged/", query: "sig=" },
      status: 403,
      code: "AuthorizationFailure",
      times: 1000,
    });
    const refused = await endOf(await beginCopy(direct.url, body("Denied")));
    expect(refused).toMatchObject({ state: "failed", error: expect.stringMatching(/Events/) });
    const rows = await copies.destination.query("Denied", "KC_Status | where TableName == 'Events'");
    expect(rows.map((row) => String(row.Error)).join()).toMatch(/ended as Failed.*Access forbidden/);
    await clearLakeFaults(copies.stack);
    expect(await endOf(await beginCopy(direct.url, body("Denied")))).toMatchObject({
      state: "succeeded",
      error: null,
    });
    await endsWell(copies, "Denied");
  });

  /** The next iteration, which removes what exports wrote that nobody followed any more. */
  async function afterOrphans(database: string): Promise<void> {
    await exportsEnded(copies.source, database);
    expect(await copy(database)).toMatchObject({ state: "succeeded", error: null });
  }
});
