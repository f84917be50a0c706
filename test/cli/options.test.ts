import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openLake } from "../../lake/lake.ts";
import { parseLake } from "../../lake/location.ts";
import { readState } from "../../lake/log.ts";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import { planReportSchema } from "../../model/reports/plan.ts";
import {
  addFault,
  clearFaults,
  commandsLike,
  createIdTable,
  idsOf,
  loadIds,
  until,
  wholeRanges,
} from "../copy/drive.ts";
import { type CopyStack, cursorsGiven, startCopyStack } from "../copy/support.ts";
import { command, eventsOf, start, summaryOf } from "./command.ts";
import { copiesOf, DESTINATIONS, fillSource } from "./optionCopies.ts";

describe("an option of the command", { timeout: 120_000 }, () => {
  let copies: CopyStack;
  const { lake, whole, copy, plan, jobOf, tablesOf } = copiesOf(() => copies);

  beforeAll(async () => {
    copies = await startCopyStack({
      host: false,
      sourceDatabases: ["Samples", "Live"],
      destinationDatabases: DESTINATIONS,
    });
    await fillSource(copies);
  });
  afterAll(() => copies.stop());

  it("--lake, --source, --destination, --db, --destination-db: copies from the one into the other", async () => {
    const { code, stdout, stderr } = await copy("All");
    expect(stderr).toBe("");
    expect(summaryOf(stdout)).toMatchObject({
      outcome: "done",
      exitCode: 0,
      rows: 45,
      reason: null,
      next: null,
    });
    expect(code).toBe(0);
    expect(await tablesOf("All")).toEqual(["States", "Storms", "StormsOld", "Two Words"]);
    expect(await idsOf(copies.destination, "All", "Storms")).toEqual(wholeRanges([0, 30]));
  });

  it("--tables-include and --tables-exclude take names separated by blanks, repeated, and wildcards", async () => {
    const included = ["--tables-include", "Storms*", "Two Words", "--tables-include", "Nothing*"];
    const { code } = await copy("Some", ...included, "--TABLES-EXCLUDE", "*Old");
    expect(code).toBe(0);
    expect(await tablesOf("Some")).toEqual(["Storms", "Two Words"]);
  });

  it("may come from the environment, and wins over it", async () => {
    const { sourceKusto, destinationKusto } = copies.stack.urls;
    const { code, stdout, stderr } = await command(["--tables-include", "States", "--json"], {
      env: {
        KUSTO_COPY_LAKE: lake("Env"),
        KUSTO_COPY_SOURCE: sourceKusto,
        KUSTO_COPY_DESTINATION: destinationKusto,
        KUSTO_COPY_DATABASE: "Samples",
        KUSTO_COPY_DESTINATION_DATABASE: "Env",
        KUSTO_COPY_TABLES_INCLUDE: "Storms",
        KUSTO_COPY_QUERY_SLOTS: "4",
        KUSTO_COPY_POLL: "100ms",
      },
    });
    expect([code, stderr]).toEqual([0, ""]);
    expect(summaryOf(stdout).tables.map(({ name }) => name)).toEqual(["States"]);
  });

  it("--config and --job: jobs of a file run side by side, and options override them", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "jobs-")), "jobs.yaml");
    const { sourceKusto, destinationKusto } = copies.stack.urls;
    const job = (table: string) => ({
      source: { cluster: sourceKusto, database: "Samples" },
      destination: { cluster: destinationKusto, database: "File" },
      tables: { include: [table] },
      windowRows: 7,
    });
    const jobs = { one: job("Storms"), two: job("States"), three: job("Two Words") };
    writeFileSync(file, JSON.stringify({ defaults: { poll: "100ms", slots: { query: 4 } }, jobs }));
    const args = ["--config", file, "-l", lake("File"), "--job", "one", "two", "--window-rows", "3"];
    const { code, stdout, stderr } = await command([...args, "--json"]);
    expect([code, stderr]).toEqual([0, ""]);
    const ends = eventsOf(stdout).filter(({ event }) => event === "summary");
    expect(ends.map(({ job }) => job).toSorted()).toEqual(["one", "two"]);
    expect(await tablesOf("File")).toEqual(["States", "Storms"]);
    const state = await readState(openLake(parseLake(lake("File/copies/one"))));
    expect(state.job).toMatchObject({ name: "one", windowRows: 3 });
  });

  it("--query takes a part of each table", async () => {
    expect((await copy("Query", "--query", "| where Id < 4", "--tables-include", "Storms")).code).toBe(0);
    expect(await idsOf(copies.destination, "Query", "Storms")).toEqual(wholeRanges([0, 4]));
  });

  it("-b, --backfillHorizon and --backfill-horizon, in any case, leave out what was ingested before", async () => {
    const options = ["-b", "--backfillHorizon", "--backfill-horizon", "--BACKFILLHORIZON"];
    const plans = await Promise.all(
      options.map((option) => plan("Horizon", "--tables-include", "Storms", option, "30d")),
    );
    expect(plans.map(({ totals }) => totals.rows)).toEqual([20, 20, 20, 20]);
  });

  it("--mode backfill copies history alone, and new what comes from then on", async () => {
    for (const [into, mode] of [
      ["History", "backfill"],
      ["New", "new"],
    ] as const)
      expect((await command([...whole(into, "Live"), "--mode", mode])).code).toBe(0);
    await loadIds(copies.stack.urls.sourceKusto, "Live", "Events", [10, 15]);
    await cursorsGiven();
    for (const [into, mode] of [
      ["History", "backfill"],
      ["New", "New"],
    ] as const)
      expect((await command([...whole(into, "Live"), "--mode", mode])).code).toBe(0);
    expect(await idsOf(copies.destination, "History", "Events")).toEqual(wholeRanges([0, 10]));
    expect(await idsOf(copies.destination, "New", "Events")).toEqual(wholeRanges([10, 15]));
  });

  it("--existing-rows keep copies beside rows that are refused otherwise", async () => {
    await createIdTable(copies.destination, "Beside", "States");
    await loadIds(copies.stack.urls.destinationKusto, "Beside", "States", [100, 103]);
    const refused = await copy("Beside", "--tables-include", "States");
    expect(refused.code).toBe(1);
    expect(summaryOf(refused.stdout)).toMatchObject({
      outcome: "failed",
      tables: [{ name: "States", state: "failed", error: expect.stringContaining("holds 3 rows") }],
    });
    expect((await copy("Beside", "--tables-include", "States", "--existing-rows", "keep")).code).toBe(0);
    expect(await idsOf(copies.destination, "Beside", "States")).toEqual(wholeRanges([0, 5], [100, 103]));
  });

  it("--ingestion direct ingests by commands", async () => {
    expect((await copy("Direct", "--tables-include", "States", "--ingestion", "direct")).code).toBe(0);
    expect(await commandsLike(copies.destination, "Direct", ".ingest")).toBeGreaterThan(0);
    expect(await idsOf(copies.destination, "Direct", "States")).toEqual(wholeRanges([0, 5]));
  });

  it("--schema none makes no table, and --status-access says how KC_Status reads", async () => {
    const args = [
      "--tables-include",
      "States",
      "--schema",
      "none",
      "--status-access",
      "managed_identity=system",
    ];
    const { code, stdout } = await copy("Bare", ...args);
    expect(code).toBe(1);
    expect(summaryOf(stdout).tables).toMatchObject([{ name: "States", state: "failed" }]);
    expect(await tablesOf("Bare")).toEqual([]);
    // The local cluster lets no identity read that no policy of its own allows, as Kusto doesn't.
    await expect(copies.destination.query("Bare", "KC_Status()")).rejects.toThrow(/managed identity/i);
  });

  it("--export-slots, --ingestion-slots, --query-slots: numbers and percentages bound what runs at once", async () => {
    const slots = async (...more: string[]) => (await plan("Horizon", ...more)).estimate?.slots;
    expect(await slots("--export-slots", "3", "--ingestion-slots", "2", "--query-slots", "5")).toEqual({
      export: 3,
      ingestion: 2,
      query: 5,
    });
    const all = await slots("--export-slots", "100%");
    const half = await slots("--export-slots", "50%");
    expect(half?.export).toBe(Math.max(1, Math.floor((all?.export ?? 0) / 2)));
  });

  it("--format, --window-rows, --tables-snapshot: what travels how, in which pieces, and what is replaced whole", async () => {
    const one = async (...more: string[]) =>
      (await plan("Horizon", "--tables-include", "Storms", ...more)).tables[0];
    const [csv, parquet, plain, replaced] = await Promise.all([
      one("--format", "csv"),
      one("--format", "parquet"),
      one("--window-rows", "100"),
      one("--tables-snapshot", "Storms"),
    ]);
    expect(csv).toMatchObject({ format: "csv" });
    expect(parquet).toMatchObject({ format: "parquet" });
    expect(plain).toMatchObject({ windows: 3, whole: false });
    expect(replaced).toMatchObject({ windows: 1, whole: true });
    // Two loads of one day: a window, or one for each.
    for (const [i, at] of ["2025-05-05T01:00:00Z", "2025-05-05T20:00:00Z"].entries())
      await loadIds(copies.stack.urls.sourceKusto, "Live", "Events", [900 + i * 5, 905 + i * 5], {
        ingestedAt: at,
        createdOn: at,
      });
    await cursorsGiven();
    const live = async (...more: string[]) => {
      const { stdout } = await command(["plan", ...whole("Horizon", "Live"), ...more, "--json"]);
      return planReportSchema.parse(JSON.parse(stdout)).totals.windows;
    };
    const [many, few] = await Promise.all([live("--window-rows", "6"), live()]);
    expect(many).toBeGreaterThan(few);
  });

  it("--max-attempts bounds the attempts at a window before its table is given up", async () => {
    const { sourceKusto } = copies.stack.urls;
    const match = { kind: "operation", text: "^\\.export.*States" };
    await addFault(sourceKusto, {
      match,
      action: "operationState",
      state: "Failed",
      message: "no",
      times: 1000,
    });
    const { code, stdout } = await copy("Parked", "--tables-include", "States", "--max-attempts", "1");
    await clearFaults(sourceKusto);
    expect(code).toBe(1);
    expect(summaryOf(stdout).next).toContain("run the same command again");
    expect(await commandsLike(copies.source, "Samples", ".export")).toBeGreaterThan(0);
    expect((await jobOf("Parked"))?.maxAttempts).toBe(1);
  });

  it("--visibility window shows rows before the iteration is whole", async () => {
    const { sourceKusto } = copies.stack.urls;
    const delayed = { kind: "operation", text: "^\\.export" };
    await addFault(sourceKusto, { match: delayed, action: "delay", afterMs: 200, times: 1 });
    await addFault(sourceKusto, { match: delayed, action: "delay", afterMs: 6000, times: 2 });
    const args = ["--visibility", "window", "--export-slots", "3", "--tables-include", "Storms"];
    const running = start([...whole("Window"), ...args]);
    await until("nothing was shown early", async () => {
      const names = await tablesOf("Window");
      return names.includes("Storms") && (await idsOf(copies.destination, "Window", "Storms")).rows === 10;
    });
    expect((await running.ended).code).toBe(0);
    await clearFaults(sourceKusto);
    expect(await idsOf(copies.destination, "Window", "Storms")).toEqual(wholeRanges([0, 30]));
  });

  it("--continuous and --rpo run on, an iteration each RPO, through failures, until they are asked to stop", async () => {
    const args = ["--continuous", "-r", "00:00:02", "--json"];
    const running = start([...whole("Often", "Live"), ...args]);
    const committed = () =>
      eventsOf(running.stdout().slice(0, running.stdout().lastIndexOf("\n") + 1)).filter(
        ({ event }) => event === "committed",
      ).length;
    await until("no second iteration came", async () => committed() >= 2);
    const { destinationKusto, sourceKusto } = copies.stack.urls;
    await addFault(destinationKusto, {
      match: { kind: "mgmt", database: "Often", text: "KC_Status" },
      action: "fail",
      permanent: true,
      message: "not now",
      times: 1,
    });
    await until("the failure wasn't told", async () => running.stdout().includes("An iteration failed: "));
    await loadIds(sourceKusto, "Live", "Events", [100, 103]);
    await until(
      "what is new didn't come",
      async () => {
        if (!(await tablesOf("Often")).includes("Events")) return false;
        const [row] = await copies.destination.query(
          "Often",
          "Events | where Id >= 100 and Id < 103 | count",
        );
        return Number(row?.Count) === 3;
      },
      60_000,
    );
    running.signal("SIGTERM");
    const { code, stdout } = await running.ended;
    expect(code).toBe(130);
    expect(summaryOf(stdout)).toMatchObject({
      outcome: "stopped",
      next: expect.stringContaining("to go on"),
    });
  });

  it("--lake several times spreads staged files", async () => {
    const { sourceKusto } = copies.stack.urls;
    const match = { kind: "operation", text: "^\\.export" };
    await addFault(sourceKusto, { match, action: "delay", afterMs: 1500, times: 3 });
    const second = `${copies.stack.urls.lake}/copy/Second;${storageAccount.key}`;
    const running = start([...whole("Lakes"), "-l", second, "--tables-include", "Storms"]);
    const container = new ContainerClient(
      `${copies.stack.urls.blob}/copy`,
      new StorageSharedKeyCredential(storageAccount.name, storageAccount.key),
    );
    const staged = async (prefix: string): Promise<number> => {
      let files = 0;
      for await (const { name } of container.listBlobsFlat({ prefix }))
        if (name.includes("/staged/")) files += 1;
      return files;
    };
    await until(
      "one of the folders had no staged file",
      async () => (await staged("Lakes/")) > 0 && (await staged("Second/")) > 0,
    );
    expect((await running.ended).code).toBe(0);
    await clearFaults(sourceKusto);
    expect(await idsOf(copies.destination, "Lakes", "Storms")).toEqual(wholeRanges([0, 30]));
  });

  it("--job, --rpo, --ingestion-timeout, --cluster-access, --update-policies, --schema all: are the job's", async () => {
    const args = ["--job", "nightly", "-r", "PT1H", "--ingestion-timeout", "90s", "--cluster-access", "sas"];
    const policies = ["--update-policies", "disable", "--schema", "all", "--tables-include", "States"];
    expect((await copy("Samples", ...args, ...policies)).code).toBe(0);
    const job = await jobOf("Samples");
    expect(job).toMatchObject({
      name: "nightly",
      rpoMs: 3_600_000,
      ingestionTimeoutMs: 90_000,
      updatePolicies: "disable",
      schema: "all",
    });
    expect(Object.values(job?.lakeAccess ?? {})).toEqual(["sas"]);
  });

  it("-v tells of each step with its operation", async () => {
    await loadIds(copies.stack.urls.sourceKusto, "Samples", "States", [50, 52]);
    await cursorsGiven();
    const { stdout } = await copy("Some", "--tables-include", "States", "-v");
    const texts = eventsOf(stdout).flatMap((event) => (event.event === "message" ? [event.text] : []));
    expect(texts.join("\n")).toMatch(
      /startExport \(window \S+ of States, attempt 1\): operation [0-9a-f-]{36}/,
    );
  });

  it("--no-progress leaves a summary, and a pipe gets plain lines", async () => {
    const { stdout } = await command([...whole("All"), "--no-progress"]);
    expect(stdout.trim().split("\n")[0]).toMatch(/^Copying /);
    expect(stdout).not.toContain("windows:");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with it
    expect(stdout).not.toMatch(/\u001b/);
    expect(stdout).toMatch(/^Done after .*\.$/m);
  });

  it("no secret of an argument stays in the process list, nor is it printed", async () => {
    const running = start([...whole("All"), "-v"]);
    await until("the command didn't begin", async () => running.stdout().includes("Copying"));
    if (process.platform === "linux") {
      const list = readFileSync(`/proc/${running.pid}/cmdline`, "utf8");
      expect(list).toContain("kusto-copy");
      expect(list.includes(storageAccount.key.slice(0, 20))).toBe(false);
    }
    const { stdout, stderr } = await running.ended;
    expect((stdout + stderr).includes(storageAccount.key.slice(0, 20))).toBe(false);
  });

  it("each line of --json is an event by the documented schema", async () => {
    const { stdout } = await copy("All");
    const events = eventsOf(stdout).map(({ event }) => event);
    expect(events[0]).toBe("started");
    expect(events.at(-1)).toBe("summary");
    expect(z.array(z.string()).parse(events)).toContain("progress");
  });
});
