import { ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLake } from "../../lake/lake.ts";
import { parseLake } from "../../lake/location.ts";
import { readState } from "../../lake/log.ts";
import { runCopy } from "../../local/demo/api.ts";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import { type Entry, entrySchema } from "../../model/checkpoint/entries.ts";
import { addFault, beginCopy, clearFaults, commandsLike, createIdTable, loadIds, until } from "./drive.ts";
import { type ExtraHost, startExtraHost } from "./hosts.ts";
import { type CopyStack, cursorsGiven, differing, startCopyStack } from "./support.ts";

const TABLES = ["Alpha", "Beta", "Gamma"];

describe("a copy by several lake folders", () => {
  let copies: CopyStack;
  let host: ExtraHost;

  beforeAll(async () => {
    copies = await startCopyStack({ host: false, settings: { KUSTO_COPY_INGESTION: "direct" } });
    for (const table of TABLES) {
      await createIdTable(copies.source, "Samples", table);
      for (const [from, to] of [
        [0, 50],
        [50, 100],
      ] as const)
        await loadIds(copies.stack.urls.sourceKusto, "Samples", table, [from, to]);
    }
    await cursorsGiven();
  }, 120_000);
  afterAll(async () => {
    await host.stop();
    await copies.stop();
  });

  const container = (name: string) =>
    new ContainerClient(
      `${copies.stack.urls.blob}/${name}`,
      new StorageSharedKeyCredential(storageAccount.name, storageAccount.key),
    );

  async function names(of: string, prefix: string): Promise<string[]> {
    const found: string[] = [];
    // Its first run makes the container.
    if (!(await container(of).exists())) return found;
    for await (const { name } of container(of).listBlobsFlat({ prefix })) found.push(name);
    return found;
  }

  async function exported(prefix: string) {
    const log = (await names("copy", `${prefix}/log/`)).filter((name) => /\/\d{20}\.json$/.test(name));
    const entries: Entry[] = await Promise.all(
      log.map(async (name) =>
        entrySchema.parse(
          JSON.parse((await container("copy").getBlockBlobClient(name).downloadToBuffer()).toString()),
        ),
      ),
    );
    return entries.flatMap((entry) => (entry.kind === "progress" ? entry.exported : []));
  }

  const lakesSetting = (...folders: string[]) =>
    folders.map((folder) => `${copies.stack.urls.lake}/${folder};${storageAccount.key}`).join("\n");

  it("is taken over where a host was lost with files in both, by one that knows one of them only, and leaves no file", async () => {
    const { urls } = copies.stack;
    const first = await startExtraHost(copies.stack, {
      settings: { KUSTO_COPY_LAKE: lakesSetting("copy/taken", "more/shared") },
    });
    await addFault(urls.destinationKusto, {
      match: { kind: "mgmt", text: "^\\.ingest async" },
      action: "delay",
      afterMs: 5000,
      times: 1000,
    });
    await beginCopy(first.url, {});
    const lakesOf = async () => new Set((await exported("taken")).map((window) => window.lake ?? ""));
    await until(
      "not all was exported",
      async () => (await exported("taken")).length === TABLES.length,
      60_000,
    );
    expect((await lakesOf()).size).toBe(2);
    await first.kill();
    await clearFaults(urls.destinationKusto);
    expect([...(await lakesOf())].some((lake) => /\/more\/shared\/[0-9a-f]{8}$/.test(lake))).toBe(true);
    expect((await names("more", "shared/")).some((name) => name.includes("/staged/"))).toBe(true);
    const before = await commandsLike(copies.source, "Samples", ".export");

    host = await startExtraHost(copies.stack, { settings: { KUSTO_COPY_LAKE: lakesSetting("copy/taken") } });
    const copy = await runCopy(host.url, () => undefined);
    expect(copy).toMatchObject({ state: "succeeded", error: null });
    expect(differing(await copies.compare())).toEqual([]);
    // What was exported to either lake was ingested from there and not exported again.
    expect(await commandsLike(copies.source, "Samples", ".export")).toBe(before);
    expect((await names("copy", "taken/")).filter((name) => /part/.test(name))).toEqual([]);
    expect((await names("more", "shared/")).filter((name) => /part/.test(name))).toEqual([]);
    await host.stop();
  }, 180_000);

  it("goes on where one of them is gone with the files in it, and has nothing left to clean", async () => {
    const { urls } = copies.stack;
    for (const table of TABLES) await copies.destination.command("Samples", `.drop table ${table}`);
    const first = await startExtraHost(copies.stack, {
      settings: { KUSTO_COPY_LAKE: lakesSetting("copy/gone", "lost/shared") },
    });
    const match = { kind: "mgmt", text: "^\\.ingest async" };
    await addFault(urls.destinationKusto, { match, action: "delay", afterMs: 5000, times: 1000 });
    await beginCopy(first.url, {});
    await until(
      "not all was exported",
      async () => (await exported("gone")).length === TABLES.length,
      60_000,
    );
    await first.kill();
    await clearFaults(urls.destinationKusto);
    await container("lost").delete();

    host = await startExtraHost(copies.stack, { settings: { KUSTO_COPY_LAKE: lakesSetting("copy/gone") } });
    // The window whose files are gone is copied again, by this iteration or the next.
    await runCopy(host.url, () => undefined);
    const copy = await runCopy(host.url, () => undefined);
    expect(copy).toMatchObject({ state: "succeeded", error: null });
    expect(differing(await copies.compare())).toEqual([]);
    const lake = openLake(parseLake(lakesSetting("copy/gone")));
    expect((await readState(lake)).toClean).toEqual([]);
    await host.stop();
  }, 180_000);

  it("spreads staged files over them, keeps its log and status in the first, and touches no other copy's files", async () => {
    const others = container("more").getBlockBlobClient("shared/0123abcd/staged/1/1/1.0.0/1/x/part.csv.gz");
    await others.upload("x", 1);
    for (const table of TABLES) await copies.destination.command("Samples", `.drop table ${table}`);
    host = await startExtraHost(copies.stack, {
      settings: { KUSTO_COPY_LAKE: lakesSetting("copy/spread", "more/shared", "third/shared") },
    });
    const copy = await runCopy(host.url, () => undefined);
    expect(copy).toMatchObject({ state: "succeeded", error: null });
    expect(differing(await copies.compare())).toEqual([]);
    const windows = await exported("spread");
    expect(new Set(windows.map((window) => window.lake?.split("/").at(-3) ?? ""))).toEqual(
      new Set(["", "more", "third"]),
    );
    expect((await names("copy", "spread/")).some((name) => name === "spread/status.csv")).toBe(true);
    expect(
      [...(await names("more", "shared/")), ...(await names("third", "shared/"))].filter((name) =>
        /part/.test(name),
      ),
    ).toEqual(["shared/0123abcd/staged/1/1/1.0.0/1/x/part.csv.gz"]);
  }, 180_000);

  it("lets the clusters reach a lake as its string says, in place of the app's standard", async () => {
    const settings = {
      KUSTO_COPY_LAKE: `${lakesSetting("copy/impersonated")};impersonate`,
      KUSTO_COPY_EXISTING_ROWS: "keep",
      KUSTO_COPY_CLUSTER_ACCESS: "managed_identity=system",
      // An address that only this setting has the key of.
      KUSTO_COPY_CONNECTIONS: `https://other.kusto.windows.net;UserToken=x\n${lakesSetting("more/elsewhere")};impersonate`,
    };
    const impersonating = await startExtraHost(copies.stack, { settings });
    try {
      for (const lake of [undefined, `${copies.stack.urls.lake}/more/elsewhere`]) {
        const copy = await runCopy(impersonating.url, () => undefined, {
          tables: { include: ["Alpha"] },
          ...(lake === undefined ? {} : { lake }),
        });
        expect(copy).toMatchObject({ state: "succeeded", error: null });
      }
    } finally {
      await impersonating.stop();
    }
    // By managed identity it would have failed: no policy of these clusters allows one.
    const queued = await startExtraHost(copies.stack, {
      settings: { ...settings, KUSTO_COPY_INGESTION: "queued" },
    });
    try {
      const answer = await fetch(`${queued.url}/api/copies`, { method: "POST", body: "{}" });
      expect(answer.status).toBe(409);
      expect(await answer.text()).toMatch(
        /Queued ingestion can't read the lake .*impersonated by impersonation/,
      );
    } finally {
      await queued.stop();
    }
  }, 180_000);
});
