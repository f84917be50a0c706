import { setTimeout as sleep } from "node:timers/promises";
import { QueueServiceClient, StorageSharedKeyCredential } from "@azure/storage-queue";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Copy } from "../../local/demo/api.ts";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import { stagingOwner } from "../../model/naming.ts";
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
  tableNames,
  until,
  wholeRanges,
} from "../copy/drive.ts";
import { nothingLeft } from "../copy/leftovers.ts";
import { advanceClock, type CopyStack, cursorsGiven, resetClock, startCopyStack } from "../copy/support.ts";
import { equal, exact, exportsOf, idTable, ROWS } from "./promise.ts";

interface Trial {
  readonly name: string;
  readonly table: string;
  /** How many files the window's first export writes. */
  readonly files: number;
  readonly faults: readonly FaultRequest[];
  /** How often the window is exported at least; nothing where its table is stopped. */
  readonly exports?: number;
  readonly reason?: RegExp;
}

const FOR_GOOD = {
  action: "fail",
  permanent: true,
  code: "Stream_ClosingQuoteMissing",
  message: "It is bad",
} as const;
const ARRIVES_NEVER = /have not arrived in staging after \d+ s/;

const WINDOWS: readonly Omit<Trial, "table">[] = [
  { name: "whose four files share their tags, and arrive each once", files: 4, faults: [], exports: 1 },
  {
    name: "of which one file arrives late, in its time",
    files: 1,
    faults: [{ action: "delay", afterMs: 1000 }],
    exports: 1,
  },
  {
    name: "of which one file arrives after its time",
    files: 1,
    faults: [{ action: "delay", afterMs: 12_000 }],
    exports: 2,
  },
  {
    name: "of which one file never arrives, and nobody says so",
    files: 1,
    faults: [{ action: "drop" }],
    exports: 2,
  },
  { name: "of which one file among four never arrives", files: 4, faults: [{ action: "drop" }], exports: 2 },
  { name: "of which one file fails for good", files: 1, faults: [FOR_GOOD], exports: 2 },
  { name: "of which one bad file among four fails for good", files: 4, faults: [FOR_GOOD], exports: 2 },
  {
    name: "of which one file among four arrives twice",
    files: 4,
    faults: [{ action: "duplicate" }],
    exports: 2,
  },
  {
    name: "of which one file arrives again after it was verified",
    files: 1,
    faults: [{ action: "duplicate", afterMs: 4000 }],
    exports: 1,
  },
  {
    name: "of which no file ever arrives",
    files: 1,
    faults: [{ action: "drop", times: 1000 }],
    reason: ARRIVES_NEVER,
  },
  {
    name: "of which each file fails for good",
    files: 1,
    faults: [{ ...FOR_GOOD, times: 1000 }],
    reason: /Ingestion failed \(Stream_ClosingQuoteMissing\): It is bad/,
  },
];

const TRIALS: readonly Trial[] = WINDOWS.map((trial, i) => ({
  ...trial,
  table: `T${String(i).padStart(2, "0")}`,
}));

const OTHERS = ["Slow", "Refused", "NoTable", "OtherTable"];

