import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Copy } from "../../local/demo/api.ts";
import {
  addFault,
  beginCopy,
  bodyOf,
  clearFaults,
  type FaultRequest,
  idsOf,
  lookAt,
  strikes,
  until,
  wholeRanges,
} from "../copy/drive.ts";
import { lakeOf, nothingLeft, stagedFiles } from "../copy/leftovers.ts";
import { advanceClock, type CopyStack, cursorsGiven, resetClock, startCopyStack } from "../copy/support.ts";
import { equal, exact, exportsOf, idTable, lakeContainer, ROWS } from "./promise.ts";

/** What a copy makes of it: it waits, exports anew, or stops the table and says why. */
type Fate = "waits" | "again" | "parked";

interface State {
  readonly state: string;
  readonly how: string;
  readonly fate: Fate;
  readonly more?: object;
  /** Whether test/copy/exactness.test.ts tries it for exports. */
  readonly elsewhere?: true;
}

/** The ten states of `kusto/management/show-operations.md`. */
const STATES: readonly State[] = [
  { state: "Scheduled", how: "for a while", fate: "waits", more: { afterMs: 1500, doWork: true } },
  { state: "InProgress", how: "for a while", fate: "waits", more: { afterMs: 1500, doWork: true } },
  { state: "Completed", how: "without having done anything", fate: "again" },
  {
    state: "Failed",
    how: "for now, its work done",
    fate: "again",
    more: { permanent: false, doWork: true },
    elsewhere: true,
  },
  { state: "Failed", how: "for good", fate: "parked", more: { permanent: true } },
  {
    state: "PartiallySucceeded",
    how: "with its work done",
    fate: "again",
    more: { doWork: true },
    elsewhere: true,
  },
  { state: "Abandoned", how: "with its work done", fate: "again", more: { doWork: true }, elsewhere: true },
  { state: "BadInput", how: "before it began", fate: "parked" },
  { state: "Throttled", how: "before it began", fate: "again", elsewhere: true },
  { state: "Canceled", how: "by somebody", fate: "parked" },
  { state: "Skipped", how: "by a condition", fate: "parked" },
];

const REASON = "as the test asked";
interface Trial {
  readonly name: string;
  readonly table: string;
  readonly fate: Fate;
  /** What the status says of a table that stopped. */
  readonly reason: string;
  readonly faults: readonly FaultRequest[];
}

const stateTrial = (kind: string, { state, how, fate, more }: State): Omit<Trial, "table"> => ({
  name: `an ${kind} that is ${state} ${how}`,
  fate,
  reason: `ended as ${state}: ${REASON}`,
  faults: [
    {
      action: "operationState",
      state,
      message: REASON,
      times: fate === "parked" ? 1000 : 1,
      ...more,
    },
  ],
});

const inTables = (trials: readonly Omit<Trial, "table">[]): Trial[] =>
  trials.map((trial, i) => ({ ...trial, table: `T${String(i).padStart(2, "0")}` }));

const EXPORTS = inTables([
  ...STATES.filter((each) => each.elsewhere !== true).map((each) => stateTrial("export", each)),
  {
    name: "an export that runs, and that the cluster forgets",
    fate: "again",
    reason: "",
    faults: [{ action: "forget" }],
  },
]);

const INGESTIONS = inTables([
  ...STATES.map((each) => stateTrial("ingestion", each)),
  {
    name: "an ingestion that the cluster forgets before it did anything",
    fate: "again",
    reason: "",
    faults: [{ action: "operationState", state: "InProgress" }, { action: "forget" }],
  },
]);

const DATABASES = ["Exports", "Ingestions", "Stray", "ResultGone", "Old"];

