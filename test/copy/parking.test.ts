import { ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { statusReportSchema } from "../../cli/verbs/statusReport.ts";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import { retriesSchema } from "../../model/retries.ts";
import { command } from "../cli/command.ts";
import {
  addFault,
  beginCopy,
  bodyOf,
  clearFaults,
  createIdTable,
  idsOf,
  loadIds,
  lookAt,
  until,
  wholeRanges,
} from "./drive.ts";
import { type CopyStack, cursorsGiven, differing, startCopyStack } from "./support.ts";

const DATABASE = "Parked";
const ATTEMPTS = 3;
/** Rows of the first load, and of each one after. */
const ROWS = 100;
const MORE = 10;

const copySchema = z.object({
  state: z.string(),
  error: z.string().nullable(),
  retries: retriesSchema,
  tables: z.array(
    z.object({ name: z.string(), state: z.string(), retries: retriesSchema, error: z.string().nullable() }),
  ),
});

/** A window of one table never comes through, those of another are refused for a while, a third has no trouble. */
describe("a window that can't be copied", () => {
  let copies: CopyStack;
  let first: z.infer<typeof copySchema>;

  beforeAll(async () => {
    copies = await startCopyStack({
      sourceDatabases: [DATABASE],
      destinationDatabases: [DATABASE],
      settings: { KUSTO_COPY_POLL: "20ms", KUSTO_COPY_MAX_ATTEMPTS: String(ATTEMPTS) },
    });
    for (const table of ["Bad", "Good", "Slow"]) {
      await createIdTable(copies.source, DATABASE, table);
      await loadIds(copies.stack.urls.sourceKusto, DATABASE, table, [0, ROWS]);
    }
    await cursorsGiven();
    const exportOf = (table: string) => `^\\.export.*\\b${table}\\b`;
    await addFault(copies.stack.urls.sourceKusto, {
      match: { kind: "operation", text: exportOf("Bad") },
      action: "operationState",
      state: "Abandoned",
      times: 1000,
    });
    await addFault(copies.stack.urls.sourceKusto, {
      match: { kind: "mgmt", text: exportOf("Slow") },
      action: "throttle",
      times: 2,
    });
    first = await copied();
  });
  afterAll(() => copies.stop());

  async function copied() {
    const statusUrl = await beginCopy(copies.stack.urls.functions, bodyOf(copies.stack, DATABASE, DATABASE));
    await until("the copy didn't end", async () => (await lookAt(statusUrl)).state !== "running");
    return copySchema.parse(await (await fetch(statusUrl)).json());
  }

  const held = (table: string) => idsOf(copies.destination, DATABASE, table);
  const tableIn = (copy: typeof first, name: string) => copy.tables.find((table) => table.name === name);
  const lake = () => `${copies.stack.urls.lake}/copy/${DATABASE};${storageAccount.key}`;
  const PARKED = new RegExp(
    `Window 1\\.0\\.0 failed ${ATTEMPTS} times, the last time: .*Abandoned.*the next iteration tries it again`,
  );

  it("is given up after its attempts, and named with how often, why and what is next", () => {
    expect(first).toMatchObject({ state: "failed", error: expect.stringMatching(/^1 of 3 tables/) });
    expect(tableIn(first, "Bad")).toMatchObject({
      state: "failed",
      error: expect.stringMatching(PARKED),
      retries: { attempts: ATTEMPTS, reason: expect.stringContaining("Abandoned") },
    });
  });

  it("keeps none of the other tables back", async () => {
    expect(tableIn(first, "Good")).toMatchObject({ state: "succeeded", error: null });
    expect(await held("Good")).toEqual(wholeRanges([0, ROWS]));
    expect(await held("Slow")).toEqual(wholeRanges([0, ROWS]));
    expect((await held("Bad")).rows).toBe(0);
  });

  it("leaves what was refused for a while counted, with the reason, where nothing is lost with a run", async () => {
    const throttled = { steps: 2, attempts: 0, reason: expect.stringMatching(/throttl/i) };
    expect(tableIn(first, "Slow")?.retries).toEqual(throttled);
    expect(first.retries).toMatchObject({ attempts: ATTEMPTS });
    expect(first.retries.steps).toBeGreaterThanOrEqual(2);
    const rows = await copies.destination.query(
      DATABASE,
      "KC_Status | where TableName != '' and WindowId == '' | project TableName, State, Retries, RetryReason, Error",
    );
    expect(rows.map((row) => [row.TableName, row.State, Number(row.Retries)]).toSorted()).toEqual([
      ["Bad", "failed", ATTEMPTS],
      ["Good", "committed", 0],
      ["Slow", "committed", 2],
    ]);
    expect(String(rows.find((row) => row.TableName === "Bad")?.Error)).toMatch(PARKED);
    expect(String(rows.find((row) => row.TableName === "Slow")?.RetryReason)).toMatch(/throttl/i);
  });

  it("is told by kusto-copy status, of the lake folder alone", async () => {
    const { code, stdout } = await command(["status", "-l", lake()]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/Bad +FAILED/);
    expect(stdout).toMatch(PARKED);
    expect(stdout).toMatch(/table +state +rows copied last +retries +error/);
    const json = await command(["status", "-l", lake(), "--json"]);
    const report = statusReportSchema.parse(JSON.parse(json.stdout));
    expect(
      report.tables.map(({ name, state, retries }) => [name, state, retries.steps, retries.attempts]),
    ).toEqual([
      ["Bad", "failed", 0, ATTEMPTS],
      ["Good", "upToDate", 0, 0],
      ["Slow", "upToDate", 2, 0],
    ]);
  });

  it("keeps its table's cursor while the others go on, and is tried again by each iteration", async () => {
    for (const table of ["Bad", "Good", "Slow"])
      await loadIds(copies.stack.urls.sourceKusto, DATABASE, table, [ROWS, ROWS + MORE]);
    await cursorsGiven();
    const second = await copied();
    expect(second.state).toBe("failed");
    expect(tableIn(second, "Bad")?.error).toMatch(/ failed 3 times/);
    expect(await held("Good")).toEqual(wholeRanges([0, ROWS + MORE]));
    expect(await held("Slow")).toEqual(wholeRanges([0, ROWS + MORE]));
    expect((await held("Bad")).rows).toBe(0);
  });

  it("is copied from that cursor on, each row once, when what failed is mended", async () => {
    await clearFaults(copies.stack.urls.sourceKusto);
    const last = await copied();
    expect(last).toMatchObject({ state: "succeeded", error: null });
    expect(tableIn(last, "Bad")).toMatchObject({ state: "succeeded", error: null });
    expect(await held("Bad")).toEqual(wholeRanges([0, ROWS + MORE]));
    expect(differing(await copies.compare(DATABASE))).toEqual([]);
    expect((await command(["status", "-l", lake()])).code).toBe(0);
  });

  it("has its columns in KC_Status though another version's file has none of them", async () => {
    const account = new StorageSharedKeyCredential(storageAccount.name, storageAccount.key);
    const client = new ContainerClient(`${copies.stack.urls.blob}/copy`, account);
    const blob = client.getBlockBlobClient(`${DATABASE}/status.csv`);
    const old =
      "Job,Iteration,Lane,TableName,WindowId,State,Rows,Bytes,IngestedFrom,IngestedTo,Attempt,Error,LagSeconds,Cursor,UpdatedAt\r\ndefault,7,,T,,committed,5,,,,,,,c,\r\n";
    await blob.upload(old, old.length);
    const [row] = await copies.destination.query(
      DATABASE,
      "KC_Status | project Iteration, Rows, Cursor, Retries, RetryReason",
    );
    expect(row).toMatchObject({ Iteration: 7n, Rows: 5n, Cursor: "c", Retries: null, RetryReason: "" });
  });
});
