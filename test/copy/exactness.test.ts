import { gunzipSync, gzipSync } from "node:zlib";
import { ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Copy, runCopy } from "../../local/demo/api.ts";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import {
  addFault,
  beginCopy,
  bodyOf,
  commandsLike,
  createIdTable,
  type FaultRequest,
  idsOf,
  loadIds,
  lookAt,
  strikes,
  tableNames,
  until,
  wholeRanges,
} from "./drive.ts";
import { type ExtraHost, startExtraHost } from "./hosts.ts";
import { answerPartially } from "./partialAnswers.ts";
import { type CopyStack, cursorsGiven, differing, load, startCopyStack } from "./support.ts";

const EXPORT = "^\\.export";

/** What goes wrong, at which end, and how often it must have struck for the promise to be tested. */
const FAULTS: readonly {
  name: string;
  at: "source" | "destination";
  fault: FaultRequest;
  strikes: number;
}[] = [
  {
    name: "queued ingestion delivers a file twice",
    at: "destination",
    fault: { match: { kind: "queue" }, action: "duplicate" },
    strikes: 1,
  },
  ...["Failed", "PartiallySucceeded", "Throttled", "Abandoned"].map((state) => ({
    name: `an export ends ${state} and leaves its files`,
    at: "source" as const,
    fault: {
      match: { kind: "operation", text: EXPORT },
      action: "operationState" as const,
      state,
      doWork: true,
      permanent: false,
      times: 2,
    },
    strikes: 2,
  })),
  {
    name: "ingestion fails for good",
    at: "destination",
    fault: { match: { kind: "queue" }, action: "fail", permanent: true },
    strikes: 1,
  },
  ...(["source", "destination"] as const).flatMap((at) => [
    {
      name: `commands of the ${at} are throttled (429)`,
      at,
      fault: { match: { kind: "mgmt" }, action: "throttle" as const, times: 8 },
      strikes: 8,
    },
    {
      name: `the ${at} answers commands by 503`,
      at,
      fault: { match: { kind: "mgmt" }, action: "fail" as const, status: 503, times: 8 },
      strikes: 8,
    },
    {
      name: `queries of the ${at} are throttled (429)`,
      at,
      fault: { match: { kind: "query" }, action: "throttle" as const, times: 3 },
      strikes: 3,
    },
    {
      name: `the ${at} answers queries by 503`,
      at,
      fault: { match: { kind: "query" }, action: "fail" as const, status: 503, times: 3 },
      strikes: 3,
    },
  ]),
  {
    name: "the answer to an export is lost",
    at: "source",
    fault: { match: { kind: "mgmt", text: EXPORT }, action: "loseAnswer", times: 2 },
    strikes: 2,
  },
  {
    name: "the answer to a move is lost",
    at: "destination",
    fault: { match: { kind: "mgmt", text: "^\\.move" }, action: "loseAnswer" },
    strikes: 1,
  },
  {
    name: "the answers to what prepares the destination are lost",
    at: "destination",
    fault: { match: { kind: "mgmt", text: "^\\.(create|alter)" }, action: "loseAnswer", times: 3 },
    strikes: 3,
  },
];

const OTHERS = ["Partial", "Altered", "Parquet", "Updated", "Typed"];
const DATABASES = [...FAULTS.map((_, i) => `Fault${i}`), ...OTHERS];
const ROWS = 300;

