import { ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { runCopy } from "../../local/demo/api.ts";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import { COPY_STATES } from "../../model/copyView.ts";
import {
  addFault,
  beginCopy,
  bodyOf,
  clearFaults,
  createIdTable,
  idsOf,
  loadIds,
  lookAt,
  until,
  wholeRanges,
} from "../copy/drive.ts";
import { type ExtraHost, startExtraHost } from "../copy/hosts.ts";
import { type CopyStack, cursorsGiven, startCopyStack } from "../copy/support.ts";

const DATABASES = ["Samples", "Second", "Damaged", "Often", "Seldom"];

const problemSchema = z.looseObject({
  type: z.string(),
  title: z.string().min(1),
  status: z.number(),
  detail: z.string().min(1),
});
const count = z.number().int().nonnegative();
const retries = z.strictObject({ steps: count, attempts: count, reason: z.string().nullable() });
const copySchema = z.strictObject({
  id: z.string(),
  state: z.enum(COPY_STATES),
  iteration: z.number().int().positive().nullable(),
  lagSeconds: z.number().nonnegative().nullable(),
  tables: z.array(
    z.strictObject({
      name: z.string(),
      state: z.string(),
      windows: z.strictObject({ total: count, exported: count, staged: count, promoted: count }),
      rows: count,
      bytes: count,
      retries,
      error: z.string().nullable(),
    }),
  ),
  retries,
  warnings: z.array(z.string()),
  error: z.string().nullable(),
});

describe("the HTTP API and the timer", () => {
  let copies: CopyStack;
  let host: ExtraHost;
  const hosts: ExtraHost[] = [];

  beforeAll(async () => {
    copies = await startCopyStack({
      host: false,
      sourceDatabases: DATABASES,
      destinationDatabases: DATABASES,
    });
    for (const database of DATABASES) {
      await createIdTable(copies.source, database, "Events");
      await loadIds(copies.stack.urls.sourceKusto, database, "Events", [0, 50]);
    }
    await cursorsGiven();
    host = await newHost();
  });
  afterAll(async () => {
    await Promise.all(hosts.map((each) => each.stop()));
    await copies.stop();
  });

  async function newHost(settings: Record<string, string> = {}, flags: string[] = []): Promise<ExtraHost> {
    const started = await startExtraHost(copies.stack, { settings, flags });
    hosts.push(started);
    return started;
  }
  const post = (body: unknown) =>
    fetch(`${host.url}/api/copies`, {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const ended = (url: string) =>
    until("the copy didn't end", async () => (await lookAt(url)).state !== "running");
  const slowExports = (database: string, afterMs: number) =>
    addFault(copies.stack.urls.sourceKusto, {
      match: { kind: "operation", database, text: "^\\.export" },
      action: "delay",
      afterMs,
      times: 1000,
    });

  async function problem(answer: Response, status: number): Promise<z.infer<typeof problemSchema>> {
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
    const body = problemSchema.parse(await answer.json());
    expect(body.status).toBe(status);
    return body;
  }

  /** Pointers of the fields that a refusal names. */
  async function wrongFields(body: unknown): Promise<string[]> {
    const { errors } = await problem(await post(body), 400);
    const named = z.array(z.object({ pointer: z.string(), detail: z.string().min(1) })).parse(errors);
    return named.map((each) => each.pointer).toSorted();
  }

  it("says that the app is well", async () => {
    const answer = await fetch(`${host.url}/api/health`);
    expect([answer.status, await answer.json()]).toEqual([200, { status: "ok" }]);
  });

  it("starts the configured copy for {}, says where to look and when, and refuses a second one meanwhile, naming it", async () => {
    await slowExports("Samples", 1500);
    const answer = await post({});
    expect(answer.status).toBe(202);
    const started = z.strictObject({ id: z.string(), statusUrl: z.url() }).parse(await answer.json());
    expect(answer.headers.get("location")).toBe(started.statusUrl);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);

    const second = await problem(await post({}), 409);
    expect(second.id).toBe(started.id);
    expect(second.detail).toContain(started.id);

    const running = copySchema.parse(await (await fetch(started.statusUrl)).json());
    expect(running).toMatchObject({ id: started.id, state: "running" });
    await ended(started.statusUrl);
    await clearFaults(copies.stack.urls.sourceKusto);
    const done = copySchema.parse(await (await fetch(started.statusUrl)).json());
    expect(done).toMatchObject({
      state: "succeeded",
      iteration: 1,
      error: null,
      tables: [{ name: "Events", windows: { total: 1, exported: 1, staged: 1, promoted: 1 }, rows: 50 }],
    });
    const list = z.array(copySchema).parse(await (await fetch(`${host.url}/api/copies`)).json());
    expect(list.map((copy) => copy.id)).toEqual([started.id]);
    expect(list[0]?.tables).toEqual(done.tables);
  });

  it("runs copies into two folders side by side, and lists both", async () => {
    await slowExports("Samples", 1000);
    await slowExports("Second", 1000);
    const third = { ...bodyOf(copies.stack, "Samples", "Second"), tables: { include: ["Nope*"] } };
    const first = await beginCopy(host.url, bodyOf(copies.stack, "Second", "Second"));
    const other = await beginCopy(host.url, { ...third, lake: `${copies.stack.urls.lake}/copy/third` });
    expect(first).not.toBe(other);
    await Promise.all([ended(first), ended(other)]);
    await clearFaults(copies.stack.urls.sourceKusto);
    expect(await lookAt(first)).toMatchObject({ state: "succeeded" });
    const list = z.array(copySchema).parse(await (await fetch(`${host.url}/api/copies`)).json());
    expect(list.length).toBeGreaterThanOrEqual(3);
  });

  it("names every wrong field of a request", async () => {
    const wrong = {
      source: { cluster: 5, databse: "x" },
      destination: "y",
      lake: "nope",
      tables: { include: "a", exclude: [""] },
      backfillHorizon: "yesterday",
      mode: "all",
      what: 1,
    };
    expect(await wrongFields(wrong)).toEqual([
      "/backfillHorizon",
      "/destination",
      "/lake",
      "/mode",
      "/source/cluster",
      "/source/databse",
      "/tables/exclude/0",
      "/tables/include",
      "/what",
    ]);
    expect(await wrongFields("{")).toEqual([""]);
    expect(await wrongFields([])).toEqual([""]);
  });

  it.each([
    [
      "/source/cluster",
      { source: { cluster: "https://a.kusto.windows.net;AppClientId=b;AppKey=hunter2222" } },
    ],
    ["/destination/cluster", { destination: { cluster: "https://user:hunter2222@a.kusto.windows.net" } }],
    [
      "/lake",
      { lake: `https://a.blob.core.windows.net/c/f;${Buffer.from("hunter2222..").toString("base64")}` },
    ],
    ["/lake", { lake: "https://a.blob.core.windows.net/c/f?sv=2024-01-01&sig=hunter2222" }],
  ])("takes no credentials in %s, and doesn't repeat them", async (pointer, body) => {
    const answer = await post(body);
    const text = await answer.clone().text();
    expect(text).not.toContain("hunter2222");
    expect(text).not.toContain(Buffer.from("hunter2222..").toString("base64"));
    const { errors } = await problem(answer, 400);
    expect(errors).toMatchObject([{ pointer }]);
  });

  it("doesn't know a copy that isn't there", async () => {
    const { detail } = await problem(await fetch(`${host.url}/api/copies/copy%3Anone%3A1`), 404);
    expect(detail).toContain("copy:none:1");
  });

  it("names a log that can't be read, and still lists the copies", async () => {
    const body = bodyOf(copies.stack, "Damaged", "Damaged");
    expect(await runCopy(host.url, () => undefined, body)).toMatchObject({ state: "succeeded" });
    const container = new ContainerClient(
      `${copies.stack.urls.blob}/copy`,
      new StorageSharedKeyCredential(storageAccount.name, storageAccount.key),
    );
    let entries = 0;
    for await (const blob of container.listBlobsFlat({ prefix: "Damaged/log/" }))
      if (/\d{20}\.json$/.test(blob.name)) entries++;
    const next = `Damaged/log/${String(entries).padStart(20, "0")}.json`;
    await container.getBlockBlobClient(next).upload("{", 1);

    expect((await problem(await post(body), 503)).detail).toContain(next);
    const list = z.array(copySchema).parse(await (await fetch(`${host.url}/api/copies`)).json());
    expect(list[0]?.error).toContain(next);
    expect(
      list
        .slice(1)
        .map((copy) => copy.error)
        .join(),
    ).not.toContain("Damaged");
  });

  it("asks for a key where keys are on", async () => {
    const keyed = await newHost({}, ["--keys"]);
    for (const [path, method] of [
      ["/api/copies", "POST"],
      ["/api/copies", "GET"],
      ["/api/copies/x", "GET"],
      ["/api/health", "GET"],
    ] as const) {
      const answer = await fetch(`${keyed.url}${path}`, {
        method,
        ...(method === "POST" ? { body: "{}" } : {}),
      });
      expect([path, method, answer.status]).toEqual([path, method, 401]);
    }
    const key = keyed.lines.find((line) => line.startsWith("function key: "))?.slice("function key: ".length);
    const headers = { "x-functions-key": key ?? "" };
    expect((await fetch(`${keyed.url}/api/copies`, { headers })).status).toBe(200);
    expect((await fetch(`${keyed.url}/api/health?code=${encodeURIComponent(key ?? "")}`)).status).toBe(200);
    await keyed.stop();
  });

  describe("the timer", () => {
    const timed = (database: string, rpo: string) =>
      newHost({
        KUSTO_COPY_TICK: "*/2 * * * * *",
        KUSTO_COPY_RPO: rpo,
        KUSTO_COPY_DATABASE: database,
        KUSTO_COPY_LAKE: `${copies.stack.urls.lake}/copy/${database};${storageAccount.key}`,
      });
    const instances = async (of: ExtraHost) => {
      const answer = await fetch(`${of.url}/runtime/webhooks/durabletask/instances`);
      return z
        .array(z.object({ instanceId: z.string(), runtimeStatus: z.string() }))
        .parse(await answer.json());
    };

    it("starts iterations by itself, at each RPO, and none while one runs", async () => {
      const own = await timed("Often", "3s");
      await until("the timer copied nothing", async () => (await instances(own)).length > 1);
      await slowExports("Often", 6000);
      await loadIds(copies.stack.urls.sourceKusto, "Often", "Events", [50, 70]);
      const running = async () =>
        (await instances(own)).filter((each) => /Running|Pending/.test(each.runtimeStatus)).length;
      const before = own.lines.length;
      const ticked = () =>
        own.lines.slice(before).filter((line) => /No iteration was started: copy:\S+ is running/.test(line))
          .length;
      await until("no tick met a running copy", async () => {
        expect(await running()).toBeLessThanOrEqual(1);
        return ticked() >= 2;
      });
      await clearFaults(copies.stack.urls.sourceKusto);
      await until("the new rows didn't come", async () => {
        return (await idsOf(copies.destination, "Often", "Events")).rows === 70;
      });
      expect(await idsOf(copies.destination, "Often", "Events")).toEqual(wholeRanges([0, 70]));
      await own.stop();
    });

    it("starts none before the RPO asks for it", async () => {
      const own = await timed("Seldom", "1h");
      await until("the timer copied nothing", async () =>
        (await instances(own)).some((each) => each.runtimeStatus === "Completed"),
      );
      await new Promise((done) => setTimeout(done, 4500));
      expect(await instances(own)).toHaveLength(1);
      expect((await instances(own))[0]?.instanceId).toMatch(/^copy:default:1:[0-9a-f]{8}-0$/);
      // What the workbook and the alerts read.
      expect(own.lines.join("\n")).toMatch(/Lag of default: \d+ s, RPO 3600 s\./);
      await own.stop();
    });
  });
});
