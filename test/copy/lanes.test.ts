import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  addFault,
  beginCopy,
  clearFaults,
  createIdTable,
  idsOf,
  loadIds,
  lookAt,
  tableNames,
  until,
  wholeRanges,
} from "./drive.ts";
import { type CopyStack, cursorsGiven, differing, startCopyStack } from "./support.ts";

const DAYS = 24;
const LOAD = 50;

describe("while history is copied slowly", () => {
  let copies: CopyStack;
  let url: string;
  const cluster = () => copies.stack.urls.sourceKusto;
  const arrived = async (table: string, atLeast: number) =>
    (await tableNames(copies.destination, "Samples")).includes(table) &&
    (await idsOf(copies.destination, "Samples", table)).rows >= atLeast;
  const backfillState = async () => {
    const rows = await copies.destination.query(
      "Samples",
      "KC_Status() | where Lane == 'backfill' and isempty(TableName) | project State",
    );
    return rows[0]?.State;
  };

  beforeAll(async () => {
    copies = await startCopyStack({
      settings: {
        KUSTO_COPY_WINDOW_ROWS: String(LOAD),
        KUSTO_COPY_RPO: "3s",
        // One export at a time, and many windows of the history in wait: what comes has to be let past them.
        KUSTO_COPY_EXPORT_SLOTS: "1",
        KUSTO_COPY_INGESTION_SLOTS: "8",
      },
    });
    await createIdTable(copies.source, "Samples", "Events");
    for (let day = 0; day < DAYS; day++) {
      const ingestedAt = `2024-06-${String(day + 1).padStart(2, "0")}T12:00:00Z`;
      await loadIds(cluster(), "Samples", "Events", [day * LOAD, (day + 1) * LOAD], { ingestedAt });
    }
    await cursorsGiven();
    // History's exports alone: its windows end before the days of this test.
    await addFault(cluster(), {
      match: { kind: "operation", text: "^\\.export.*2024-06" },
      action: "delay",
      afterMs: 2500,
      times: 1000,
    });
    url = await beginCopy(copies.stack.urls.functions, {});
    await until("no iteration was planned", async () => (await lookAt(url)).tables.length > 0);
  });
  afterAll(() => copies.stop());

  it("new rows are committed by forward iterations, again and again, before it ends", async () => {
    const end = DAYS * LOAD;
    for (const [from, to] of [
      [end, end + 10],
      [end + 10, end + 30],
    ] as const) {
      await loadIds(cluster(), "Samples", "Events", [from, to]);
      await until("the new rows didn't come", () => arrived("Events", to - end), 20_000);
    }
    // None of the history is shown yet, and all that came is: its windows are promoted together.
    expect(await idsOf(copies.destination, "Samples", "Events")).toEqual(wholeRanges([end, end + 30]));
    expect((await lookAt(url)).state).toBe("running");
    expect(await backfillState()).toBe("running");
  });

  it("a new table need not wait for it either, rows without an ingestion time included", async () => {
    await createIdTable(copies.source, "Samples", "Later");
    await copies.source.command("Samples", ".alter table Later policy ingestiontime false");
    await loadIds(cluster(), "Samples", "Later", [0, 20]);
    await copies.source.command("Samples", ".alter table Later policy ingestiontime true");
    await loadIds(cluster(), "Samples", "Later", [20, 25]);
    await until("the new table didn't come", () => arrived("Later", 25), 20_000);
    expect(await idsOf(copies.destination, "Samples", "Later")).toEqual(wholeRanges([0, 25]));
    expect(await backfillState()).toBe("running");
  });

  it("and then all of it is there, once", async () => {
    await clearFaults(cluster());
    await until("the copy didn't end", async () => (await lookAt(url)).state !== "running", 60_000);
    expect(await lookAt(url)).toMatchObject({ state: "succeeded", error: null });
    // What came while the history was finished is the next iteration's.
    await sleep(100);
    expect(await copies.copy()).toMatchObject({ state: "succeeded" });
    expect(differing(await copies.compare())).toEqual([]);
  }, 120_000);
});
