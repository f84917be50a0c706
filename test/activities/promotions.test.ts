import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { holdUpdatePolicies } from "../../activities/destination/holdUpdatePolicies.ts";
import { prepareDestination } from "../../activities/destination/prepareDestination.ts";
import { configuredJob } from "../../activities/environment.ts";
import { lakeOf } from "../../activities/lakes.ts";
import { openRun } from "../../activities/run/openRun.ts";
import { recordFailure } from "../../activities/run/recordFailure.ts";
import { refreshStatus } from "../../activities/run/refreshStatus.ts";
import { readText } from "../../lake/files.ts";
import { entryPath, readState } from "../../lake/log.ts";
import { STATUS_FILE } from "../../lake/statusFile.ts";
import { readStanding } from "../../lake/unopened.ts";
import type { EntryBody } from "../../model/checkpoint/entries.ts";
import type { Job } from "../../model/job.ts";
import {
  addFault,
  clearFaults,
  createIdTable,
  extentIds,
  idsOf,
  loadIds,
  rowsOfIds,
  strikes,
  tableNames,
  until,
  wholeRanges,
} from "../copy/drive.ts";
import { type CopyStack, cursorsGiven, load } from "../copy/support.ts";
import { files, put } from "../lake/lakeForTests.ts";
import { copied, moment, planned, plannedDays } from "../model/checkpoint/sampleLog.ts";
import { addLakeFault, clearLakeFaults } from "../survive/lakeFaults.ts";
import { done, eventsOf, openInSteps, startForSteps } from "./steps.ts";

const DATABASES = [
  "Late",
  "Lost",
  "Again",
  "Refused",
  "Emptied",
  "Swept",
  "Left",
  "Policies",
  "Opened",
  "Unopened",
  "Early",
  "Stale",
  "Told",
];
const ROWS = 100;
const ALL = wholeRanges([0, ROWS]);