describe("a copy by queued ingestion", () => {
  let copies: CopyStack;
  let source: string;
  let destination: string;
  const body = (database: string, more: object = {}) => bodyOf(copies.stack, database, database, more);
  const exports = (database: string, table: string) => exportsOf(copies, database, table);

  beforeAll(async () => {
    const databases = ["Queue", ...OTHERS];
    copies = await startCopyStack({ sourceDatabases: databases, destinationDatabases: databases });
    source = copies.stack.urls.sourceKusto;
    destination = copies.stack.urls.destinationKusto;
    for (const { table } of TRIALS) await idTable(copies, "Queue", table);
    for (const database of OTHERS) await idTable(copies, database);
    await cursorsGiven();
  });
  afterAll(() => copies.stop());

  /** Another client of the cluster, which takes all that its status queues hold. */
  function emptyStatusQueues(): () => Promise<void> {
    let over = false;
    const queues = new QueueServiceClient(
      copies.stack.urls.queue,
      new StorageSharedKeyCredential(storageAccount.name, storageAccount.key),
    );
    const emptying = (async () => {
      while (!over) {
        for (const kind of ["failedingestions", "successfulingestions"])
          await queues.getQueueClient(`destination-${kind}`).clearMessages();
        await sleep(100);
      }
    })();
    return async () => {
      over = true;
      await emptying;
    };
  }

  describe("copies exactly, or stops and says why, a window", () => {
    // Each window may be late for once; what never arrives is given up after three times.
    const wanted = { mode: "backfill", ingestionTimeout: "8s", maxAttempts: 3 };
    let done: Copy;

    beforeAll(async () => {
      for (const [i, { table, files, faults }] of TRIALS.entries()) {
        const exported = { kind: "operation", database: "Queue", text: `^\\.export.*${table}` };
        if (files > 1) await addFault(source, { match: exported, action: "split", files });
        const queued = { kind: "queue", database: "Queue", text: `_${i} ` };
        for (const fault of faults) await addFault(destination, { ...fault, match: queued });
      }
      const stop = emptyStatusQueues();
      try {
        done = await copies.copy(body("Queue", wanted));
      } finally {
        await stop();
      }
    });

    it.each(TRIALS)("$name", async ({ table, exports: made, reason }) => {
      const told = done.tables.find((each) => each.name === table);
      const held = await idsOf(copies.destination, "Queue", table);
      if (reason !== undefined) {
        expect(told?.error).toMatch(reason);
        expect(held.rows).toBe(0);
        return;
      }
      expect(told).toMatchObject({ state: "succeeded", error: null });
      expect(held).toEqual(wholeRanges([0, ROWS]));
      expect(await exports("Queue", table)).toBeGreaterThanOrEqual(made ?? 1);
    });

    it("and passes over nothing: the next run copies what was stopped", async () => {
      expect(done.state).toBe("failed");
      await clearFaults(destination);
      expect(await copies.copy(body("Queue", wanted))).toMatchObject({ state: "succeeded", error: null });
      await equal(copies, "Queue");
      await nothingLeft(
        copies,
        "Queue",
        TRIALS.map((trial) => trial.table),
      );
    });
  });

  it("takes no time that has passed for success: it waits for the rows, and shows nothing before", async () => {
    const match = { kind: "queue", database: "Slow" };
    await addFault(destination, { match, action: "delay", afterMs: 8000 });
    const url = await beginCopy(copies.stack.urls.functions, body("Slow"));
    await until("no message was taken", async () => (await strikes(destination)).at(-1) === 1);
    await sleep(5000);
    expect(await lookAt(url)).toMatchObject({ state: "running" });
    expect((await idsOf(copies.destination, "Slow", "Events")).rows).toBe(0);
    await until("the copy didn't end", async () => (await lookAt(url)).state !== "running");
    expect(await lookAt(url)).toMatchObject({ state: "succeeded", error: null });
    expect(await exports("Slow", "Events")).toBe(1);
    await exact(copies, "Slow");
  });

  it("says that nobody could tell why, where the identity may not ask for failures", async () => {
    const match = { kind: "queue", database: "Refused" };
    await addFault(destination, { match, action: "drop", times: 1000 });
    await addFault(destination, {
      match: { kind: "mgmt", database: "Refused", text: "^\\.show ingestion failures" },
      action: "fail",
      status: 403,
      code: "Forbidden",
      message: "Principal is not authorized to perform this operation.",
      permanent: true,
      times: 1000,
    });
    const hasty = { mode: "backfill", ingestionTimeout: "3s", maxAttempts: 1 };
    const done = await copies.copy(body("Refused", hasty));
    expect(done.state).toBe("failed");
    expect(done.tables[0]?.error).toMatch(/have not arrived in staging after \d+ s\. Why can't be told/);
    expect(done.tables[0]?.error).toMatch(/\.show ingestion failures.*not authorized/);
    await clearFaults(destination);
    expect(await copies.copy(body("Refused"))).toMatchObject({ state: "succeeded", error: null });
    await exact(copies, "Refused");
  });

  it("stays exact when rows of an attempt that was given up arrive minutes after its staging was dropped", async () => {
    const finished = ["NoTable", "OtherTable"];
    for (const database of finished) {
      // The file has been read, and its rows are written much later.
      const match = { kind: "ingest", database };
      await addFault(destination, { match, action: "delay", afterMs: 600_000 });
    }
    const hasty = { ingestionTimeout: "5s" };
    const done = await Promise.all(finished.map((database) => copies.copy(body(database, hasty))));
    for (const copy of done) expect(copy).toMatchObject({ state: "succeeded", error: null });
    for (const database of finished) {
      expect(await exports(database, "Events")).toBeGreaterThan(1);
      await exact(copies, database);
    }

    // In one of the databases there is a table of the name again when they come.
    const moves = (await commandsOf(copies.destination, "OtherTable")).filter((text) =>
      text.startsWith(".move"),
    );
    const staging = /from table \W*(KC_Staging_\w+)/.exec(moves[0] ?? "")?.[1] ?? "";
    expect(stagingOwner(staging)).toBeDefined();
    await createIdTable(copies.destination, "OtherTable", staging);
    await advanceClock(destination, 601);
    await until(
      "the late rows didn't come",
      async () => (await idsOf(copies.destination, "OtherTable", staging)).rows > 0,
    );
    await resetClock(destination);
    await until("nothing was told of the rows that had no table", async () => {
      const failures = await copies.destination.command(
        "NoTable",
        ".show ingestion failures | where Database == 'NoTable'",
      );
      return failures.length > 0;
    });
    expect(await tableNames(copies.destination, "NoTable")).toEqual(["Events"]);
    expect(await idsOf(copies.destination, "NoTable", "Events")).toEqual(wholeRanges([0, ROWS]));
    expect(await idsOf(copies.destination, "OtherTable", "Events")).toEqual(wholeRanges([0, ROWS]));

    // What lies there is nobody's: the next iteration leaves it out, and takes it away.
    await loadIds(source, "OtherTable", "Events", [ROWS, ROWS + 50]);
    await cursorsGiven();
    expect(await copies.copy(body("OtherTable"))).toMatchObject({ state: "succeeded", error: null });
    await exact(copies, "OtherTable", ROWS + 50);
  });
});
