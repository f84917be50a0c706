import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { tableExists } from "../../kusto/reads.ts";
import { runCopy } from "../../local/demo/api.ts";
import { makePackaged, type Packaged } from "../scripts/packaged.ts";
import { loadDays } from "./daysOfRows.ts";
import {
  addFault,
  beginCopy,
  bodyOf,
  clearFaults,
  commandsLike,
  idsOf,
  loadIds,
  lookAt,
  tableNames,
  until,
  wholeRanges,
} from "./drive.ts";
import { type ExtraHost, startExtraHost } from "./hosts.ts";
import { type CopyStack, cursorsGiven, startCopyStack } from "./support.ts";

const DATABASES = ["Upgraded", "Purged", "Viewed"];
const DAYS = 6;
const LOAD = 100;

describe("a deployed app", () => {
  let copies: CopyStack;
  let packaged: Packaged;
  const hosts: ExtraHost[] = [];

  beforeAll(async () => {
    packaged = await makePackaged();
    copies = await startCopyStack({
      host: false,
      without: ["arm"],
      sourceDatabases: DATABASES,
      destinationDatabases: DATABASES,
    });
  });
  afterAll(async () => {
    await Promise.all(hosts.map((each) => each.stop()));
    await copies?.stop();
    await packaged?.remove();
  });

  async function newHost(
    settings: Record<string, string>,
    more: { data?: string; app?: string } = {},
  ): Promise<ExtraHost> {
    const started = await startExtraHost(copies.stack, { settings, ...more });
    hosts.push(started);
    return started;
  }

  const instances = async (host: ExtraHost) => {
    const answer = await fetch(`${host.url}/runtime/webhooks/durabletask/instances`);
    return z
      .array(z.looseObject({ instanceId: z.string(), runtimeStatus: z.string() }))
      .parse(await answer.json());
  };

  it("is upgraded in mid-copy: the next version, in a task hub of its own, finishes what the last one began", async () => {
    await loadDays(copies, "Upgraded", DAYS, LOAD);
    const body = bodyOf(copies.stack, "Upgraded", "Upgraded");
    const windows = { KUSTO_COPY_WINDOW_ROWS: String(LOAD) };
    const old = await newHost({ ...windows, KUSTO_COPY_TASK_HUB: "KustoCopy1" });
    const match = { kind: "operation", database: "Upgraded", text: "^\\.export" };
    await addFault(copies.stack.urls.sourceKusto, { match, action: "delay", afterMs: 400, times: 2 });
    await addFault(copies.stack.urls.sourceKusto, { match, action: "delay", afterMs: 3000, times: 1000 });
    const statusUrl = await beginCopy(old.url, body);
    await until("no window was staged", async () => {
      return ((await lookAt(statusUrl)).tables[0]?.windows.staged ?? 0) > 0;
    });
    const before = (await lookAt(statusUrl)).tables[0]?.windows;
    expect(before?.exported).toBeLessThan(DAYS);
    await old.stop();
    await clearFaults(copies.stack.urls.sourceKusto);
    const exports = await commandsLike(copies.source, "Upgraded", ".export");

    // The same storage: the old hub lies beside the new one, and nobody works it.
    const next = await newHost(
      { ...windows, KUSTO_COPY_TASK_HUB: "KustoCopy2" },
      { data: old.data, app: packaged.folder },
    );
    expect(await instances(next)).toEqual([]);
    expect(await runCopy(next.url, () => undefined, body)).toMatchObject({ state: "succeeded", error: null });
    const more = (await commandsLike(copies.source, "Upgraded", ".export")) - exports;
    expect(more).toBeGreaterThan(0);
    expect(more).toBeLessThanOrEqual(DAYS - (before?.exported ?? 0));
    expect(await idsOf(copies.destination, "Upgraded", "Events")).toEqual(wholeRanges([0, DAYS * LOAD]));
    expect(await tableNames(copies.destination, "Upgraded")).toEqual(["Events"]);
    expect((await instances(next)).map((each) => each.runtimeStatus)).toEqual(["Completed"]);
    await next.stop();
  });

  it("deletes the history of old, finished copies at its time, and knows of what was copied all the same", async () => {
    await loadDays(copies, "Purged", DAYS, LOAD);
    const host = await newHost({ KUSTO_COPY_HISTORY_KEPT: "1s", KUSTO_COPY_PURGE_TICK: "* * * * * *" });
    const body = bodyOf(copies.stack, "Purged", "Purged");
    await beginCopy(host.url, body);
    const rows = async () =>
      (await tableExists(copies.destination, "Purged", "Events"))
        ? (await idsOf(copies.destination, "Purged", "Events")).rows
        : 0;
    await until("the copy didn't come", async () => (await rows()) === DAYS * LOAD);
    await until("the history wasn't deleted", async () => (await instances(host)).length === 0);
    // Each invocation's log says what it works on.
    for (const line of [
      /startExport: job default, run \d+, iteration 1, table Events, window \S+, attempt 1/,
      /promoteTable: job default, run \d+, iteration 1, table Events/,
    ]) {
      expect(host.lines.join("\n")).toMatch(line);
    }
    expect(host.lines.join("\n")).toMatch(/Deleted the history of 1 instances started before /);

    // One that runs keeps its history, whatever its age.
    await loadIds(copies.stack.urls.sourceKusto, "Purged", "Events", [DAYS * LOAD, DAYS * LOAD + 50]);
    await cursorsGiven();
    const match = { kind: "operation", database: "Purged", text: "^\\.export" };
    await addFault(copies.stack.urls.sourceKusto, { match, action: "delay", afterMs: 8000, times: 1 });
    const statusUrl = await beginCopy(host.url, body);
    const ticks = () => host.lines.filter((line) => line.includes("Deleted the history of 0")).length;
    const ticked = ticks();
    await until("the purge didn't tick", async () => ticks() > ticked + 2);
    expect((await lookAt(statusUrl)).state).toBe("running");
    await until("the second copy didn't come", async () => (await rows()) === DAYS * LOAD + 50);
    await host.stop();
  });

  it("copies from a source that gives Viewer only, and so no capacity, where its slots are numbers", async () => {
    await loadDays(copies, "Viewed", DAYS, LOAD);
    await addFault(copies.stack.urls.sourceKusto, {
      match: { kind: "mgmt", database: "Viewed", text: "^\\.show capacity" },
      action: "fail",
      status: 403,
      code: "Forbidden",
      message: "Principal is not authorized to perform this operation",
      permanent: true,
      times: 1000,
    });
    const body = bodyOf(copies.stack, "Viewed", "Viewed");
    const shares = await newHost({});
    const refused = await runCopy(shares.url, () => undefined, body);
    expect(refused.state).toBe("failed");
    expect(refused.error).toContain("Give this identity a role on the database");
    await shares.stop();

    const numbers = await newHost({ KUSTO_COPY_EXPORT_SLOTS: "4", KUSTO_COPY_QUERY_SLOTS: "4" });
    expect(await runCopy(numbers.url, () => undefined, body)).toMatchObject({
      state: "succeeded",
      error: null,
    });
    expect(await idsOf(copies.destination, "Viewed", "Events")).toEqual(wholeRanges([0, DAYS * LOAD]));
    await clearFaults(copies.stack.urls.sourceKusto);
    await numbers.stop();
  });
});
