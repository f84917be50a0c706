import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readText, writeText } from "../../lake/files.ts";
import { entryPath } from "../../lake/log.ts";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import { command } from "../cli/command.ts";
import { loadDays } from "../copy/daysOfRows.ts";
import {
  beginCopy,
  bodyOf,
  clearFaults,
  commandsLike,
  createIdTable,
  idsOf,
  loadIds,
  tableNames,
  until,
  wholeRanges,
} from "../copy/drive.ts";
import { lakeOf, stagedFiles } from "../copy/leftovers.ts";
import { type CopyStack, cursorsGiven, startCopyStack } from "../copy/support.ts";
import { addLakeFault, clearLakeFaults, lakeStrikes } from "./lakeFaults.ts";
import { endOf, endsWell, entriesOf, LOAD, midst, slowExports } from "./support.ts";

const DAMAGES: readonly { name: string; damaged: (text: string) => string | undefined; told: RegExp }[] = [
  { name: "truncated", damaged: (text) => text.slice(0, -30), told: /not whole JSON/ },
  { name: "garbled", damaged: (text) => text.replace('"kind":"', '"kind":"x'), told: /kind/ },
  { name: "deleted", damaged: () => undefined, told: /it is missing/ },
];
const DATABASES = ["Full", "Busy", "Lost", "Flat", "Damaged"];
const DAYS = 5;
const ALL = wholeRanges([0, DAYS * LOAD]);

