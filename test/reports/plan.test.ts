import { ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import { checkupReportSchema } from "../../model/reports/checkup.ts";
import { type PlanReport, type PlanTable, planReportSchema } from "../../model/reports/plan.ts";
import {
  addFault,
  beginCopy,
  bodyOf,
  clearFaults,
  createIdTable,
  loadIds,
  lookAt,
  tableNames,
  until,
} from "../copy/drive.ts";
import { type CopyStack, cursorsGiven, startCopyStack } from "../copy/support.ts";
import { asked, reportOf } from "./ask.ts";

const DATABASES = ["First", "Refused", "Old", "Half", "Broken"];
/** At the source alone. */
const LEADING = "Leading";

describe("a plan", () => {
  let copies: CopyStack;
  const body = (database: string, more: object = {}) => bodyOf(copies.stack, database, database, more);
  const planOf = (database: string, more: object = {}): Promise<PlanReport> =>
    reportOf(planReportSchema, copies.stack.urls.functions, "plans", body(database, more));
  const tableOf = (report: PlanReport, name: string): PlanTable | undefined =>
    report.tables.find((table) => table.name === name);

  beforeAll(async () => {
    copies = await startCopyStack({
      sourceDatabases: [...DATABASES, LEADING],
      destinationDatabases: DATABASES,
      settings: { KUSTO_COPY_INGESTION: "direct" },
    });
  });
  afterAll(() => copies.stop());

  async function blobsOf(folder: string): Promise<string[]> {
    const container = new ContainerClient(
      `${copies.stack.urls.blob}/copy`,
      new StorageSharedKeyCredential(storageAccount.name, storageAccount.key),
    );
    const names: string[] = [];
    if (!(await container.exists())) return names;
    for await (const blob of container.listBlobsFlat({ prefix: `${folder}/` })) names.push(blob.name);
    return names;
  }

  it("of a first copy tells tables, windows, rows, sizes, format, schema changes and time, and changes nothing anywhere", async () => {
    const { source, destination, stack } = copies;
    await createIdTable(source, "First", "Events");
    await source.command("First", ".create table Numbers (N: long) with (folder='Facts')");
    await source.command("First", ".create table Empty (At: datetime)");
    await loadIds(stack.urls.sourceKusto, "First", "Events", [0, 300], {
      ingestedAt: "2026-01-05T10:00:00Z",
    });
    await loadIds(stack.urls.sourceKusto, "First", "Events", [300, 400], {
      ingestedAt: "2026-01-06T10:00:00Z",
    });
    await source.command("First", ".set-or-append Numbers <| range N from 1 to 50 step 1");
    await destination.command("First", ".create table Numbers (Other: string)");
    await cursorsGiven();

    const report = await planOf("First");
    expect(report).toMatchObject({
      log: "none",
      iterations: [{ iteration: 1, lane: "backfill", resumed: false, tables: 3, windows: 3, rows: 450 }],
      totals: { copied: 2, prepared: 1, refused: 0, windows: 3, rows: 450 },
      more: 0,
      follower: { possible: "unknown" },
      warnings: [],
    });
    expect(tableOf(report, "Events")).toMatchObject({
      state: "copied",
      whole: false,
      windows: 2,
      rows: 400,
      format: "parquet",
      changes: [{ kind: "createTable", text: "Create table Events (Id: long, Text: string)." }],
      dropped: null,
    });
    expect(tableOf(report, "Numbers")?.changes).toEqual([
      { kind: "addColumns", text: "Add to table Numbers: N: long." },
      { kind: "describe", text: 'Give table Numbers folder "Facts".' },
    ]);
    expect(tableOf(report, "Empty")).toMatchObject({
      state: "prepared",
      windows: 0,
      format: "csv",
      bytes: 0,
    });
    expect(tableOf(report, "Events")?.bytes).toBeGreaterThan(0);
    expect(report.estimate?.low).toBeGreaterThan(0);
    expect(report.estimate?.high).toBeGreaterThan(report.estimate?.low ?? 0);
    expect(await tableNames(destination, "First")).toEqual(["Numbers"]);
    expect(await blobsOf("First")).toEqual([]);
  });

  it("names every table that would not be copied, with the reason", async () => {
    const { source, destination, stack } = copies;
    for (const table of ["Secured", "Hidden", "Held", "Retyped", "Feeding", "Fine"]) {
      await createIdTable(source, "Refused", table);
      await loadIds(stack.urls.sourceKusto, "Refused", table, [0, 10]);
    }
    await source.command(
      "Refused",
      '.alter table Secured policy row_level_security enable "Secured | where Id < 5"',
    );
    await source.command("Refused", ".create function Hidden() { print 1 }");
    await createIdTable(destination, "Refused", "Held");
    await loadIds(stack.urls.destinationKusto, "Refused", "Held", [0, 3]);
    await destination.command("Refused", ".create table Retyped (Id: string)");
    await createIdTable(destination, "Refused", "Feeding");
    await createIdTable(destination, "Refused", "Fed");
    await destination.command(
      "Refused",
      `.alter table Fed policy update '[{"IsEnabled": true, "Source": "Feeding", "Query": "Feeding", "IsTransactional": false}]'`,
    );
    await cursorsGiven();
    const report = await planOf("Refused", { tables: { include: ["Nowhere", "*e*", "*i*"] } });
    const reasons = Object.fromEntries(
      report.tables.filter((table) => table.state === "refused").map((table) => [table.name, table.reason]),
    );
    expect(reasons).toEqual({
      Secured: expect.stringMatching(/row-level security/),
      Hidden: expect.stringMatching(/Function Hidden/),
      Held: expect.stringMatching(/holds 3 rows at the destination/),
      Retyped: expect.stringMatching(/Id is long at the source and string at the destination/),
      Feeding: expect.stringMatching(/update policy of table Fed/),
      Nowhere: expect.stringMatching(/no table of this name/),
    });
    expect(report.tables.filter((table) => table.state === "copied").map((table) => table.name)).toEqual([
      "Fine",
    ]);
    // Refused tables come first, and no iteration counts them.
    expect(report.tables.at(-1)?.name).toBe("Fine");
    expect(report.iterations).toMatchObject([{ tables: 1, rows: 10 }]);
    expect(report.totals).toMatchObject({ copied: 1, refused: 6, rows: 10 });

    const disabling = await planOf("Refused", {
      tables: { include: ["Feeding"] },
      updatePolicies: "disable",
    });
    expect(tableOf(disabling, "Feeding")).toMatchObject({
      state: "copied",
      changes: [{ kind: "updatePolicy", text: expect.stringMatching(/policy of table Fed off/) }],
    });

    const typo = await planOf("Refused", { tables: { include: ["Nowhere"] } });
    expect(typo).toMatchObject({
      iterations: [{ tables: 0, windows: 0 }],
      estimate: null,
      totals: { copied: 0, refused: 1 },
    });
    const none = await planOf("Refused", { tables: { include: ["Zero*"] } });
    expect(tableOf(none, "Zero*")).toMatchObject({
      state: "refused",
      reason: expect.stringMatching(/no table that this matches/),
    });
    expect((await planOf("Refused", { tables: { exclude: ["*"] } })).warnings).toEqual([
      "The job selects no table of database Refused.",
    ]);
    expect(tableOf(typo, "Nowhere")).toMatchObject({ iteration: null, state: "refused" });
  });

  it("tells what the destination's retention would drop at once", async () => {
    const { source, destination, stack } = copies;
    const day = 86_400_000;
    const ago = (days: number) => new Date(Date.now() - days * day).toISOString();
    for (const table of ["Events", "Young", "Kept"]) await createIdTable(source, "Old", table);
    for (const table of ["Events", "Kept"]) {
      await loadIds(stack.urls.sourceKusto, "Old", table, [0, 70], {
        ingestedAt: ago(50),
        createdOn: ago(50),
      });
      await loadIds(stack.urls.sourceKusto, "Old", table, [70, 100], {
        ingestedAt: ago(2),
        createdOn: ago(2),
      });
    }
    await loadIds(stack.urls.sourceKusto, "Old", "Young", [0, 5], { ingestedAt: ago(1), createdOn: ago(1) });
    await destination.command(
      "Old",
      ".alter-merge database Old policy retention softdelete = 30d recoverability = disabled",
    );
    await createIdTable(destination, "Old", "Kept");
    await destination.command(
      "Old",
      ".alter-merge table Kept policy retention softdelete = 3650d recoverability = disabled",
    );
    await cursorsGiven();
    const report = await planOf("Old");
    expect(tableOf(report, "Events")?.dropped).toMatchObject({ rows: 70, softDeletePeriod: "30.00:00:00" });
    expect(tableOf(report, "Young")?.dropped).toBeNull();
    expect(tableOf(report, "Kept")?.dropped).toBeNull();
    // What the horizon leaves out is not lost.
    expect(tableOf(await planOf("Old", { backfillHorizon: "10d" }), "Events")?.dropped).toBeNull();
  });

  it("of a copy that is half-way tells what is left, and what is new since, apart", async () => {
    const { source, stack } = copies;
    const app = stack.urls.functions;
    await createIdTable(source, "Half", "Events");
    await loadIds(stack.urls.sourceKusto, "Half", "Events", [0, 20]);
    await cursorsGiven();
    const done = await beginCopy(app, body("Half"));
    await until("the copy didn't end", async () => (await lookAt(done)).state !== "running");
    expect(await planOf("Half")).toMatchObject({
      log: "known",
      iterations: [{ iteration: 2, lane: "forward", resumed: false, tables: 0, windows: 0, quiet: 1 }],
      tables: [],
      estimate: null,
    });

    await loadIds(stack.urls.sourceKusto, "Half", "Events", [20, 50]);
    await cursorsGiven();
    const next = await planOf("Half");
    expect(next.iterations).toMatchObject([{ iteration: 2, lane: "forward", resumed: false, rows: 30 }]);
    expect(tableOf(next, "Events")).toMatchObject({ windows: 1, rows: 30, changes: [] });

    // Exports that never end, and a run that is ended from outside: the iteration stays open in the log.
    await addFault(stack.urls.sourceKusto, {
      match: { kind: "operation", database: "Half", text: "^\\.export" },
      action: "delay",
      afterMs: 600_000,
      times: 10,
    });
    const begun = await beginCopy(app, body("Half"));
    await until("nothing was planned", async () =>
      (await lookAt(begun)).tables.some((each) => each.windows.total > 0),
    );
    const id = decodeURIComponent(begun.split("/").at(-1) ?? "");
    const end = await fetch(
      `${app}/runtime/webhooks/durabletask/instances/${encodeURIComponent(id)}/terminate?reason=test`,
      {
        method: "POST",
      },
    );
    expect(end.status).toBe(202);
    await clearFaults(stack.urls.sourceKusto);
    await createIdTable(source, "Half", "Later");
    await loadIds(stack.urls.sourceKusto, "Half", "Later", [0, 7]);
    await cursorsGiven();
    const left = await planOf("Half");
    expect(left.iterations).toMatchObject([
      { iteration: 2, lane: "forward", resumed: true, windows: 1, rows: 30 },
      { iteration: 3, lane: "backfill", resumed: false, windows: 1, rows: 7 },
    ]);
    expect(left.totals).toMatchObject({ copied: 2, rows: 37 });
  });

  it("into a follower refuses every table, and says that it is one", async () => {
    const { source, stack } = copies;
    await createIdTable(source, "Leading", "Events");
    await loadIds(stack.urls.sourceKusto, "Leading", "Events", [0, 3]);
    const attached = await fetch(`${stack.urls.destinationKusto}/local/following`, {
      method: "PUT",
      body: JSON.stringify({
        attachments: [
          {
            configuration: "share",
            principalsKind: "Union",
            database: "Leading",
            leader: { name: "source", url: stack.urls.sourceKusto },
          },
        ],
      }),
    });
    expect(attached.status).toBe(200);
    const report = await planOf("Leading");
    expect(report.warnings).toEqual([expect.stringMatching(/Leading is a follower/)]);
    expect(report.totals).toMatchObject({ copied: 0, refused: 1 });
    expect(tableOf(report, "Events")).toMatchObject({
      state: "refused",
      reason: expect.stringMatching(/follower/),
    });
    const checks = await reportOf(checkupReportSchema, stack.urls.functions, "checks", body("Leading"));
    expect(checks.checks.find((each) => each.name === "writable")).toMatchObject({
      state: "failed",
      seen: expect.stringMatching(/follower/),
    });
  });

  it("is refused where the folder holds the log of another copy, and says which", async () => {
    const answer = await asked(copies.stack.urls.functions, "plans", {
      ...body("Broken"),
      lake: `${copies.stack.urls.lake}/copy/Half`,
    });
    expect(answer).toMatchObject({ state: "failed", report: null });
    expect(answer.error).toMatch(/checkpoint log of another copy/);
  });

  it("names every wrong field of the request, and knows no id that it didn't give", async () => {
    const app = copies.stack.urls.functions;
    const wrong = await fetch(`${app}/api/plans`, { method: "POST", body: '{"mode": "all"}' });
    expect([wrong.status, wrong.headers.get("content-type")]).toEqual([400, "application/problem+json"]);
    expect(await wrong.json()).toMatchObject({ errors: [{ pointer: "/mode" }] });
    expect((await fetch(`${app}/api/plans/planCopy:none:1`)).status).toBe(404);
  });
});