describe("an exact copy", () => {
  let copies: CopyStack;
  beforeAll(async () => {
    copies = await startCopyStack({ sourceDatabases: DATABASES, destinationDatabases: DATABASES });
  });
  afterAll(() => copies.stop());

  const copy = (database: string) => copies.copy(bodyOf(copies.stack, database, database));
  const tableOf = (done: Copy, name: string) => done.tables.find((table) => table.name === name);

  async function plainTable(database: string, table = "Events"): Promise<void> {
    await createIdTable(copies.source, database, table);
    await loadIds(copies.stack.urls.sourceKusto, database, table, [0, ROWS]);
  }

  async function exact(database: string): Promise<void> {
    expect(await idsOf(copies.destination, database, "Events")).toEqual(wholeRanges([0, ROWS]));
    expect(differing(await copies.compare(database))).toEqual([]);
    expect(await tableNames(copies.destination, database)).toEqual(await tableNames(copies.source, database));
  }

  describe("is made although", () => {
    const struck = new Map<
      string,
      { database: string; copy: Promise<Copy>; strikes: () => Promise<number> }
    >();

    // Side by side, as much of what a copy does after a fault is to wait.
    beforeAll(async () => {
      const places = { source: 0, destination: 0 };
      for (const [i, { name, at, fault }] of FAULTS.entries()) {
        const database = `Fault${i}`;
        const { sourceKusto, destinationKusto } = copies.stack.urls;
        const cluster = at === "source" ? sourceKusto : destinationKusto;
        await plainTable(database);
        await cursorsGiven();
        await addFault(cluster, { ...fault, match: { ...fault.match, database } });
        const place = places[at]++;
        const running = copy(database);
        running.catch(() => undefined);
        struck.set(name, {
          database,
          copy: running,
          strikes: async () => (await strikes(cluster))[place] ?? 0,
        });
      }
    });

    it.each(FAULTS)(
      "$name",
      async ({ name, strikes: wanted }) => {
        const one = struck.get(name);
        if (!one) throw new Error(`${name} was not begun.`);
        expect(await one.copy).toMatchObject({ state: "succeeded", error: null });
        expect(await one.strikes()).toBe(wanted);
        await exact(one.database);
        // What an attempt that failed has written is left where it is: the window is exported anew.
        if (name.includes("export")) {
          expect(await commandsLike(copies.source, one.database, ".export")).toBe(wanted + 1);
        }
      },
      120_000,
    );
  });

  it("is made although queries fail after their rows were sent, with HTTP 200", async () => {
    await plainTable("Partial");
    await cursorsGiven();
    // Each question that a copy asks, at both ends, the first time that it is asked.
    const asked = new Set<string>();
    const first = (text: string) => {
      const shape = text.replaceAll(/[0-9a-f-]{8,}|\d+/g, "");
      return asked.size < asked.add(shape).size;
    };
    const proxies = {
      source: await answerPartially(copies.stack.urls.sourceKusto, first),
      destination: await answerPartially(copies.stack.urls.destinationKusto, first),
    };
    const host = await startExtraHost(copies.stack, {
      settings: { KUSTO_COPY_SOURCE: proxies.source.url, KUSTO_COPY_DESTINATION: proxies.destination.url },
    });
    try {
      const done = await runCopy(host.url, () => undefined, bodyOf(copies.stack, "Partial", "Partial"));
      expect(done).toMatchObject({ state: "succeeded", error: null });
      expect(proxies.source.turned()).toBeGreaterThan(2);
      expect(proxies.destination.turned()).toBeGreaterThan(0);
      await exact("Partial");
    } finally {
      await host.stop();
      await proxies.source.stop();
      await proxies.destination.stop();
    }
  });

  it("is made although a file is altered on its way: what differs is never promoted", async () => {
    await createIdTable(copies.source, "Altered", "Events");
    await copies.source.command("Altered", ".alter-merge table Events (At: datetime)");
    await load(copies.stack.urls.sourceKusto, {
      database: "Altered",
      table: "Events",
      sql: `SELECT i::BIGINT, 'row ' || i, 638000000000000001::BIGINT FROM range(0, ${ROWS}) AS ids(i)`,
    });
    await cursorsGiven();
    await addFault(copies.stack.urls.destinationKusto, {
      match: { kind: "queue", database: "Altered" },
      action: "delay",
      afterMs: 4000,
    });
    const { url } = await beginAltered();
    const seen = new Set<string>();
    await until("the copy didn't end", async () => {
      const rows = await copies.destination.query("Altered", "Events | where Text has_cs 'ROW' | count");
      seen.add(String(rows[0]?.Count));
      return (await lookAt(url)).state !== "running";
    });
    expect(await lookAt(url)).toMatchObject({ state: "succeeded", error: null });
    expect([...seen]).toEqual(["0"]);
    expect(await commandsLike(copies.source, "Altered", ".export")).toBe(2);
    await exact("Altered");
  });

  /** Begins the copy, and alters its exported file while the message that asks for its ingestion waits. */
  async function beginAltered(): Promise<{ url: string }> {
    const { urls } = copies.stack;
    const url = await beginCopy(urls.functions, bodyOf(copies.stack, "Altered", "Altered"));
    const container = new ContainerClient(
      `${urls.blob}/copy`,
      new StorageSharedKeyCredential(storageAccount.name, storageAccount.key),
    );
    await until("nothing was exported", async () => (await lookAt(url)).tables[0]?.windows.exported === 1);
    for await (const { name } of container.listBlobsFlat({ prefix: "Altered/staged/" })) {
      if (!name.endsWith(".csv.gz")) continue;
      const blob = container.getBlockBlobClient(name);
      const text = gunzipSync(await blob.downloadToBuffer()).toString();
      expect(text).toContain("row 7");
      const altered = gzipSync(text.replaceAll("row 7", "ROW 7"));
      await blob.upload(altered, altered.length);
      return { url };
    }
    throw new Error("No exported file was found.");
  }

  describe("of values that parquet can't carry", () => {
    const LOSSY = ["Spans", "Guids", "Ticks"];
    let host: ExtraHost;
    let done: Copy;

    beforeAll(async () => {
      await plainTable("Parquet");
      const values = {
        Spans: ["timespan", "864000000001::BIGINT"],
        Guids: ["guid", "'74be27de-1e4e-49d9-b579-fe0b331d3642'"],
        Ticks: ["datetime", "638000000000000001::BIGINT"],
      };
      for (const [table, [type, value]] of Object.entries(values)) {
        await copies.source.command("Parquet", `.create table ${table} (Id: long, Value: ${type})`);
        const sql = `SELECT 1::BIGINT, ${value}`;
        await load(copies.stack.urls.sourceKusto, { database: "Parquet", table, sql });
      }
      await cursorsGiven();
      host = await startExtraHost(copies.stack, {
        settings: { KUSTO_COPY_FORMAT: "parquet", KUSTO_COPY_MAX_ATTEMPTS: "2" },
      });
      done = await runCopy(host.url, () => undefined, bodyOf(copies.stack, "Parquet", "Parquet"));
      await host.stop();
    });

    it.each(LOSSY)(
      "never promotes %s wrong where parquet is asked for: the table is parked, its window named",
      async (table) => {
        const parked = tableOf(done, table);
        expect(parked).toMatchObject({ state: "failed", windows: { total: 1, promoted: 0 } });
        expect(parked?.error).toContain(`table ${table}`);
        expect(parked?.error).toMatch(/window 1\.\d\.0/);
        expect((await copies.destination.query("Parquet", `${table} | count`))[0]?.Count).toBe(0n);
      },
    );

    it("commits the other tables", async () => {
      expect(done.state).toBe("failed");
      expect(done.error).toMatch(/^3 of 4 tables could not be copied: Guids, Spans, Ticks/);
      expect(tableOf(done, "Events")).toMatchObject({ state: "succeeded", rows: ROWS });
      expect(await idsOf(copies.destination, "Parquet", "Events")).toEqual(wholeRanges([0, ROWS]));
    });

    it("is made by the next run once the format is left to the copy", async () => {
      const next = await copy("Parquet");
      expect(next).toMatchObject({ state: "succeeded", error: null });
      expect(next.tables.map((table) => table.name)).toEqual(["Guids", "Spans", "Ticks"]);
      await exact("Parquet");
    });
  });

  it("is refused, with the reason, for a table under an enabled update policy at the destination", async () => {
    await plainTable("Updated");
    await plainTable("Updated", "Others");
    await cursorsGiven();
    await copies.destination.command("Updated", ".create table Events (Id: long, Text: string)");
    await copies.destination.command("Updated", ".create table Derived (Id: long, Text: string)");
    const policy = (enabled: boolean) =>
      `.alter table Derived policy update @'[{"IsEnabled": ${enabled}, "Source": "Events", "Query": "Events", "IsTransactional": false}]'`;
    await copies.destination.command("Updated", policy(true));
    const done = await copy("Updated");
    expect(done.state).toBe("failed");
    expect(tableOf(done, "Events")?.error).toMatch(
      /Events is the source of an enabled update policy of table Derived/,
    );
    expect(await idsOf(copies.destination, "Updated", "Others")).toEqual(wholeRanges([0, ROWS]));
    expect((await idsOf(copies.destination, "Updated", "Events")).rows).toBe(0);

    await copies.destination.command("Updated", policy(false));
    expect(await copy("Updated")).toMatchObject({ state: "succeeded", error: null });
    expect(await idsOf(copies.destination, "Updated", "Events")).toEqual(wholeRanges([0, ROWS]));
    expect((await idsOf(copies.destination, "Updated", "Derived")).rows).toBe(0);
  });

  it("stops for a destination column of another type: that table alone, naming column and types", async () => {
    await plainTable("Typed");
    await plainTable("Typed", "Others");
    await cursorsGiven();
    await copies.destination.command("Typed", ".create table Events (Id: string, Text: string)");
    const done = await copy("Typed");
    expect(done.state).toBe("failed");
    expect(tableOf(done, "Events")?.error).toMatch(/Id is long at the source and string at the destination/);
    expect(await idsOf(copies.destination, "Typed", "Others")).toEqual(wholeRanges([0, ROWS]));

    await copies.destination.command("Typed", ".drop table Events");
    expect(await copy("Typed")).toMatchObject({ state: "succeeded", error: null });
    await exact("Typed");
  });
});
