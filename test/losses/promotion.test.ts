import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askResync } from "../../lake/control.ts";
import { readState } from "../../lake/log.ts";
import type { Copy } from "../../local/demo/api.ts";
import {
  addFault,
  beginCopy,
  bodyOf,
  clearFaults,
  commandsOf,
  createIdTable,
  type FaultRequest,
  idsOf,
  loadIds,
  lookAt,
  strikes,
  until,
  wholeRanges,
} from "../copy/drive.ts";
import { startExtraHost } from "../copy/hosts.ts";
import { lakeOf, nothingLeft } from "../copy/leftovers.ts";
import { advanceClock, type CopyStack, cursorsGiven, maintain, startCopyStack } from "../copy/support.ts";
import { equal, exact, exportsOf } from "./promise.ts";

const DAYS = 4;
const LOAD = 100;
const ALL = wholeRanges([0, DAYS * LOAD]);

interface Trial {
  readonly name: string;
  readonly faults: readonly FaultRequest[];
  /** Whether the table is one that is replaced as a whole. */
  readonly snapshot?: true;
  /** What the status says of a table that isn't shown. */
  readonly reason?: RegExp;
}

const REFUSED = {
  action: "fail",
  status: 400,
  code: "General_BadRequest",
  message: "The test refuses it.",
  permanent: true,
} as const;

/** Looks often, and ingests by commands, which need no batching. */
const QUICK = { poll: "20ms", ingestion: "direct" };

const MOVES: readonly Trial[] = [
  { name: "is cut off, all of it made", faults: [{ action: "loseAnswer" }] },
  { name: "is cut off again and again before it began", faults: [{ action: "fail", status: 503, times: 3 }] },
  { name: "is made twice", faults: [{ action: "duplicate" }] },
  { name: "is made, and answered by nothing", faults: [{ action: "emptyAnswer", doWork: true }] },
  {
    name: "is not made, and answered by nothing",
    faults: [{ action: "emptyAnswer" }],
    reason: /The answer to the move says nothing of extent/,
  },
  { name: "is refused", faults: [REFUSED], reason: /The test refuses it/ },
  {
    name: "of a table replaced as a whole is made, and answered by nothing",
    snapshot: true,
    faults: [{ action: "emptyAnswer", doWork: true }],
  },
  {
    name: "of a table replaced as a whole is not made, and answered by nothing",
    snapshot: true,
    faults: [{ action: "emptyAnswer" }],
  },
  {
    name: "of a table replaced as a whole is cut off, all of it made",
    snapshot: true,
    faults: [{ action: "loseAnswer" }],
  },
];
const TRIALS = MOVES.map((trial, i) => ({ ...trial, table: `T${String(i).padStart(2, "0")}` }));

