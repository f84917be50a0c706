import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { statusReportSchema } from "../../cli/verbs/statusReport.ts";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import { checkupReportSchema } from "../../model/reports/checkup.ts";
import { planReportSchema } from "../../model/reports/plan.ts";
import { verificationReportSchema } from "../../model/reports/verification.ts";
import { addFault, clearFaults, createIdTable, idsOf, loadIds, until, wholeRanges } from "../copy/drive.ts";
import { type ExtraHost, startExtraHost } from "../copy/hosts.ts";
import { type CopyStack, cursorsGiven, startCopyStack } from "../copy/support.ts";
import { command, start, summaryOf } from "./command.ts";

const DESTINATIONS = ["Samples", "Asked", "Cancelled", "Busy", "App"];
const DAYS = 3;
const ALL = wholeRanges([0, DAYS * 10]);

describe("a verb of the command", { timeout: 120_000 }, () => {
  let copies: CopyStack;

  beforeAll(async () => {
    copies = await startCopyStack({ host: false, destinationDatabases: DESTINATIONS });
    await createIdTable(copies.source, "Samples", "Events");
    for (let day = 0; day < DAYS; day++) {
      const at = `2026-03-0${day + 1}T12:00:00Z`;
      await loadIds(copies.stack.urls.sourceKusto, "Samples", "Events", [day * 10, day * 10 + 10], {
        ingestedAt: at,
        createdOn: at,
      });
    }
    await cursorsGiven();
  });
  afterAll(() => copies.stop());

  const lake = (folder: string): string[] => [
    "-l",
    `${copies.stack.urls.lake}/copy/${folder};${storageAccount.key}`,
  ];
  function whole(into: string): string[] {
    const { sourceKusto, destinationKusto } = copies.stack.urls;
    const ends = ["-s", sourceKusto, "-d", destinationKusto, "--db", "Samples", "--destination-db", into];
    return [...lake(into), ...ends, "--query-slots", "4", "--poll", "100ms"];
  }
  const delayExports = (afterMs: number) =>
    addFault(copies.stack.urls.sourceKusto, {
      match: { kind: "operation", text: "^\\.export" },
      action: "delay",
      afterMs,
      times: 1000,
    });
  const clear = () => clearFaults(copies.stack.urls.sourceKusto);
  const held = (into: string) => idsOf(copies.destination, into, "Events");
  async function status(folder: string) {
    const { code, stdout } = await command(["status", ...lake(folder), "--json"]);
    return { code, report: statusReportSchema.parse(JSON.parse(stdout)) };
  }

  it("status tells of a folder in which nothing was copied", async () => {
    const { code, report } = await status("Samples");
    expect(code).toBe(1);
    expect(report).toMatchObject({ state: "none", tables: [], lagSeconds: null });
  });

  it("plan tells what a copy would do and changes nothing; its exit code tells of what is refused", async () => {
    const { code, stdout } = await command(["plan", ...whole("Samples"), "--json"]);
    expect(code).toBe(0);
    const report = planReportSchema.parse(JSON.parse(stdout));
    expect(report.totals).toMatchObject({ copied: 1, refused: 0, windows: 3, rows: 30 });
    const text = (await command(["plan", ...whole("Samples")])).stdout;
    expect(text).toMatch(/Events\s+copied\s+3\s+30/);
    expect(text).toContain("Nothing was changed.");
    expect((await status("Samples")).report.state).toBe("none");
  });

  it("doctor checks what the job needs", async () => {
    const { code, stdout, stderr } = await command(["doctor", ...whole("Samples"), "--json"]);
    expect(stderr).toBe("");
    const report = checkupReportSchema.parse(JSON.parse(stdout));
    expect(code).toBe(report.verdict === "failed" ? 1 : 0);
    const text = (await command(["doctor", ...whole("Samples")])).stdout;
    for (const { family, name } of report.checks) expect(text).toContain(`${family}: ${name}`);
  });

  it("verify needs the folder alone, and its exit code tells whether both sides are equal", async () => {
    expect((await command(whole("Samples"))).code).toBe(0);
    const equal = await command(["verify", ...lake("Samples")]);
    expect([equal.code, equal.stderr]).toEqual([0, ""]);
    expect(equal.stdout).toContain("Equal: 1 table, 30 rows, by count and content.");
    expect((await status("Samples")).report).toMatchObject({
      state: "idle",
      tables: [{ name: "Events", state: "upToDate", rows: 30 }],
    });
    await loadIds(copies.stack.urls.destinationKusto, "Samples", "Events", [500, 501]);
    const different = await command(["verify", ...lake("Samples"), "--json"]);
    expect([different.code, different.stderr]).toEqual([1, ""]);
    expect(verificationReportSchema.parse(JSON.parse(different.stdout)).verdict).toBe("different");
    const planned = await command(["plan", ...lake("Samples")]);
    expect(planned.code).toBe(0);
  });

  it("resync copies a table whole once more and puts it in the place of what is there", async () => {
    const unasked = await command(["resync", ...lake("Samples"), "--tables", "Events"]);
    expect(unasked.code).toBe(2);
    expect(unasked.stderr).toContain("Nobody is there to answer: say --yes.");
    const unknown = await command(["resync", ...lake("Samples"), "--tables", "Evens", "--yes"]);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain("It knows Events.");
    expect((await command(["resync", ...lake("Samples"), "--tables", "Events", "--yes"])).code).toBe(0);
    expect(await held("Samples")).toEqual(ALL);
  });

  it("resync of days refuses what is no day, or none that is copied, and copies those that are", async () => {
    const resync = (...days: string[]) =>
      command(["resync", ...lake("Samples"), "--tables", "Events", "--days", ...days, "--yes"]);
    const malformed = await resync("2026-03-02", "tomorrow", "2026-03-05..2026-03-01");
    expect([malformed.code, malformed.stderr]).toEqual([
      2,
      expect.stringMatching(/"tomorrow" is no day.*ends before it begins/),
    ]);
    const future = await resync("2126-03-02");
    expect([future.code, future.stderr]).toEqual([2, expect.stringContaining("is still to come")]);
    const done = await resync("2026-03-01..2026-03-02");
    expect([done.code, done.stderr]).toEqual([0, ""]);
    expect(done.stdout).toContain("in the rows of 2026-03-01, 2026-03-02");
    expect(await held("Samples")).toEqual(ALL);
  });

  it("pause lets a running copy end, none begins until resume, which finishes it", async () => {
    await delayExports(4000);
    const running = start([...whole("Asked"), "--export-slots", "1", "--json"]);
    await until("no window was exported", async () => /"exported":[1-9]/.test(running.stdout()));
    const asked = await command(["pause", ...lake("Asked")]);
    expect([asked.code, asked.stdout]).toEqual([0, expect.stringContaining("finishes what is on its way")]);
    const ended = await running.ended;
    expect(ended.code).toBe(3);
    expect(summaryOf(ended.stdout)).toMatchObject({
      outcome: "paused",
      next: expect.stringContaining("resume"),
    });
    await clear();
    expect((await status("Asked")).report).toMatchObject({ state: "paused" });
    const later = await command(["resync", ...lake("Asked"), "--tables", "Events", "--yes"]);
    expect([later.code, later.stdout]).toEqual([
      3,
      expect.stringContaining("The copy is paused: this is done when"),
    ]);
    expect((await status("Asked")).report.tables).toMatchObject([{ name: "Events", resync: true }]);
    const held3 = await command(whole("Asked"));
    expect(held3.code).toBe(3);
    expect(held3.stdout).toContain("kusto-copy resume");
    expect((await command(["resume", ...lake("Asked")])).code).toBe(0);
    expect(await held("Asked")).toEqual(ALL);
  });

  it.each(["pause", "resume", "cancel"])("%s refuses a folder that holds no copy", async (verb) => {
    const { code, stderr } = await command([verb, ...lake("Mistyped"), "--yes"]);
    expect(stderr).toMatch(/The lake folder .*Mistyped holds no copy/i);
    expect(code).toBe(2);
  });

  it("cancel gives up what a run that is gone left open", async () => {
    await delayExports(20_000);
    const running = start(whole("Cancelled"));
    await until("nothing began", async () => (await status("Cancelled")).report.open.length > 0);
    running.signal("SIGKILL");
    await running.ended;
    await clear();
    expect((await status("Cancelled")).report.state).toBe("interrupted");
    const cancelled = await command(["cancel", ...lake("Cancelled"), "--yes"]);
    expect(cancelled.code).toBe(0);
    expect((await status("Cancelled")).report).toMatchObject({ state: "cancelled", open: [] });
    const unasked = await command(["resume", ...lake("Cancelled"), "--start-over"]);
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining("say --yes")]);
    const again = await command(whole("Cancelled"));
    expect(again.stdout).toMatch(/was cancelled .*this start lifts that/);
    expect(again.code).toBe(0);
    expect(await held("Cancelled")).toEqual(ALL);
    const going = await command(["resume", ...lake("Cancelled"), "--start-over", "--yes"]);
    expect([going.code, going.stderr]).toEqual([2, expect.stringContaining("neither paused nor cancelled")]);
    await command(["cancel", ...lake("Cancelled"), "--yes"]);
    await loadIds(copies.stack.urls.destinationKusto, "Cancelled", "Events", [500, 501]);
    const over = await command(["resume", ...lake("Cancelled"), "--start-over", "--yes"]);
    expect([over.code, over.stdout]).toEqual([0, expect.stringContaining("starts over: Events")]);
    expect(await held("Cancelled")).toEqual(ALL);
  });

  it("a copy doesn't begin where another is at work, and --take-over makes that one stop", async () => {
    await delayExports(60_000);
    const first = start([...whole("Busy"), "--json"]);
    await until("nothing began", async () => (await status("Busy")).report.open.length > 0);
    expect((await status("Busy")).report.state).toBe("running");
    const second = await command(whole("Busy"));
    expect(second.code).toBe(3);
    expect(second.stdout).toContain("Another run is at work in the lake folder");
    const resync = await command(["resync", ...lake("Busy"), "--tables", "Nothing", "--yes"]);
    expect(resync.code).toBe(2);
    await clear();
    const third = command([...whole("Busy"), "--take-over"]);
    const ended = await first.ended;
    expect(ended.code).toBe(3);
    expect(summaryOf(ended.stdout)).toMatchObject({ outcome: "elsewhere" });
    expect((await third).code).toBe(0);
    expect(await held("Busy")).toEqual(ALL);
  });

  describe("with --app", () => {
    let host: ExtraHost;
    let app: string[];
    let key: Record<string, string>;

    beforeAll(async () => {
      host = await startExtraHost(copies.stack, {
        settings: {
          KUSTO_COPY_DESTINATION_DATABASE: "App",
          KUSTO_COPY_LAKE: lake("App")[1] ?? "",
        },
        flags: ["--keys"],
      });
      await until("no key was told", async () =>
        host.lines.some((line) => line.startsWith("function key: ")),
      );
      app = ["--app", host.url];
      key = {
        KUSTO_COPY_APP_KEY: host.lines.find((line) => line.startsWith("function key: "))?.slice(14) ?? "",
      };
    });
    afterAll(() => host.stop());

    it("is refused without the key, and says what to do", async () => {
      const { code, stderr } = await command(["status", ...app]);
      expect(code).toBe(1);
      expect(stderr).toMatch(/refused the login \(401\)\. Give a function key by --key/);
    });

    it("copies there and follows it, plans, verifies, and shows the status", async () => {
      const planned = await command(["plan", ...app, "--json"], { env: key });
      expect(planned.stderr).toBe("");
      expect(planReportSchema.parse(JSON.parse(planned.stdout)).totals.rows).toBe(30);
      const copied = await command(["copy", ...app, "--json"], { env: key });
      expect([copied.code, copied.stderr]).toEqual([0, ""]);
      expect(summaryOf(copied.stdout)).toMatchObject({ outcome: "done", rows: 30 });
      expect(await held("App")).toEqual(ALL);
      expect((await command(["verify", ...app], { env: key })).code).toBe(0);
      expect([0, 1]).toContain((await command(["doctor", ...app, "--json"], { env: key })).code);
      const shown = await command(["status", ...app, "--key", key.KUSTO_COPY_APP_KEY ?? ""]);
      expect(shown.stdout).toMatch(/^copy:default:\S+: succeeded/);
    });

    it("names the fields that the app refuses, and what isn't for an app", async () => {
      const { code, stderr } = await command(["copy", ...app, "--job", "nothere"], { env: key });
      expect(code).toBe(1);
      expect(stderr).toContain("nothere");
      expect((await command(["copy", ...app, "--continuous"], { env: key })).code).toBe(2);
    });

    it("pauses, resumes, cancels and resynchronises there", async () => {
      expect((await command(["pause", ...app], { env: key })).code).toBe(0);
      expect((await status("App")).report.state).toBe("paused");
      expect((await command(["status", ...app], { env: key })).stdout).toContain(
        "the job is paused: kusto-copy resume",
      );
      expect((await command(["resume", ...app], { env: key })).code).toBe(0);
      expect((await command(["resync", ...app, "--tables", "Events", "--yes"], { env: key })).code).toBe(0);
      expect(await held("App")).toEqual(ALL);
      expect((await command(["cancel", ...app, "--yes"], { env: key })).code).toBe(0);
      expect((await status("App")).report.state).toBe("cancelled");
    });
  });
});