describe("a copy whose operations end in another way than they should", () => {
  let copies: CopyStack;
  let source: string;
  let destination: string;
  const body = (database: string, more: object = {}) => bodyOf(copies.stack, database, database, more);
  const exports = (database: string, table: string) => exportsOf(copies, database, table);

  beforeAll(async () => {
    copies = await startCopyStack({ sourceDatabases: DATABASES, destinationDatabases: DATABASES });
    source = copies.stack.urls.sourceKusto;
    destination = copies.stack.urls.destinationKusto;
    for (const { table } of EXPORTS) await idTable(copies, "Exports", table);
    for (const { table } of INGESTIONS) await idTable(copies, "Ingestions", table);
    for (const database of ["Stray", "ResultGone", "Old"]) await idTable(copies, database);
    await cursorsGiven();
  });
  afterAll(() => copies.stop());

  describe.each([
    { database: "Exports", ingestion: "queued", trials: EXPORTS },
    { database: "Ingestions", ingestion: "direct", trials: INGESTIONS },
  ])(
    "copies each table exactly, or stops it alone and says why ($database):",
    ({ database, ingestion, trials }) => {
      const wanted = { ingestion, mode: "backfill" };
      let done: Copy;

      beforeAll(async () => {
        for (const [i, { table, faults }] of trials.entries()) {
          for (const fault of faults) {
            if (database === "Exports")
              await addFault(source, {
                ...fault,
                match: { kind: "operation", database, text: `^\\.export.*${table}` },
              });
            else
              await addFault(destination, {
                ...fault,
                match: { kind: "operation", database, text: `^\\.ingest.*_${i}['"\\])]* \\(` },
              });
          }
        }
        done = await copies.copy(body(database, wanted));
      });

      it.each(trials)("$name", async ({ table, fate, reason, faults }) => {
        const told = done.tables.find((each) => each.name === table);
        const held = await idsOf(copies.destination, database, table);
        if (fate === "parked") {
          expect(told?.error).toContain(reason);
          expect(held.rows).toBe(0);
          // What trying again can't mend isn't tried again.
          expect(await exports(database, table)).toBe(1);
          return;
        }
        expect(told).toMatchObject({ state: "succeeded", error: null });
        expect(held).toEqual(wholeRanges([0, ROWS]));
        const made = await exports(database, table);
        // Rows that have arrived stand for themselves, whatever became of the ingestion that brought them.
        if (database === "Ingestions" && faults[0]?.doWork === true) expect(made).toBeLessThanOrEqual(2);
        else expect(made).toBe(fate === "waits" ? 1 : 2);
      });

      it("and passes over nothing: the next run copies what was stopped", async () => {
        expect(done.state).toBe("failed");
        await clearFaults(source);
        await clearFaults(destination);
        expect(await copies.copy(body(database, wanted))).toMatchObject({ state: "succeeded", error: null });
        const tables = trials.map((trial) => trial.table);
        await equal(copies, database);
        await nothingLeft(copies, database, tables);
      });
    },
  );

  describe("is exact though", () => {
    it("files of an export that failed, and others, lie in the lake beside those of the attempt", async () => {
      const match = { kind: "operation", database: "Stray", text: "^\\.export" };
      await addFault(source, {
        match,
        action: "operationState",
        state: "Failed",
        doWork: true,
        permanent: false,
      });
      // What an export wrote is there for a while before the copy learns that it has ended.
      const polls = { kind: "mgmt", database: "Stray", text: "^\\.show operations" };
      await addFault(source, { match: polls, action: "delay", afterMs: 3000, times: 1000 });
      // Files that are ingested together are counted together.
      const wanted = body("Stray", { ingestion: "direct" });
      const url = await beginCopy(copies.stack.urls.functions, wanted);
      // Two attempts' files are there, and the second one's are about to be taken.
      await until(
        "no second export was made",
        async () => (await stagedFiles(lakeOf(copies.stack, "Stray"))).length === 2,
      );
      const stray = gzipSync(Array.from({ length: 50 }, (_, i) => `${i},"row ${i}"\n`).join(""));
      const files = await stagedFiles(lakeOf(copies.stack, "Stray"));
      for (const file of files) {
        const name = file.replace(/[^/]+$/, "part_9_stray.csv.gz");
        await lakeContainer(copies.stack).getBlockBlobClient(name).upload(stray, stray.length);
      }
      expect((await stagedFiles(lakeOf(copies.stack, "Stray"))).length).toBe(4);
      await until("the copy didn't end", async () => (await lookAt(url)).state !== "running");
      expect(await lookAt(url)).toMatchObject({ state: "succeeded", error: null });
      // None of them was taken for the attempt's, which would have made it too many rows and another attempt.
      expect(await exports("Stray", "Events")).toBe(2);
      await exact(copies, "Stray");
    });

    it("the result of an export that completed can't be read any more", async () => {
      await addFault(source, {
        match: { kind: "mgmt", database: "ResultGone", text: "^\\.show operation .* details" },
        action: "fail",
        status: 400,
        code: "BadRequest_EntityNotFound",
        message: "Entity ID of kind 'Operation' was not found.",
        permanent: true,
      });
      const done = await copies.copy(body("ResultGone"));
      expect(done).toMatchObject({ state: "succeeded", error: null });
      expect(await exports("ResultGone", "Events")).toBe(2);
      await exact(copies, "ResultGone");
    });

    it("an export neither ends nor is seen any more after six hours", async () => {
      await clearFaults(source);
      const match = { kind: "operation", database: "Old", text: "^\\.export" };
      await addFault(source, { match, action: "operationState", state: "InProgress" });
      const url = await beginCopy(copies.stack.urls.functions, body("Old"));
      await until("nothing was exported", async () => (await strikes(source))[0] === 1);
      await advanceClock(source, 6 * 3600 + 60);
      try {
        await until("the copy didn't end", async () => (await lookAt(url)).state !== "running");
      } finally {
        await resetClock(source);
      }
      expect(await lookAt(url)).toMatchObject({ state: "succeeded", error: null });
      expect(await exports("Old", "Events")).toBe(2);
      await exact(copies, "Old");
      expect(await idsOf(copies.destination, "Old", "Events")).toEqual(wholeRanges([0, ROWS]));
    });
  });
});