describe("a copy's move into a table", () => {
  let copies: CopyStack;
  let source: string;
  let destination: string;
  const body = (database: string, more: object = {}) => bodyOf(copies.stack, database, database, more);

  /** A table whose history is one window a day. */
  async function history(database: string, table = "Events"): Promise<void> {
    for (let day = 0; day < DAYS; day++) {
      const ingestedAt = `2024-05-0${day + 1}T12:00:00Z`;
      await loadIds(source, database, table, [day * LOAD, (day + 1) * LOAD], {
        ingestedAt,
        createdOn: ingestedAt,
      });
    }
  }

  beforeAll(async () => {
    const databases = ["Moves", "Adopted", "Dropped", "Refused"];
    copies = await startCopyStack({ sourceDatabases: databases, destinationDatabases: databases });
    source = copies.stack.urls.sourceKusto;
    destination = copies.stack.urls.destinationKusto;
  });
  afterAll(() => copies.stop());

  describe("shows all of the table or nothing, and commits it only then, where it", () => {
    const wanted = { mode: "backfill", windowRows: LOAD };
    const seen = new Map<string, Set<number>>();
    let done: Copy;

    beforeAll(async () => {
      for (const { table, snapshot, faults } of TRIALS) {
        await createIdTable(copies.source, "Moves", table);
        if (snapshot)
          await copies.source.command("Moves", `.alter table ${table} policy ingestiontime false`);
        await history("Moves", table);
        const match = { kind: "mgmt", database: "Moves", text: `^\\.(move|replace) .*\\b${table}\\b` };
        for (const fault of faults) await addFault(destination, { ...fault, match });
      }
      await cursorsGiven();
      let over = false;
      const watching = (async () => {
        const all = TRIALS.map(
          ({ table }) => `(${table} | summarize Rows = count() | extend Name = "${table}")`,
        );
        while (!over) {
          await sleep(50);
          const rows = await copies.destination
            .query("Moves", `union isfuzzy=true ${all.join(", ")}`)
            .catch(() => []);
          for (const { Name: name, Rows: count } of rows)
            seen.set(String(name), (seen.get(String(name)) ?? new Set()).add(Number(count)));
        }
      })();
      done = await copies.copy(body("Moves", wanted));
      over = true;
      await watching;
    });

    it.each(TRIALS)("$name", async ({ table, reason, snapshot }) => {
      const told = done.tables.find((each) => each.name === table);
      const held = await idsOf(copies.destination, "Moves", table);
      expect([...(seen.get(table) ?? [])].filter((rows) => rows !== 0 && rows !== ALL.rows)).toEqual([]);
      if (reason !== undefined) {
        expect(told?.error).toMatch(reason);
        expect(held.rows).toBe(0);
        return;
      }
      expect(told).toMatchObject({ state: "succeeded", error: null });
      expect(held).toEqual(ALL);
      expect(await exportsOf(copies, "Moves", table)).toBe(snapshot ? 1 : DAYS);
    });

    it("and each table's extents by one command", async () => {
      const every = await commandsOf(copies.destination, "Moves");
      const moves = every.filter((text) => /^\.move .* to table .*\bT00\b/.test(text));
      expect(moves.length).toBe(1);
      expect(moves[0]?.match(/[0-9a-f]{8}-[0-9a-f-]{27}/g)?.length).toBe(DAYS);
    });

    it("and passes over nothing: the next run shows what was not", async () => {
      expect(done.state).toBe("failed");
      expect(await copies.copy(body("Moves", wanted))).toMatchObject({ state: "succeeded", error: null });
      await equal(copies, "Moves");
      await nothingLeft(
        copies,
        "Moves",
        TRIALS.map((trial) => trial.table),
      );
    });
  });

  it("of what an older run had staged may be cut off, its windows stay as they were cut, and all is there once", async () => {
    await createIdTable(copies.source, "Adopted", "Events");
    await history("Adopted");
    await cursorsGiven();
    const first = await startExtraHost(copies.stack, { settings: { KUSTO_COPY_WINDOW_ROWS: String(LOAD) } });
    const match = { kind: "operation", database: "Adopted", text: "^\\.export" };
    await addFault(source, { match, action: "operationState", state: "InProgress", times: 2 });
    const url = await beginCopy(first.url, body("Adopted"));
    await until(
      "no two windows were staged",
      async () => (await lookAt(url)).tables[0]?.windows.staged === 2,
    );
    await first.kill();
    await clearFaults(source);
    await clearFaults(destination);
    await copies.source.command(
      "Adopted",
      '.alter-merge table Events policy merge \'{"Lookback": {"Kind": "All"}, "MaxRangeInHours": 1000}\'',
    );
    await maintain(source);
    const move = { kind: "mgmt", database: "Adopted", text: "^\\.move .* to table \\W*KC_Staging" };
    await addFault(destination, { match: move, action: "loseAnswer" });

    // Left to itself it would make two windows of it.
    const done = await copies.copy(body("Adopted", { windowRows: 2 * LOAD }));
    expect((await strikes(destination))[0]).toBe(1);
    expect(done).toMatchObject({ state: "succeeded", error: null });
    expect(done.tables[0]?.windows).toMatchObject({ total: DAYS, promoted: DAYS });
    await exact(copies, "Adopted", DAYS * LOAD);
  });

  const errorOf = (copy: Copy, table: string) => copy.tables.find((each) => each.name === table)?.error;
  const well = { state: "succeeded", error: null };

  /** A copy in whose midst somebody drops tables at the destination: their promotion is intended, and their move under way. */
  async function droppedMeanwhile(database: string, tables: readonly string[]): Promise<Copy> {
    await clearFaults(destination);
    const text = `^\\.(move|replace) .*\\b(${tables.join("|")})\\b`;
    const match = { kind: "mgmt", database, text };
    const minute = 60_000;
    await addFault(destination, { match, action: "delay", afterMs: minute, times: tables.length });
    const copied = copies.copy(body(database, QUICK));
    await until("nothing was moved", async () => (await strikes(destination))[0] === tables.length);
    for (const table of tables) await copies.destination.command(database, `.drop table ${table}`);
    await advanceClock(destination, minute / 1000);
    return await copied;
  }

  it("leaves out a table that somebody dropped since its intent, says so, and the next iteration or a resynchronisation brings it whole", async () => {
    for (const table of ["Kept", "Gone", "Swapped"]) {
      await createIdTable(copies.source, "Dropped", table);
      await loadIds(source, "Dropped", table, [0, LOAD]);
    }
    await copies.source.command("Dropped", ".alter table Swapped policy ingestiontime false");
    await cursorsGiven();
    const first = await droppedMeanwhile("Dropped", ["Gone", "Swapped"]);
    expect(errorOf(first, "Gone")).toMatch(
      /^Table Gone was dropped at the destination before rows were moved/,
    );
    expect(errorOf(first, "Swapped")).toMatch(/^Table Swapped was dropped at the destination before it was/);
    expect(first.tables.find((each) => each.name === "Kept")).toMatchObject(well);
    expect(await idsOf(copies.destination, "Dropped", "Kept")).toEqual(wholeRanges([0, LOAD]));
    expect(await copies.copy(body("Dropped", QUICK))).toMatchObject(well);
    await equal(copies, "Dropped");

    for (const table of ["Kept", "Gone"]) await loadIds(source, "Dropped", table, [LOAD, 2 * LOAD]);
    await cursorsGiven();
    const second = await droppedMeanwhile("Dropped", ["Gone"]);
    expect(errorOf(second, "Gone")).toMatch(/comes back when it is resynchronised/);
    expect(await idsOf(copies.destination, "Dropped", "Kept")).toEqual(wholeRanges([0, 2 * LOAD]));
    await askResync(lakeOf(copies.stack, "Dropped"), ["Gone"], "a test");
    expect(await copies.copy(body("Dropped", QUICK))).toMatchObject(well);
    await equal(copies, "Dropped");
    await nothingLeft(copies, "Dropped", ["Gone", "Kept", "Swapped"]);
  });

  it("withdraws a replacement that is refused for good, after its tries: others commit, a cancellation comes through, and all comes right after that", async () => {
    const database = "Refused";
    const held = (table: string) => idsOf(copies.destination, database, table);
    const wanted = body(database, { ...QUICK, maxAttempts: 2 });
    for (const table of ["Days", "Plain", "Whole"]) await createIdTable(copies.source, database, table);
    await copies.source.command(database, ".alter table Whole policy ingestiontime false");
    await history(database, "Days");
    for (const table of ["Plain", "Whole"]) await loadIds(source, database, table, [0, LOAD]);
    await cursorsGiven();
    expect(await copies.copy(wanted)).toMatchObject(well);

    // At the source a day loses its rows, and the others get some. The run ends in the midst of its promotion.
    const [ofDay] = await copies.source.query(
      database,
      `Days | where Id == ${LOAD} | project Extent = tostring(extent_id())`,
    );
    await copies.source.command(database, `.drop extent ${ofDay?.Extent}`);
    for (const table of ["Plain", "Whole"]) await loadIds(source, database, table, [LOAD, 2 * LOAD]);
    await cursorsGiven();
    await askResync(lakeOf(copies.stack, database), ["Days"], "a test", ["2024-05-02"]);
    const match = { kind: "mgmt", database, text: "^\\.replace" };
    await clearFaults(destination);
    await addFault(destination, { match, action: "fail", status: 401, permanent: true, times: 2 });
    const failed = await copies.copy(wanted);
    expect(failed).toMatchObject({ state: "failed", error: expect.stringContaining("Check the identity") });
    const { open } = await readState(lakeOf(copies.stack, database));
    expect(open.forward?.intended.map((move) => move.table)).toContain("Whole");

    await clearFaults(destination);
    await addFault(destination, { ...REFUSED, match, times: 1000 });
    const asked = await fetch(`${copies.stack.urls.functions}/api/copies/${failed.id}/cancel`, {
      method: "POST",
    });
    expect(asked.status).toBe(202);
    await until(
      "it wasn't cancelled",
      async () => (await readState(lakeOf(copies.stack, database))).ended?.outcome === "cancelled",
    );
    expect((await readState(lakeOf(copies.stack, database))).open).toEqual({});
    expect(await held("Plain")).toEqual(wholeRanges([0, 2 * LOAD]));
    expect(await held("Whole")).toEqual(wholeRanges([0, LOAD]));

    await loadIds(source, database, "Plain", [2 * LOAD, 3 * LOAD]);
    await cursorsGiven();
    const refused = await copies.copy(wanted);
    expect([errorOf(refused, "Whole"), errorOf(refused, "Days")]).toEqual([
      expect.stringMatching(/The test refuses it.* The table stays as it was: mend the reason/),
      expect.stringMatching(/The test refuses it.* is still there, unless a command .*: mend the reason/),
    ]);
    expect(await held("Plain")).toEqual(wholeRanges([0, 3 * LOAD]));
    expect(await held("Whole")).toEqual(wholeRanges([0, LOAD]));
    expect(await held("Days")).toEqual(ALL);

    // The day is emptied by a command that brings nothing: the first time it isn't done, and answered by nothing.
    await clearFaults(destination);
    await addFault(destination, {
      match: { ...match, text: "^\\.replace .*\\bDays\\b" },
      action: "emptyAnswer",
    });
    expect(await copies.copy(wanted)).toMatchObject(well);
    expect(await strikes(destination)).toEqual([1]);
    await equal(copies, database);
    await nothingLeft(copies, database, ["Days", "Plain", "Whole"]);
  });
});
