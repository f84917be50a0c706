import { readFileSync } from "node:fs";
import {
  ContainerClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  SASProtocol,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import { type Check, type CheckupReport, checkupReportSchema } from "../../model/reports/checkup.ts";
import { addFault, bodyOf, clearFaults, createIdTable, loadIds } from "../copy/drive.ts";
import { type ExtraHost, startExtraHost } from "../copy/hosts.ts";
import { type CopyStack, cursorsGiven, resetClock, setClock, startCopyStack } from "../copy/support.ts";
import { reportOf } from "./ask.ts";

const DATABASES = ["Well", "Other"];

describe("the checks of a job", () => {
  let copies: CopyStack;
  let container: ContainerClient;
  const hosts: ExtraHost[] = [];

  beforeAll(async () => {
    copies = await startCopyStack({ sourceDatabases: DATABASES, destinationDatabases: DATABASES });
    await createIdTable(copies.source, "Well", "Events");
    await loadIds(copies.stack.urls.sourceKusto, "Well", "Events", [0, 10]);
    container = new ContainerClient(
      `${copies.stack.urls.blob}/copy`,
      new StorageSharedKeyCredential(storageAccount.name, storageAccount.key),
    );
    await cursorsGiven();
  });
  afterAll(async () => {
    await Promise.all(hosts.map((host) => host.stop()));
    await copies.stop();
  });

  const check = (more: object = {}, app = copies.stack.urls.functions): Promise<CheckupReport> =>
    reportOf(checkupReportSchema, app, "checks", bodyOf(copies.stack, "Well", "Well", more));
  const found = (report: CheckupReport, family: Check["family"], name: string): Check => {
    const one = report.checks.find((each) => each.family === family && each.name === name);
    if (!one)
      throw new Error(
        `There is no check ${family}: ${name} among ${report.checks.map((each) => each.name).join(", ")}.`,
      );
    return one;
  };
  const refuse = (side: "sourceKusto" | "destinationKusto", text: string) =>
    addFault(copies.stack.urls[side], {
      match: { text },
      action: "fail",
      status: 403,
      code: "Forbidden",
      // As a cluster may answer that repeats what it was given.
      message:
        "Caller is not authorized to https://account.blob.core.windows.net/copy?sv=2024&sig=SECRETSECRET.",
      permanent: true,
      times: 100,
    });
  const unfault = async () => {
    await clearFaults(copies.stack.urls.sourceKusto);
    await clearFaults(copies.stack.urls.destinationKusto);
  };
  const probes = async () => {
    const names: string[] = [];
    for await (const blob of container.listBlobsFlat())
      if (blob.name.includes("/probe/")) names.push(blob.name);
    return names;
  };

  it("before there is a container make none, and say what could not be tried", async () => {
    const report = await check();
    expect(await container.exists()).toBe(false);
    expect(report.verdict).toBe("warnings");
    expect(found(report, "lake", "read and list")).toMatchObject({
      state: "warning",
      seen: expect.stringMatching(/no container copy/),
    });
    for (const name of [
      "write once and delete",
      "versioning and soft delete",
      "source writes to the lake",
      "destination reads the lake",
    ])
      expect(found(report, "lake", name)).toMatchObject({
        state: "unknown",
        fix: expect.stringMatching(/container/),
      });
  });

  it("are all well where all is, each with what was seen and why it matters, and leave no probe behind", async () => {
    await container.create();
    const report = await check();
    const notWell = report.checks.filter((each) => each.state !== "ok");
    expect(notWell).toEqual([]);
    expect(report.verdict).toBe("ok");
    expect(report.totals.ok).toBe(report.checks.length);
    for (const each of report.checks) {
      expect(each.seen, each.name).not.toBe("");
      expect(each.why, each.name).not.toBe("");
      expect(each.fix, each.name).toBeNull();
    }
    // And the documentation tells of each.
    const docs = readFileSync(new URL("../../docs/operations.md", import.meta.url), "utf8");
    for (const each of report.checks) expect(docs).toContain(`\n| \`${each.name}\` |`);
    expect(JSON.stringify(report)).not.toContain(storageAccount.key);
    expect(JSON.stringify(report)).not.toMatch(/sig=[^*]/);
    expect(await probes()).toEqual([]);
  });

  it.each<[string, "sourceKusto" | "destinationKusto", string, Check["family"], string, Check["state"]]>([
    ["capacity", "sourceKusto", "^\\.show capacity", "source", "read capacity", "failed"],
    ["operations", "destinationKusto", "^\\.show operations", "destination", "read operations", "failed"],
    ["workload groups", "sourceKusto", "^\\.show workload_groups", "source", "strong consistency", "unknown"],
    [
      "sign-in",
      "destinationKusto",
      "current_principal_details",
      "destination",
      "reach and sign in",
      "failed",
    ],
    [
      "ingestion resources",
      "destinationKusto",
      "^\\.get ingestion resources",
      "ingestion",
      "ingestion resources",
      "failed",
    ],
    [
      "the identity token",
      "destinationKusto",
      "^\\.get kusto identity token",
      "ingestion",
      "identity token",
      "failed",
    ],
    [
      "the source's way to the lake",
      "sourceKusto",
      "^\\.export to csv",
      "lake",
      "source writes to the lake",
      "failed",
    ],
    [
      "the destination's way to the lake",
      "destinationKusto",
      "^externaldata",
      "lake",
      "destination reads the lake",
      "failed",
    ],
    ["schemas", "sourceKusto", "^\\.show database .* schema", "source", "tables", "failed"],
  ])(
    "tell that %s is denied, in the cluster's own words, with the fix, and go on with all others",
    async (_, side, text, family, name, state) => {
      await refuse(side, text);
      const report = await check();
      await unfault();
      const refused = found(report, family, name);
      expect(refused).toMatchObject({ state, seen: expect.stringMatching(/not authorized/) });
      expect(JSON.stringify(report)).not.toMatch(/SECRETSECRET/);
      expect(refused.fix).toMatch(/\S/);
      expect(report.verdict).toBe(state === "failed" ? "failed" : "warnings");
      expect(report.totals.ok).toBeGreaterThan(15);
      expect(await probes()).toEqual([]);
    },
  );

  it("know by its roles that an identity may not move extents, or not read", async () => {
    const { source, destination } = copies;
    await destination.command("Well", ".add database Well ingestors ('aaduser=local-user;local')");
    await source.command("Well", ".add database Well monitors ('aaduser=local-user;local')");
    const report = await check();
    expect(found(report, "destination", "create tables and move extents")).toMatchObject({
      state: "failed",
      seen: expect.stringMatching(/is Ingestor on database Well, and neither Admin nor User/),
      fix: expect.stringMatching(/\.add database \['Well'\] admins/),
    });
    expect(found(report, "source", "read and export")).toMatchObject({ state: "failed" });
    // A User is an administrator of the tables that it creates, and of no others.
    await createIdTable(destination, "Well", "Events");
    await destination.command("Well", ".add database Well users ('aaduser=local-user;local')");
    expect(found(await check(), "destination", "create tables and move extents")).toMatchObject({
      state: "failed",
      seen: expect.stringMatching(/no administrator of tables that are there: Events/),
    });
    await destination.command("Well", ".add table Events admins ('aaduser=local-user;local')");
    expect(found(await check(), "destination", "create tables and move extents").state).toBe("ok");
    await destination.command("Well", ".drop table Events");
    await destination.command("Well", ".add database Well admins ('aaduser=local-user;local')");
    await source.command("Well", ".add database Well viewers ('aaduser=local-user;local')");
    const mended = await check();
    expect(found(mended, "destination", "create tables and move extents").state).toBe("ok");
    expect(found(mended, "source", "read and export").state).toBe("ok");
    for (const [side, roles] of [
      [destination, ["ingestors", "users", "admins"]],
      [source, ["monitors", "viewers"]],
    ] as const)
      for (const role of roles)
        await side.command("Well", `.drop database Well ${role} ('aaduser=local-user;local')`);
  });

  it("tell policies of tables: ingestion time off, hidden rows, update policies, a retention that is too short", async () => {
    const { source, destination, stack } = copies;
    for (const table of ["Untimed", "Secured", "Feeding", "Old"]) await createIdTable(source, "Other", table);
    await source.command("Other", ".alter table Untimed policy ingestiontime false");
    await source.command(
      "Other",
      '.alter table Secured policy row_level_security enable "Secured | where Id < 5"',
    );
    const created = new Date(Date.now() - 50 * 86_400_000).toISOString();
    await loadIds(stack.urls.sourceKusto, "Other", "Old", [0, 5], {
      ingestedAt: created,
      createdOn: created,
    });
    await createIdTable(destination, "Other", "Feeding");
    await createIdTable(destination, "Other", "Fed");
    await destination.command(
      "Other",
      `.alter table Fed policy update '[{"IsEnabled": true, "Source": "Feeding", "Query": "Feeding", "IsTransactional": false}]'`,
    );
    await destination.command(
      "Other",
      ".alter-merge database Other policy retention softdelete = 30d recoverability = disabled",
    );
    const job = { source: { database: "Other" }, destination: { database: "Other" } };
    const report = await check(job);
    expect(found(report, "source", "ingestion time")).toMatchObject({
      state: "warning",
      seen: expect.stringMatching(/1 of 4.*Untimed/),
    });
    expect(found(report, "source", "hidden rows")).toMatchObject({
      state: "failed",
      seen: expect.stringMatching(/Secured is under row-level security/),
    });
    expect(found(report, "destination", "update policies")).toMatchObject({
      state: "failed",
      seen: expect.stringMatching(/Fed \(from Feeding\)/),
    });
    expect(found(report, "destination", "retention")).toMatchObject({
      state: "warning",
      seen: expect.stringMatching(/Old .*30\.00:00:00/),
    });
    const careful = await check({
      ...job,
      tables: { exclude: ["Secured"], snapshot: ["Untimed"] },
      backfillHorizon: "10d",
      updatePolicies: "disable",
    });
    expect(found(careful, "source", "ingestion time").state).toBe("ok");
    expect(found(careful, "source", "hidden rows").state).toBe("ok");
    expect(found(careful, "destination", "update policies").state).toBe("warning");
    expect(found(careful, "destination", "retention").state).toBe("ok");
    expect(
      found(await check({ ...job, tables: { include: ["Nowhere"] } }), "source", "tables"),
    ).toMatchObject({
      state: "failed",
      seen: expect.stringMatching(/no table Nowhere/),
    });
  });

  it("tell a workload group that forces weak reading, cached results or the hot cache", async () => {
    const weak = { QueryConsistencyPolicy: { QueryConsistency: { IsRelaxable: false, Value: "Weak" } } };
    const group = (name: string, value: object) =>
      copies.source.command("Well", `.create-or-alter workload_group ${name} '${JSON.stringify(value)}'`);
    await group("Relaxed", {
      QueryConsistencyPolicy: { QueryConsistency: { IsRelaxable: true, Value: "Weak" } },
    });
    expect(found(await check(), "source", "strong consistency").state).toBe("ok");
    await group("Reports", { RequestLimitsPolicy: { DataScope: { IsRelaxable: false, Value: "HotCache" } } });
    expect(found(await check(), "source", "strong consistency")).toMatchObject({
      state: "warning",
      seen: expect.stringMatching(/Reports forces the hot cache alone/),
    });
    await group("default", weak);
    expect(found(await check(), "source", "strong consistency")).toMatchObject({
      state: "failed",
      seen: expect.stringMatching(/default forces Weak consistency/),
    });
    await group("default", {});
    await copies.source.command("Well", ".drop workload_group Reports");
  });

  it("tell clocks that are apart", async () => {
    const { sourceKusto } = copies.stack.urls;
    await setClock(sourceKusto, new Date(Date.now() + 3_600_000).toISOString());
    expect(found(await check(), "source", "clock")).toMatchObject({
      state: "failed",
      seen: expect.stringMatching(/ahead of/),
    });
    await setClock(sourceKusto, new Date(Date.now() - 180_000).toISOString());
    expect(found(await check(), "source", "clock")).toMatchObject({
      state: "warning",
      seen: expect.stringMatching(/behind/),
    });
    await resetClock(sourceKusto);
  });

  it("tell a log that is damaged, one of another copy, a copy that was paused, and settings that contradict each other", async () => {
    const put = (name: string, text: string) => container.getBlockBlobClient(name).upload(text, text.length);
    await put(`Broken/log/${"0".repeat(20)}.json`, "{");
    const broken = await check({ lake: `${copies.stack.urls.lake}/copy/Broken` });
    expect(found(broken, "lake", "checkpoint log")).toMatchObject({
      state: "failed",
      seen: expect.stringMatching(/0{20}\.json/),
    });

    expect(await copies.copy(bodyOf(copies.stack, "Well", "Well"))).toMatchObject({ state: "succeeded" });
    expect(found(await check(), "lake", "checkpoint log")).toMatchObject({
      state: "ok",
      seen: expect.stringMatching(/1 iterations/),
    });
    const foreign = await check({ source: { database: "Other" } });
    expect(found(foreign, "lake", "checkpoint log")).toMatchObject({
      state: "failed",
      seen: expect.stringMatching(/another copy/),
    });

    await put(
      "Well/control/wanted.json",
      JSON.stringify({ wanted: "pause", at: new Date().toISOString(), by: "somebody" }),
    );
    expect(found(await check(), "job", "asked to run")).toMatchObject({
      state: "warning",
      seen: expect.stringMatching(/pause by somebody/),
    });
    await container.deleteBlob("Well/control/wanted.json");

    const same = { cluster: copies.stack.urls.sourceKusto, database: "Well" };
    const odd = await check({ source: same, destination: same, mode: "new", backfillHorizon: "10d" });
    expect(found(odd, "settings", "source and destination").state).toBe("failed");
    expect(found(odd, "settings", "horizon").state).toBe("warning");
  });

  it("by a managed identity of the clusters look at its policies, and for direct ingestion at no endpoint", async () => {
    const host = await startExtraHost(copies.stack, {
      settings: {
        KUSTO_COPY_CLUSTER_ACCESS: "managed_identity=system",
        KUSTO_COPY_STATUS_ACCESS: "managed_identity=system",
        KUSTO_COPY_INGESTION: "direct",
        KUSTO_COPY_EVENTS_TOPIC: "http://127.0.0.1:9/api/events",
      },
    });
    hosts.push(host);
    const before = await check({}, host.url);
    expect(found(before, "source", "managed identity system")).toMatchObject({
      state: "failed",
      seen: expect.stringMatching(/ExportRequest/),
      fix: expect.stringMatching(/policy managed_identity/),
    });
    expect(found(before, "destination", "managed identity system")).toMatchObject({
      state: "failed",
      seen: expect.stringMatching(/NativeIngestion, ExternalDataRequest/),
    });
    expect(found(before, "lake", "source writes to the lake").state).toBe("failed");
    expect(found(before, "ingestion", "ingestion endpoint").state).toBe("ok");
    expect(found(before, "events", "event topic")).toMatchObject({ state: "warning" });
    const allow = (usages: string) =>
      `policy managed_identity '[{"ObjectId": "system", "AllowedUsages": "${usages}"}]'`;
    await copies.source.command("Well", `.alter database Well ${allow("ExportRequest")}`);
    await copies.destination.command("Well", `.alter cluster ${allow("All")}`);
    const after = await check({}, host.url);
    expect(found(after, "source", "managed identity system").state).toBe("ok");
    expect(found(after, "destination", "managed identity system").state).toBe("ok");
    expect(found(after, "lake", "source writes to the lake").state).toBe("ok");
    expect(found(after, "lake", "destination reads the lake").state).toBe("ok");
    await copies.destination.command("Well", ".delete cluster policy managed_identity");
    await refuse("destinationKusto", "^\\.show cluster policy managed_identity");
    expect(found(await check({}, host.url), "destination", "managed identity system").state).toBe("unknown");
    await unfault();
  });

  it("of a lake that may be read only, by a SAS that runs out soon, tell both, and that it may not be written", async () => {
    const credential = new StorageSharedKeyCredential(storageAccount.name, storageAccount.key);
    const expiresOn = new Date(Date.now() + 2 * 86_400_000);
    const permissions = ContainerSASPermissions.parse("rl");
    const sas = generateBlobSASQueryParameters(
      { containerName: "copy", permissions, expiresOn, protocol: SASProtocol.HttpsAndHttp },
      credential,
    ).toString();
    const folder = `${copies.stack.urls.lake}/copy/demo`;
    const host = await startExtraHost(copies.stack, { settings: { KUSTO_COPY_LAKE: `${folder}?${sas}` } });
    hosts.push(host);
    const report = await reportOf(checkupReportSchema, host.url, "checks", {
      source: { database: "Well" },
      destination: { database: "Well" },
    });
    expect(found(report, "lake", "read and list").state).toBe("ok");
    expect(found(report, "lake", "write once and delete")).toMatchObject({
      state: "failed",
      fix: expect.stringMatching(/Storage Blob Data Contributor/),
    });
    expect(found(report, "lake", "versioning and soft delete").state).toBe("unknown");
    expect(found(report, "lake", "credential for the clusters")).toMatchObject({
      state: "warning",
      seen: expect.stringMatching(/runs out at/),
    });
    expect(found(report, "lake", "source writes to the lake").state).toBe("failed");
    expect(JSON.stringify(report)).not.toContain(new URLSearchParams(sas).get("sig"));
  });
});