describe("what is shown at the destination", () => {
  let copies: CopyStack;
  beforeAll(async () => {
    copies = await startForSteps(DATABASES);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await copies.stop();
  });

  const held = (database: string) => idsOf(copies.destination, database, "Events");
  const add = async (database: string, ids: readonly [number, number]) => {
    await loadIds(copies.stack.urls.sourceKusto, database, "Events", ids);
    await cursorsGiven();
  };

  /** A fresh copy whose only window is staged and verified, and about to be promoted. */
  async function intended(database: string) {
    const job = await eventsOf(copies, database, [0, ROWS]);
    const run = await openInSteps(job, "first");
    const { iteration, flights } = await run.plan("backfill");
    const [flight] = flights;
    if (!flight) throw new Error("Nothing was planned.");
    await run.stage(flight);
    const { table, tag } = await run.staging(flight);
    await run.intend(iteration);
    return { job, run, iteration, staging: table, tag };
  }

  it("is what was verified, and not what came into staging after that", async () => {
    const { run, iteration, staging, tag } = await intended("Late");
    // The queue delivers the file once more, under the same tag.
    const late = { database: "Late", table: staging, sql: rowsOfIds(0, ROWS), tags: [tag] };
    await load(copies.stack.urls.destinationKusto, late);
    expect(done(await run.promote(iteration))).toMatchObject({ windows: ["1.0.0"], stopped: [] });
    expect(await held("Late")).toEqual(ALL);
    expect((await idsOf(copies.destination, "Late", staging)).rows).toBe(ROWS);
  });

  it("is not taken to be there: rows that are neither in staging nor in the table stop the table", async () => {
    const { run, iteration, staging } = await intended("Lost");
    // Others' rows in the table prove nothing.
    await loadIds(copies.stack.urls.destinationKusto, "Lost", "Events", [ROWS, 3 * ROWS]);
    const [extent] = await extentIds(copies.destination, "Lost", staging);
    await copies.destination.command("Lost", `.drop extent ${extent} from ${staging}`);
    expect(done(await run.promote(iteration))).toMatchObject({
      windows: [],
      stopped: [{ table: "Events", reason: expect.stringContaining("neither there nor in the table") }],
    });
  });

  it("is found again by its tag where the answer to the move was lost", async () => {
    const { run, iteration } = await intended("Again");
    for (let delivery = 0; delivery < 2; delivery++)
      expect(done(await run.promote(iteration))).toMatchObject({ windows: ["1.0.0"], stopped: [] });
    expect(await held("Again")).toEqual(ALL);
  });

  it("comes once where a promotion was taken back while another delivery of it was still moving", async () => {
    const database = "Refused";
    const { run, iteration } = await intended(database);
    const destination = copies.stack.urls.destinationKusto;
    const match = { kind: "mgmt", database, text: "^\\.move" };
    // The cluster takes its time with the first delivery's move, and refuses the second's.
    await addFault(destination, { match, action: "delay", afterMs: 4000 });
    const late = run.promote(iteration);
    await until("no move was sent", async () => (await strikes(destination))[0] === 1);
    await addFault(destination, { match, action: "fail", permanent: true });
    const { windows, stopped, withdrawn } = done(await run.promote(iteration));
    expect({ windows, stopped }).toEqual({ windows: [], stopped: [] });
    expect(withdrawn).toMatchObject([{ table: "Events" }]);
    await run.record({ kind: "promoted", iteration, windows: [], stopped: [], withdrawn: [...withdrawn] });
    await run.commit(iteration);
    await late;
    expect((await held(database)).rows).toBe(0);
    await clearFaults(destination);
    await run.copy("backfill");
    expect(await held(database)).toEqual(ALL);
  });

  it("tells why the destination refused it, though what follows the refusal fails", async () => {
    const database = "Told";
    const { run, iteration } = await intended(database);
    const failing = async (text: string, message: string) => {
      const match = { kind: "mgmt", database, text };
      const fault = { match, action: "fail", status: 400, message, permanent: true } as const;
      await addFault(copies.stack.urls.destinationKusto, fault);
    };
    await failing("^\\.move", "The table is read-only.");
    await failing("^\\.show tables .*\\bEvents\\b.* extents", "Nobody is to look.");
    const first = await run.promote(iteration);
    expect(first).toMatchObject({
      kind: "failed",
      reason: expect.stringMatching(/The table is read-only.*After that: .*Nobody is to look/),
    });
    // The next try finds no more than what this one did.
    const [withdrawn] = done(await run.promote(iteration)).withdrawn;
    expect(withdrawn?.reason).toMatch(/or by the copy itself once the destination had refused them/);
  });

  it("stays in staging where a run that another took over is refused its move, and the newer one shows it", async () => {
    const database = "Stale";
    const { job, run, iteration, staging } = await intended(database);
    // Another worker has read the log up to here, and doesn't know of the newer run.
    vi.resetModules();
    const worker = await import("../../activities/promotion/promoteTable.ts");
    const lakes = await import("../../activities/lakes.ts");
    await (await import("../../lake/log.ts")).readState(lakes.lakeOf(job.lake));
    const input = { ...run.ref(), iteration, table: "Events" };
    const newer = await openInSteps(job, "newer");
    const match = { kind: "mgmt", database, text: "^\\.move" };
    await addFault(copies.stack.urls.destinationKusto, { match, action: "fail", permanent: true });
    expect(await worker.promoteTable(input)).toMatchObject({ kind: "stale" });
    expect((await idsOf(copies.destination, database, staging)).rows).toBe(ROWS);
    expect(done(await newer.promote(iteration))).toMatchObject({ windows: ["1.0.0"], withdrawn: [] });
    expect(await held(database)).toEqual(ALL);
  });

  it("is never replaced by an older copy, however late the older replacement is delivered", async () => {
    const database = "Emptied";
    await createIdTable(copies.source, database, "Events");
    await loadIds(copies.stack.urls.sourceKusto, database, "Events", [0, ROWS]);
    const job = configuredJob(new Date(), {
      source: { database },
      destination: { database },
      lake: `${copies.stack.urls.lake}/copy/${database}`,
      tables: { snapshot: ["Events"] },
    });
    const run = await openInSteps(job, "first");
    await run.copy("backfill");
    await copies.source.command(database, ".clear table Events data");
    const { iteration, flights } = await run.plan("forward");
    for (const flight of flights) await run.stage(flight);
    await run.intend(iteration);
    // Another worker, which has read the log up to here, is given the replacement by nothing.
    vi.resetModules();
    const other = await import("../../activities/promotion/promoteTable.ts");
    const input = { ...run.ref(), iteration, table: "Events" };
    const { windows, stopped, withdrawn } = done(await other.promoteTable(input));
    expect((await held(database)).rows).toBe(0);
    const moved = { windows: [...windows], stopped: [...stopped], withdrawn: [...withdrawn] };
    await run.record({ kind: "promoted", iteration, ...moved });
    await run.commit(iteration);
    await add(database, [0, 3]);
    await run.copy("forward");
    expect(await held(database)).toEqual(wholeRanges([0, 3]));
    // The first delivery's answer got lost: the same comes once more, now.
    const late = await other.promoteTable(input);
    expect(await held(database)).toEqual(wholeRanges([0, 3]));
    expect(late.kind).toBe("failed");
  });

  it("is swept by its own run and newer ones, in its own iterations, and by no other copy", async () => {
    const { job, run, iteration, staging } = await intended("Swept");
    const { windows, stopped, withdrawn } = done(await run.promote(iteration));
    const moved = { windows: [...windows], stopped: [...stopped], withdrawn: [...withdrawn] };
    await run.record({ kind: "promoted", iteration, ...moved });
    await run.commit(iteration);
    const lake = lakeOf(job.lake);
    const { copyId = "" } = await readState(lake);
    const newer = run.ref().run + 7;
    const kept = [`KC_Staging_${copyId}_${newer}_1_0`, "KC_Staging_ffffffff_0_1_0", "KC_Staging_mine"];
    for (const table of kept) await createIdTable(copies.destination, "Swept", table);
    await put(lake, `staged/${newer}/1/1.0.0/1/part.csv.gz`, "of a newer run");
    expect(await tableNames(copies.destination, "Swept")).toContain(staging);
    await run.clean(iteration);
    expect(await tableNames(copies.destination, "Swept")).toEqual(["Events", ...kept].toSorted());
    expect(await files(lake, "staged/")).toEqual([`staged/${newer}/1/1.0.0/1/part.csv.gz`]);
  });

  it("leaves what can't be removed, told by its part, and keeps nothing else for it; the next clean-up removes it", async () => {
    const database = "Left";
    const job = await eventsOf(copies, database, [0, ROWS]);
    const run = await openInSteps(job, "first");
    const lake = lakeOf(job.lake);
    const attempts = async () =>
      (await copies.destination.command(database, ".show table Events extents | project Tags")).filter(
        (row) => String(row.Tags).includes("kc:"),
      ).length;
    const staging = async () =>
      (await tableNames(copies.destination, database)).filter((name) => name !== "Events");
    const refuse = (text: string) =>
      addFault(copies.stack.urls.destinationKusto, {
        match: { kind: "mgmt", text, database },
        action: "fail",
        status: 403,
        permanent: true,
        message: "Denied.",
        times: 1000,
      });
    await run.copy("backfill");
    await refuse("^\\.drop table .* extent tags");
    expect(await run.clean(1)).toEqual([
      { part: "tags", tables: ["Events"], reason: expect.stringContaining("Denied.") },
    ]);
    expect([(await attempts()) > 0, await staging(), await files(lake, "staged/")]).toEqual([true, [], []]);
    await add(database, [ROWS, 2 * ROWS]);
    await run.copy("forward");
    await clearFaults(copies.stack.urls.destinationKusto);
    await refuse("^\\.drop tables");
    await addLakeFault(copies.stack, {
      action: "fail",
      match: { method: "DELETE", path: `/copy/${database}/staged/` },
      status: 403,
      code: "AuthorizationFailure",
      times: 1000,
    });
    const [kept = ""] = await staging();
    expect((await run.clean(2)).toSorted((a, b) => (a.part < b.part ? -1 : 1))).toEqual([
      { part: "files", lake: lake.url, reason: expect.stringContaining("403: AuthorizationFailure") },
      { part: "staging", tables: [kept], reason: expect.stringContaining("Denied.") },
    ]);
    // The tags of the iteration before went with those of this one.
    expect(await attempts()).toBe(0);
    const state = await readState(lake);
    expect([state.toClean, state.left?.length]).toEqual([[], 2]);
    await clearFaults(copies.stack.urls.destinationKusto);
    await clearLakeFaults(copies.stack);
    const next = await openInSteps(job, "second");
    expect(await next.clean(2)).toEqual([]);
    expect([await staging(), await files(lake, "staged/")]).toEqual([[], []]);
    expect((await readState(lake)).left).toBeUndefined();
  });

  it("counts as of the reading before one of days: a commit answers from when on new data is counted", async () => {
    const database = "Opened";
    const lake = `${copies.stack.urls.lake}/copy/counted`;
    const job = configuredJob(new Date(), { source: { database }, destination: { database }, lake });
    const run = await openInSteps(job, "first");
    const commitAfter = async (...bodies: readonly EntryBody[]) => {
      for (const body of bodies) await run.record(body);
      return (await run.commit((await readState(lakeOf(lake))).lastIteration)).countedFrom;
    };
    const days = ["2024-05-01"];
    const asked: EntryBody = { kind: "resyncAccepted", request: "r", tables: ["T"], days };
    expect(await commitAfter(planned(1, "backfill", { tables: { T: 1 } }), ...copied(1, "T"))).toBe(
      moment(1),
    );
    expect(await commitAfter(planned(2, "forward", { quiet: ["T"] }))).toBe(moment(2));
    const ofDays = plannedDays(3, "cursor2", days, { tables: { T: 1 } });
    expect(await commitAfter(asked, ofDays, ...copied(3, "T"))).toBe(moment(2));
    expect(await commitAfter(planned(4, "forward", { quiet: ["T"] }))).toBe(moment(4));
  });

  it("runs no update policy, whenever somebody sets one", async () => {
    const database = "Policies";
    const job = await eventsOf(copies, database, [0, ROWS]);
    const run = await openInSteps(job, "first");
    const { iteration } = await run.plan("backfill");
    await createIdTable(copies.destination, database, "Derived");
    const policy = (source: string) =>
      `.alter table Derived policy update @'[{"IsEnabled": true, "Source": "${source}", "Query": "${source}"}]'`;
    await copies.destination.command(database, policy("Events"));
    const refused = [{ table: "Events", reason: expect.stringContaining("update policy of table Derived") }];
    const asked = { ...run.ref(), iteration };
    expect(done(await holdUpdatePolicies({ ...asked, moment: "promotion" })).parked).toEqual(refused);
    expect(done(await prepareDestination(asked)).parked).toEqual(refused);
  });

  it("is a newer run's where an older one's beginning is delivered late: that one ends, and stops nobody", async () => {
    const job = await eventsOf(copies, "Opened", [0, ROWS]);
    const startedAt = new Date(Date.now() - 1000).toISOString();
    await openInSteps(job, "newer");
    const late = await openRun({ job, instance: "older", step: "open older", startedAt });
    expect(late).toMatchObject({ kind: "stale", reason: expect.stringContaining("newer") });
    const lake = lakeOf(job.lake);
    expect(await files(lake, "log/")).toEqual([entryPath(0)]);
    expect((await readState(lake)).run?.instance).toBe("newer");
    // By more than an hour it isn't the delivery that is late, but a clock that is wrong: that keeps nobody out.
    const behind = new Date(Date.now() - 3_700_000).toISOString();
    const next = await openRun({ job, instance: "next", step: "open next", startedAt: behind });
    expect(next).toMatchObject({ kind: "done" });
    expect((await readState(lake)).run?.instance).toBe("next");
  });

  it("is not touched by a run that could not be opened, nor is the status of one that is at work", async () => {
    const job = await eventsOf(copies, "Unopened", [0, ROWS]);
    const lake = lakeOf(job.lake);
    const before = new Date(Date.now() - 1000).toISOString();
    const working = await openInSteps(job, "working");
    await working.plan("backfill");
    done(await refreshStatus(working.ref()));
    const status = await readText(lake, STATUS_FILE);
    const fails = async (openingSince: string, of: Job = job) => {
      const input = { job: of, instance: "other", reason: "No login.", openingSince };
      done(await recordFailure(input));
      return (await readStanding(lake)).failed;
    };
    const elsewhere = { ...job, destination: { ...job.destination, database: "Other" } };
    expect(await fails(before)).toBeUndefined();
    expect(await fails(new Date().toISOString(), elsewhere)).toBeUndefined();
    expect(await fails(new Date().toISOString())).toEqual(
      expect.stringMatching(/^No run could be opened \(.*\): No login\.$/),
    );
    expect(await readText(lake, STATUS_FILE)).toBe(status);
    expect(await files(lake, "log/")).toEqual([entryPath(0), entryPath(1)]);
    // It tells nothing any more once the run at work has gone on, whose own end is told as ever.
    done(await recordFailure({ job, instance: "working", reason: "Its own." }));
    expect((await readStanding(lake)).failed).toBe("Its own.");
  });

  it("is told as it stands where a run ends that was opened and never came to copy", async () => {
    const job = await eventsOf(copies, "Early", [0, ROWS]);
    const openingSince = new Date().toISOString();
    await openInSteps(job, "early");
    done(await recordFailure({ job, instance: "early", reason: "No view.", openingSince }));
    expect(await readText(lakeOf(job.lake), STATUS_FILE)).toMatch(/,failed,.*No view\./);
  });
});
