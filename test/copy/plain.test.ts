import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openLake } from "../../lake/lake.ts";
import { parseLake } from "../../lake/location.ts";
import { readState } from "../../lake/log.ts";
import { loadTables } from "../../local/stack/samples.ts";
import { sampleTables } from "../../local/stack/sampleTables.ts";
import { storageAccount } from "../../local/stack/storageAccount.ts";
import { command } from "../cli/command.ts";
import { files } from "../lake/lakeForTests.ts";
import { addLakeFault, clearLakeFaults } from "../survive/lakeFaults.ts";
import { addFault, clearFaults } from "./drive.ts";
import { type CopyStack, cursorsGiven, differing, startCopyStack } from "./support.ts";

/** An event topic that passes on what it gets, or refuses all. */
interface Topic {
  readonly url: string;
  passTo: string;
  refusing: boolean;
  /** Of the events that it has taken, in their order. */
  readonly subjects: string[];
  readonly stop: () => Promise<void>;
}

async function startTopic(): Promise<Topic> {
  const subjects: string[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    if (topic.refusing) return response.writeHead(403, { "content-type": "application/json" }).end("{}");
    const passed = await fetch(topic.passTo + new URL(request.url ?? "", topic.url).search, {
      method: "POST",
      headers: {
        "content-type": request.headers["content-type"] ?? "",
        "aeg-sas-key": String(request.headers["aeg-sas-key"]),
      },
      body,
    });
    for (const each of z.array(z.object({ subject: z.string() })).parse(JSON.parse(body)))
      subjects.push(each.subject);
    return response.writeHead(passed.status).end(await passed.text());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The topic has no port.");
  const topic: Topic = {
    url: `http://127.0.0.1:${address.port}/api/events`,
    passTo: "",
    refusing: false,
    subjects,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return topic;
}

describe("a copy of plain tables", () => {
  let copies: CopyStack;
  let topic: Topic;

  beforeAll(async () => {
    topic = await startTopic();
    const settings = { KUSTO_COPY_WINDOW_ROWS: "2000", KUSTO_COPY_EVENTS_TOPIC: topic.url };
    copies = await startCopyStack({ settings });
    topic.passTo = `${copies.stack.urls.events}/api/events`;
    await loadTables(copies.stack.urls.sourceKusto, "Samples", sampleTables);
  });
  afterAll(async () => {
    await copies.stop();
    await topic.stop();
  });

  it("copies all history exactly, creating the tables", async () => {
    const copy = await copies.copy();
    expect(copy).toMatchObject({ state: "succeeded", error: null });
    const differences = await copies.compare();
    expect(differences).toHaveLength(sampleTables.length);
    expect(differing(differences)).toEqual([]);
    for (const table of copy.tables) expect(table.windows.promoted).toBe(table.windows.total);
  });

  it("then copies what is new and nothing else", async () => {
    await copies.source.command(
      "Samples",
      ".set-or-append airports <| airports | take 1 | project iata='ZZ1', name, city, state, country, latitude, longitude",
    );
    await cursorsGiven();
    const copy = await copies.copy();
    expect(copy.state).toBe("succeeded");
    expect(copy.tables.map((table) => [table.name, table.rows])).toEqual([["airports", 1]]);
    expect(differing(await copies.compare())).toEqual([]);
  });

  it("moves nothing when nothing is new, and the lag does not grow", async () => {
    const copy = await copies.copy();
    expect(copy).toMatchObject({ state: "succeeded", tables: [] });
    expect(copy.lagSeconds).toBeLessThan(30);
  });

  it("shows every job, iteration and table in KC_Status, to any client of the destination", async () => {
    const rows = await copies.destination.query(
      "Samples",
      "KC_Status() | where isnotempty(TableName) | summarize Rows = sum(Rows) by TableName, State",
    );
    expect(rows.map((row) => row.TableName)).toEqual(
      expect.arrayContaining(sampleTables.map((table) => table.name)),
    );
    expect(new Set(rows.map((row) => row.State))).toEqual(new Set(["committed"]));
  });

  it("leaves no staging table, no attempt tag and no staged file behind", async () => {
    const tables = await copies.destination.command("Samples", ".show tables | project TableName");
    expect(tables.map((row) => row.TableName).filter((name) => String(name).startsWith("KC_"))).toEqual([]);
    const tags = await copies.destination.command("Samples", ".show database Samples extents | project Tags");
    expect(tags.filter((row) => String(row.Tags).includes("kc:"))).toEqual([]);
  });

  it("tells what it could not remove or publish, which grows by no iteration, until a run comes through with it", async () => {
    const { stack } = copies;
    const lake = openLake(parseLake(`${stack.urls.lake}/copy/demo;${storageAccount.key}`));
    const withMore = async (code: string) => {
      const row = `airports | take 1 | project iata='${code}', name, city, state, country, latitude, longitude`;
      await copies.source.command("Samples", `.set-or-append airports <| ${row}`);
      await cursorsGiven();
      return await copies.copy();
    };
    const told = [
      expect.stringMatching(/Tags of copies .* table airports; .*Denied\. .*tried again/),
      expect.stringMatching(/Staged files .*\/copy\/demo\/staged: Storage answered 403/),
      expect.stringMatching(/event.* could not be published: The event topic .* answered 403/),
    ];
    topic.refusing = true;
    await addFault(stack.urls.destinationKusto, {
      match: { kind: "mgmt", text: "extent tags" },
      action: "fail",
      status: 403,
      permanent: true,
      message: "Denied.",
      times: 1000,
    });
    await addLakeFault(stack, {
      action: "fail",
      match: { method: "DELETE", path: "/copy/demo/staged/" },
      status: 403,
      code: "AuthorizationFailure",
      times: 1000,
    });
    expect(await withMore("ZZ2")).toMatchObject({ state: "succeeded", error: null, warnings: told });
    const second = await withMore("ZZ3");
    expect(second).toMatchObject({ state: "succeeded", error: null, warnings: told });
    const names = await copies.destination.command("Samples", ".show tables | project TableName");
    expect(names.filter((row) => String(row.TableName).startsWith("KC_"))).toEqual([]);
    const state = await readState(lake);
    expect([state.toClean, state.left?.length]).toEqual([[], 2]);
    const rows = await copies.destination.query(
      "Samples",
      "KC_Status | where State == 'warning' | project Error",
    );
    expect(rows.map((row) => row.Error)).toEqual(told);
    const { stdout } = await command(["status", "-l", `${stack.urls.lake}/copy/demo;${storageAccount.key}`]);
    for (const warning of second.warnings) expect(stdout).toContain(`Warning: ${warning}`);

    const refused = [(second.iteration ?? 0) - 1, second.iteration].map((each) => `iterations/${each}`);
    topic.refusing = false;
    await clearFaults(stack.urls.destinationKusto);
    await clearLakeFaults(stack);
    const before = topic.subjects.length;
    expect(await copies.copy()).toMatchObject({ state: "succeeded", tables: [], warnings: [] });
    expect(topic.subjects.slice(before, before + 2)).toEqual(refused);
    await copies.copy();
    expect(topic.subjects).toEqual([...new Set(topic.subjects)]);
    const tags = await copies.destination.command("Samples", ".show database Samples extents | project Tags");
    expect(tags.filter((row) => String(row.Tags).includes("kc:"))).toEqual([]);
    expect((await files(lake, "staged/")).length).toBe(0);
  });

  it("tells the event topic of each committed iteration", async () => {
    const events: unknown = await (await fetch(`${copies.stack.urls.events}/events`)).json();
    expect(JSON.stringify(events)).toContain("KustoCopy.IterationCommitted");
  });
});