describe("a lake that fails a copy", () => {
  let copies: CopyStack;
  const source = () => copies.stack.urls.sourceKusto;
  const begin = (database: string) =>
    beginCopy(copies.stack.urls.functions, bodyOf(copies.stack, database, database));
  const copy = async (database: string) => endOf(await begin(database));
  const held = (database: string) => idsOf(copies.destination, database, "Events");
  const struck = async () => expect((await lakeStrikes(copies.stack)).every((each) => each > 0)).toBe(true);

  beforeAll(async () => {
    copies = await startCopyStack({
      without: ["arm"],
      sourceDatabases: DATABASES,
      destinationDatabases: DATABASES,
      settings: { KUSTO_COPY_WINDOW_ROWS: String(LOAD), KUSTO_COPY_EXPORT_SLOTS: "2" },
    });
  });
  afterAll(() => copies.stop());

  it("that takes no more writes: the run ends with the reason, and once it takes them again the next goes on from there", async () => {
    await loadDays(copies, "Full", DAYS, LOAD);
    await slowExports(source(), "Full", { quick: 2, slowMs: 700 });
    const statusUrl = await begin("Full");
    await midst(statusUrl, DAYS);
    const before = (await entriesOf(lakeOf(copies.stack, "Full"))).length;
    await addLakeFault(copies.stack, {
      action: "fail",
      match: { method: "PUT", path: "/copy/Full/" },
      status: 409,
      code: "AccountCapacityExceeded",
      message: "The account holds no more.",
      times: 10_000,
    });
    const told = /Storage answered 409: AccountCapacityExceeded The account holds no more.*\/copy\/Full\//;
    expect(await endOf(statusUrl)).toMatchObject({ state: "failed", error: expect.stringMatching(told) });
    expect(await copy("Full")).toMatchObject({ state: "failed", error: expect.stringMatching(told) });
    // At most what was on its way when the lake was full was written.
    const exported = async () =>
      (await entriesOf(lakeOf(copies.stack, "Full"))).flatMap((entry) =>
        entry.kind === "progress" ? entry.exported.map(({ window }) => window) : [],
      );
    expect((await entriesOf(lakeOf(copies.stack, "Full"))).length).toBeLessThanOrEqual(before + 1);
    await clearLakeFaults(copies.stack);
    await clearFaults(source());
    expect(await copy("Full")).toMatchObject({ state: "succeeded", error: null });
    expect(await held("Full")).toEqual(ALL);
    expect((await exported()).toSorted()).toEqual([...new Set(await exported())].toSorted());
    expect(await copy("Full")).toMatchObject({ state: "succeeded", error: null });
    await endsWell(copies, "Full");
  });

  it("that is too busy for a while, for the app and for the clusters: it is waited for, and the run goes on by itself", async () => {
    await loadDays(copies, "Busy", 3, LOAD);
    for (const query of ["sig=", "^$"])
      await addLakeFault(copies.stack, {
        action: "fail",
        match: { method: "PUT", path: "/copy/Busy/(log|staged)/", query },
        status: 503,
        code: "ServerBusy",
        times: 2,
      });
    expect(await copy("Busy")).toMatchObject({ state: "succeeded", error: null });
    await struck();
    await clearLakeFaults(copies.stack);
    expect(await held("Busy")).toEqual(wholeRanges([0, 3 * LOAD]));
    await endsWell(copies, "Busy");
  });

  it("whose answers get lost though the work was done: each log entry is written once, and the run goes on", async () => {
    await loadDays(copies, "Lost", 3, LOAD);
    for (const path of ["log/0+[0-9]\\.json$", "log/0+1\\.json$", "log/0+[2-9]\\.json$", "status\\.csv$"])
      await addLakeFault(copies.stack, {
        action: "loseAnswer",
        match: { method: "PUT", path: `/copy/Lost/${path}` },
      });
    await addLakeFault(copies.stack, {
      action: "loseAnswer",
      match: { method: "DELETE", path: "/copy/Lost/staged/" },
    });
    expect(await copy("Lost")).toMatchObject({ state: "succeeded", error: null });
    await struck();
    await clearLakeFaults(copies.stack);
    const opened = (await entriesOf(lakeOf(copies.stack, "Lost"))).filter(({ kind }) => kind === "runOpened");
    expect(opened).toHaveLength(1);
    expect(await commandsLike(copies.source, "Lost", ".export")).toBe(3);
    expect(await held("Lost")).toEqual(wholeRanges([0, 3 * LOAD]));
    await endsWell(copies, "Lost");
  });

  it("that refuses to delete and to rename folders, and keeps snapshots of files: nothing of a copy is left all the same", async () => {
    await loadDays(copies, "Flat", 3, LOAD);
    await slowExports(source(), "Flat", { quick: 1, slowMs: 1000 });
    // As an account without folders refuses the data-lake protocol; the blob protocol goes on.
    await addLakeFault(copies.stack, {
      action: "fail",
      match: { path: "/copy/Flat/", query: "(^|&)(recursive|resource|mode|action)=" },
      status: 409,
      code: "EndpointUnsupportedAccountFeatures",
      times: 10_000,
    });
    const statusUrl = await begin("Flat");
    const lake = lakeOf(copies.stack, "Flat");
    await until("nothing was exported", async () => (await stagedFiles(lake)).length > 0);
    for (const name of await stagedFiles(lake)) await lake.container.getBlobClient(name).createSnapshot();
    expect(await endOf(statusUrl)).toMatchObject({ state: "succeeded", error: null });
    await struck();
    await clearLakeFaults(copies.stack);
    await clearFaults(source());
    expect(await held("Flat")).toEqual(wholeRanges([0, 3 * LOAD]));
    await endsWell(copies, "Flat");
  });

  describe("that holds a log entry which can't be read", () => {
    const lake = () => lakeOf(copies.stack, "Damaged");
    let path = "";
    let text = "";
    const byCommand = () =>
      command([
        ...["-l", `${copies.stack.urls.lake}/copy/Damaged;${storageAccount.key}`],
        ...["-s", source(), "-d", copies.stack.urls.destinationKusto, "--db", "Damaged"],
        ...["--poll", "100ms", "--query-slots", "4", "--no-progress"],
      ]);

    beforeAll(async () => {
      await createIdTable(copies.source, "Damaged", "Events");
      await loadIds(source(), "Damaged", "Events", [0, LOAD]);
      await cursorsGiven();
      expect(await copy("Damaged")).toMatchObject({ state: "succeeded" });
      await loadIds(source(), "Damaged", "Events", [LOAD, 2 * LOAD]);
      await cursorsGiven();
      path = entryPath((await entriesOf(lake())).findIndex(({ kind }) => kind === "progress"));
      text = (await readText(lake(), path)) ?? "";
    });

    it.each(DAMAGES)(
      "as it is $name: a copy is refused by the name of the file, and touches nothing",
      async ({ damaged, told }) => {
        const entries = (await entriesOf(lake())).length;
        const instead = damaged(text);
        if (instead === undefined) await lake().container.deleteBlob(lake().blobName(path));
        else await writeText(lake(), path, instead);
        const refused = await byCommand();
        await writeText(lake(), path, text);
        expect(refused.code).toBe(1);
        const said = `${refused.stdout}${refused.stderr}`;
        expect(said).toMatch(told);
        expect(said).toContain(`${lake().url}/${path}`);
        expect(said).toContain(
          "Nothing was changed. Restore the file (soft delete or versioning may hold it)",
        );
        expect(await tableNames(copies.destination, "Damaged")).toEqual(["Events"]);
        expect(await held("Damaged")).toEqual(wholeRanges([0, LOAD]));
        expect(await entriesOf(lake())).toHaveLength(entries);
      },
    );

    it("goes on from there once the file is back", async () => {
      expect((await byCommand()).code).toBe(0);
      expect(await held("Damaged")).toEqual(wholeRanges([0, 2 * LOAD]));
      await endsWell(copies, "Damaged");
    });
  });
});
