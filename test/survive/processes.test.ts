import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import { type Running, start, summaryOf } from "../cli/command.ts";
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
  strikes,
  until,
  wholeRanges,
} from "../copy/drive.ts";
import { type ExtraHost, startExtraHost } from "../copy/hosts.ts";
import { lakeOf } from "../copy/leftovers.ts";
import { advanceClock, type CopyStack, cursorsGiven, startCopyStack } from "../copy/support.ts";
import { addLakeFault, clearLakeFaults } from "./lakeFaults.ts";
import { endOf, endsWell, entriesOf, exportsEnded, LOAD, midst, slowExports } from "./support.ts";

const DATABASES = ["Together", "Woken", "WokenMove", "WokenSwap", "Moved", "Killed"];
const DAYS = 6;
const KILLS = 6;
const ALL = wholeRanges([0, DAYS * LOAD]);
const TAKEN_OVER = /Another run took over the lake folder .*This run has stopped and destroyed nothing/;
const SETTINGS = { KUSTO_COPY_WINDOW_ROWS: String(LOAD), KUSTO_COPY_EXPORT_SLOTS: "2" };

describe("two processes over one lake folder", () => {
  let copies: CopyStack;
  let first: ExtraHost;
  let second: ExtraHost;
  const hosts: ExtraHost[] = [];
  const runs: Running[] = [];
  const body = (database: string) => bodyOf(copies.stack, database, database);
  const held = (database: string) => idsOf(copies.destination, database, "Events");
  const source = () => copies.stack.urls.sourceKusto;
  const destination = () => copies.stack.urls.destinationKusto;

  async function newHost(data?: string): Promise<ExtraHost> {
    const host = await startExtraHost(copies.stack, {
      settings: SETTINGS,
      ...(data === undefined ? {} : { data }),
    });
    hosts.push(host);
    return host;
  }

  /** The same copy as `body` asks for, by the command. */
  function byCommand(database: string, ...more: string[]): Running {
    const running = start([
      ...["-l", `${copies.stack.urls.lake}/copy/${database};${storageAccount.key}`],
      ...["-s", source(), "-d", destination(), "--db", database, "--poll", "100ms", "--query-slots", "4"],
      ...["--window-rows", String(LOAD), "--export-slots", "2", "--json", ...more],
    ]);
    runs.push(running);
    return running;
  }

  /** The next iteration, once what a run that is gone had asked the source for has ended: it removes the files of that. */
  async function iterationAfterOrphans(database: string): Promise<void> {
    await exportsEnded(copies.source, database);
    const end = await endOf(await beginCopy(second.url, body(database)));
    expect(end).toMatchObject({ state: "succeeded", error: null });
  }

  beforeAll(async () => {
    copies = await startCopyStack({
      host: false,
      without: ["arm"],
      sourceDatabases: DATABASES,
      destinationDatabases: DATABASES,
    });
    [first, second] = await Promise.all([newHost(), newHost()]);
  });
  afterAll(async () => {
    for (const running of runs) running.signal("SIGKILL");
    await Promise.all(hosts.map((host) => host.stop()));
    await copies.stop();
  });

  it("of two runs that start at the same moment exactly one goes on, and the other stops, says why and harms nothing", async () => {
    await loadDays(copies, "Together", DAYS, LOAD);
    await slowExports(source(), "Together", { quick: 0, slowMs: 700 });
    // Both have read an empty log before either's first entry is written.
    await addLakeFault(copies.stack, {
      action: "delay",
      match: { method: "PUT", path: "/Together/log/0+\\.json$" },
      afterMs: 1500,
      times: 2,
    });
    const begun = await Promise.all([first, second].map((host) => beginCopy(host.url, body("Together"))));
    const ends = await Promise.all(begun.map(endOf));
    await clearLakeFaults(copies.stack);
    expect(ends.map((end) => end.state).toSorted()).toEqual(["failed", "succeeded"]);
    expect(ends.find((end) => end.state === "failed")?.error).toMatch(TAKEN_OVER);
    // None of the two did the other's work once more.
    expect(await commandsLike(copies.source, "Together", ".export")).toBe(DAYS);
    expect(await held("Together")).toEqual(ALL);
    await endsWell(copies, "Together");
  });

  describe("a run that stands still and wakes up after another has taken over", () => {
    const woken: Record<string, string> = {};

    /** The first host stands still in the midst of three copies, at the same moment; the second one does its work. */
    beforeAll(async () => {
      await loadDays(copies, "Woken", DAYS, LOAD);
      await loadDays(copies, "WokenMove", 2, LOAD);
      await createIdTable(copies.source, "WokenSwap", "Events");
      await copies.source.command("WokenSwap", ".alter table Events policy ingestiontime false");
      await loadIds(source(), "WokenSwap", "Events", [0, 300]);
      await cursorsGiven();
      const copy = async (database: string) => endOf(await beginCopy(second.url, body(database)));
      expect(await copy("WokenSwap")).toMatchObject({ state: "succeeded" });
      await copies.source.command("WokenSwap", ".set-or-replace Events <| Events | where Id < 200");

      await clearFaults(source());
      await clearFaults(destination());
      await slowExports(source(), "Woken", { quick: 2, slowMs: 4000 });
      for (const [database, text] of [
        ["WokenMove", "^\\.move"],
        ["WokenSwap", "^\\.replace"],
      ] as const)
        await addFault(destination(), {
          match: { kind: "mgmt", database, text },
          action: "delay",
          afterMs: 9000,
        });
      for (const database of ["Woken", "WokenMove", "WokenSwap"])
        woken[database] = await beginCopy(first.url, body(database));
      await midst(woken.Woken ?? "", DAYS);
      await until("a move was not asked for", async () =>
        (await strikes(destination())).every((each) => each > 0),
      );
      process.kill(first.pid, "SIGSTOP");
      try {
        await clearFaults(source());
        const ends = await Promise.all(["Woken", "WokenMove", "WokenSwap"].map(copy));
        expect(ends.map((end) => [end.state, end.error])).toEqual(Array(3).fill(["succeeded", null]));
        // What comes afterwards, too, is the second run's alone.
        await loadIds(source(), "Woken", "Events", [DAYS * LOAD, DAYS * LOAD + 10]);
        await copies.source.command("WokenSwap", ".set-or-replace Events <| Events | where Id < 100");
        await cursorsGiven();
        expect(await copy("Woken")).toMatchObject({ state: "succeeded" });
        expect(await copy("WokenSwap")).toMatchObject({ state: "succeeded" });
        // It wakes up an hour later, by the clusters' clocks.
        for (const cluster of [source(), destination()]) await advanceClock(cluster, 3600);
      } finally {
        process.kill(first.pid, "SIGCONT");
      }
      await until("the moves of the run that stood still are still on their way", async () => {
        const rows = await copies.destination.command(
          "WokenMove",
          ".show commands | project Database, Text, State",
        );
        const done = (database: string, text: string) =>
          rows.filter((row) => row.Database === database && String(row.Text).startsWith(text)).length;
        return done("WokenMove", ".move") >= 2 && done("WokenSwap", ".replace") >= 3;
      });
    });

    it.each([
      ["in the midst of its windows", "Woken", wholeRanges([0, DAYS * LOAD + 10])],
      ["with its move on the way", "WokenMove", wholeRanges([0, 2 * LOAD])],
      ["with its replacement of a whole table on the way", "WokenSwap", wholeRanges([0, 100])],
    ])("%s: stops with a clear message and harms nothing", async (_, database, wanted) => {
      const end = await endOf(woken[database] ?? "");
      expect(end).toMatchObject({ state: "failed", error: expect.stringMatching(TAKEN_OVER) });
      await iterationAfterOrphans(database);
      expect(await held(database)).toEqual(wanted);
      await endsWell(copies, database);
    });
  });

  it("a copy moves from the command to the app in its midst, and back, and nothing is exported a second time that was done", async () => {
    await loadDays(copies, "Moved", DAYS, LOAD);
    await slowExports(source(), "Moved", { quick: 1, slowMs: 1500 });
    const commandRun = byCommand("Moved");
    await until("nothing was staged", async () => /"staged":[1-9]/.test(commandRun.stdout()));
    // The app takes over while the command still works.
    const statusUrl = await beginCopy(second.url, body("Moved"));
    const left = await commandRun.ended;
    expect(left.code).toBe(3);
    expect(summaryOf(left.stdout)).toMatchObject({ outcome: "elsewhere" });
    expect(left.stdout).toMatch(TAKEN_OVER);
    const windows = async () => (await lookAt(statusUrl)).tables[0]?.windows;
    const before = (await windows())?.staged ?? 0;
    await until("the app staged nothing", async () => ((await windows())?.staged ?? 0) > before);
    await second.kill();
    await clearFaults(source());
    const back = byCommand("Moved", "--take-over");
    expect((await back.ended).code).toBe(0);
    second = await newHost();
    await iterationAfterOrphans("Moved");
    expect(await held("Moved")).toEqual(ALL);
    const exported = (await entriesOf(lakeOf(copies.stack, "Moved"))).flatMap((entry) =>
      entry.kind === "progress" ? entry.exported.map(({ window }) => window) : [],
    );
    expect(exported.toSorted()).toEqual([...new Set(exported)].toSorted());
    expect(exported.length).toBe(DAYS);
    await endsWell(copies, "Moved");
  });

  it("a copy whose process is killed again and again, at any moment, is whole at the end", async () => {
    const seed = Number(process.env.KUSTO_COPY_TEST_SEED ?? 7);
    const random = numbersOf(seed);
    await loadDays(copies, "Killed", DAYS, LOAD);
    await slowExports(source(), "Killed", { quick: 0, slowMs: 300 });
    let data: string | undefined;
    const moments: string[] = [];
    for (let kills = 0; kills < KILLS; kills++) {
      const ms = Math.round(300 + random() * 2500);
      moments.push(`${kills % 2 === 0 ? "command" : "app"} after ${ms} ms`);
      if (kills % 2 === 0) {
        const running = byCommand("Killed", "--take-over");
        await sleep(1000 + ms);
        running.signal("SIGKILL");
        await running.ended;
      } else {
        // It knows its orchestration from the time before: that goes on by itself, beside the one that is asked for.
        const host = await newHost(data);
        data = host.data;
        await fetch(`${host.url}/api/copies`, { method: "POST", body: JSON.stringify(body("Killed")) });
        await sleep(ms);
        await host.kill();
      }
      await loadIds(source(), "Killed", "Events", [(DAYS + kills) * LOAD, (DAYS + kills + 1) * LOAD]);
    }
    await clearFaults(source());
    await cursorsGiven();
    const told = `seed ${seed}: ${moments.join(", ")}`;
    const last = await endOf(await beginCopy(second.url, body("Killed")));
    expect(last, told).toMatchObject({ state: "succeeded", error: null });
    await iterationAfterOrphans("Killed");
    expect(await held("Killed"), told).toEqual(wholeRanges([0, (DAYS + KILLS) * LOAD]));
    await endsWell(copies, "Killed");
  });
});

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
function numbersOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
