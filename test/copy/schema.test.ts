import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KustoRow } from "../../kusto/client.ts";
import { readTables } from "../../kusto/reads.ts";
import { runCopy } from "../../local/demo/api.ts";
import { syntaxErrors } from "../kusto/parser.ts";
import {
  addFault,
  beginCopy,
  bodyOf,
  clearFaults,
  commandsLike,
  lookAt,
  strikes,
  tableNames,
  until,
} from "./drive.ts";
import { startExtraHost } from "./hosts.ts";
import { advanceClock, type CopyStack, cursorsGiven, resetClock, startCopyStack } from "./support.ts";

const DATABASES = ["Described", "Grown", "Dropped", "Renamed", "Retyped", "Midway", "Left", "Passing"];

describe("the schema of a copy", () => {
  let copies: CopyStack;
  const copy = (database: string, more: object = {}) =>
    copies.copy(bodyOf(copies.stack, database, database, more));
  const atSource = (database: string, text: string) => copies.source.command(database, text);
  const atDestination = (database: string, text: string) => copies.destination.command(database, text);
  const table = async (database: string, name = "Events") =>
    (await readTables(copies.destination, database)).find((each) => each.name === name);
  const rows = (database: string, query = "Events | order by Id asc"): Promise<KustoRow[]> =>
    copies.destination.query(database, query);

  beforeAll(async () => {
    copies = await startCopyStack({ sourceDatabases: DATABASES, destinationDatabases: DATABASES });
  });
  afterAll(() => copies.stop());

  /** The commands that a reason offers, each of which Microsoft's parser takes. */
  function offered(reason: string | null | undefined): string[] {
    const commands = [...(reason ?? "").matchAll(/`(\.[^`]+)`/g)].map((match) => match[1] ?? "");
    for (const text of commands) expect(syntaxErrors(text)).toEqual([]);
    return commands;
  }

  async function begun(database: string, columns = "Id: long, Old: string"): Promise<void> {
    await atSource(database, `.create table Events (${columns})`);
    await atSource(database, ".create table Other (Id: long)");
    await atSource(database, ".set-or-append Events <| print Id = 1, Old = 'one'");
    await cursorsGiven();
    expect(await copy(database)).toMatchObject({ state: "succeeded" });
  }

  /** A copy in which Events waits, and Other goes on. Answers the commands that would settle it. */
  async function waits(database: string, reason: RegExp): Promise<string[]> {
    await atSource(database, ".set-or-append Other <| print Id = 7");
    await cursorsGiven();
    const before = (await rows(database, "Other | count"))[0]?.Count;
    const done = await copy(database);
    const events = done.tables.find((each) => each.name === "Events");
    expect(events).toMatchObject({ state: "failed", error: expect.stringMatching(reason) });
    expect((await rows(database, "Other | count"))[0]?.Count).toBe(BigInt(String(before)) + 1n);
    return offered(events?.error);
  }

  it("has folders and docstrings of tables and columns, and follows them though no row comes", async () => {
    const database = "Described";
    await atSource(
      database,
      ".create table Events (Id: long, Text: string) with (folder='Facts', docstring='All')",
    );
    await atSource(database, ".alter table Events column-docstrings (Id: 'The key', Text: \"It's said\")");
    await atDestination(database, ".create table Own (Id: long) with (folder='Mine', docstring='Kept')");
    await atSource(database, ".create table Own (Id: long) with (folder='Facts')");
    expect(await copy(database)).toMatchObject({ state: "succeeded" });
    expect(await table(database)).toMatchObject({
      folder: "Facts",
      docstring: "All",
      columns: [
        { name: "Id", docstring: "The key" },
        { name: "Text", docstring: "It's said" },
      ],
    });
    // What the destination says of its own stays, until the source's text changes.
    expect(await table(database, "Own")).toMatchObject({ folder: "Mine", docstring: "Kept" });
    await atSource(database, ".alter table Events folder 'Archive'");
    await atSource(database, ".alter table Events column-docstrings (Text: 'Said')");
    await atSource(database, ".alter table Own folder 'Archive'");
    expect(await copy(database)).toMatchObject({ state: "succeeded" });
    expect(await table(database)).toMatchObject({
      folder: "Archive",
      docstring: "All",
      columns: [
        { name: "Id", docstring: "" },
        { name: "Text", docstring: "Said" },
      ],
    });
    expect(await table(database, "Own")).toMatchObject({ folder: "Archive", docstring: "Kept" });
    const altered = await commandsLike(copies.destination, database, ".alter");
    expect(await copy(database)).toMatchObject({ state: "succeeded" });
    expect(await commandsLike(copies.destination, database, ".alter")).toBe(altered);
  });

  it("gains columns, whatever their order and though no row comes", async () => {
    const database = "Grown";
    await begun(database);
    await atSource(database, ".alter table Events (Added: datetime, Id: long, Old: string)");
    expect(await copy(database)).toMatchObject({ state: "succeeded" });
    expect((await table(database))?.columns.map((each) => each.name)).toEqual(["Id", "Old", "Added"]);
    await atSource(
      database,
      ".set-or-append Events <| print Added = datetime(2026-01-01), Id = 2, Old = 'two'",
    );
    await cursorsGiven();
    expect(await copy(database)).toMatchObject({ state: "succeeded" });
    expect(await rows(database)).toEqual([
      { Id: 1n, Old: "one", Added: null },
      { Id: 2n, Old: "two", Added: "2026-01-01T00:00:00.0000000Z" },
    ]);
  });

  it("waits for a dropped column to be settled, with the commands, and goes on by itself; a column of the destination's own is none of its business", async () => {
    const database = "Dropped";
    await begun(database);
    await atDestination(database, ".alter-merge table Events (Own: string)");
    await atSource(database, ".drop column Events.Old");
    await atSource(database, ".set-or-append Events <| print Id = 2");
    const commands = await waits(database, /Old was copied and is gone.*lost for good/);
    expect(commands).toEqual([
      ".drop column ['Events'].['Old']",
      ".rename column ['Events'].['Old'] to ['Old_old']",
    ]);
    expect(await rows(database, "Events | count")).toEqual([{ Count: 1n }]);
    await atDestination(database, commands[1] ?? "");
    expect(await copy(database)).toMatchObject({ state: "succeeded", error: null });
    expect(await rows(database)).toEqual([
      { Id: 1n, Old_old: "one", Own: "" },
      { Id: 2n, Old_old: "", Own: "" },
    ]);
  });

  it("offers to rename first where a column looks renamed", async () => {
    const database = "Renamed";
    await begun(database);
    await atSource(database, ".rename column Events.Old to New");
    const commands = await waits(database, /Old is gone at the source and New of the same type string came/);
    expect(commands).toEqual([
      ".rename column ['Events'].['Old'] to ['New']",
      ".drop column ['Events'].['Old']",
      ".rename column ['Events'].['Old'] to ['Old_old']",
    ]);
    await atDestination(database, commands[0] ?? "");
    await atSource(database, ".set-or-append Events <| print Id = 2, New = 'two'");
    await cursorsGiven();
    expect(await copy(database)).toMatchObject({ state: "succeeded", error: null });
    expect(await rows(database)).toEqual([
      { Id: 1n, New: "one" },
      { Id: 2n, New: "two" },
    ]);
  });

  it("waits for a retyped column to be settled, and says what becomes of the old values", async () => {
    const database = "Retyped";
    await begun(database);
    await atSource(database, ".alter column Events.Old type=long");
    await atSource(database, ".set-or-append Events <| print Id = 2, Old = 22");
    const commands = await waits(
      database,
      /Old is long at the source and string at the destination.*reads as null/,
    );
    expect(commands).toEqual([
      ".alter column ['Events'].['Old'] type=long",
      ".rename column ['Events'].['Old'] to ['Old_old']",
    ]);
    await atDestination(database, commands[0] ?? "");
    expect(await copy(database)).toMatchObject({ state: "succeeded", error: null });
    expect(await rows(database)).toEqual([
      { Id: 1n, Old: null },
      { Id: 2n, Old: 22n },
    ]);
  });

  it("parks a table whose column goes in mid-iteration, says so, keeps its cursor, and goes on after", async () => {
    const database = "Midway";
    await begun(database);
    await atSource(database, ".set-or-append Events <| print Id = 2, Old = 'two'");
    await cursorsGiven();
    const source = copies.stack.urls.sourceKusto;
    await addFault(source, {
      match: { kind: "mgmt", database, text: "^\\.export" },
      action: "throttle",
      times: 1000,
    });
    const statusUrl = await beginCopy(copies.stack.urls.functions, bodyOf(copies.stack, database, database));
    await until("no export was tried", async () => ((await strikes(source))[0] ?? 0) > 0);
    await atSource(database, ".drop column Events.Old");
    await clearFaults(source);
    await until("the copy didn't end", async () => (await lookAt(statusUrl)).state !== "running");
    expect((await lookAt(statusUrl)).state).toBe("failed");
    const log = await copies.destination.query(database, "KC_Status | where TableName == 'Events'");
    expect(log.map((row) => String(row.Error)).join()).toMatch(
      /changed at the source while it was copied: column Old is gone.*cursor stays/,
    );
    const commands = await waits(database, /Old was copied and is gone/);
    await atDestination(database, commands[0] ?? "");
    expect(await copy(database)).toMatchObject({ state: "succeeded", error: null });
    expect(await rows(database)).toEqual([{ Id: 1n }, { Id: 2n }]);
  });

  it("is planned without tables that are dropped since it was read, and one that can't be read for good is told and keeps no other back", async () => {
    const database = "Passing";
    const cluster = copies.stack.urls.sourceKusto;
    for (const name of ["Kept", "Broken", "Temp", "TempWhole", "Whole"]) {
      await atSource(database, `.create table ${name} (Id: long)`);
      if (name.endsWith("Whole")) await atSource(database, `.alter table ${name} policy ingestiontime false`);
      await atSource(database, `.set-or-append ${name} <| print Id = 1`);
    }
    await cursorsGiven();
    // Each reading waits until a table is dropped that was there when the schema was read.
    const hold = (kind: string, text: string) =>
      addFault(cluster, { match: { kind, database, text }, action: "delay", afterMs: 60_000 });
    await hold("query", "union .*Temp.* by Bin");
    await hold("mgmt", "TempWhole.* extents");
    const broken = { kind: "query", database, text: "Broken.* by Bin" };
    await addFault(cluster, { match: broken, action: "fail", status: 400, permanent: true, times: 1000 });
    const statusUrl = await beginCopy(copies.stack.urls.functions, bodyOf(copies.stack, database, database));
    for (const [fault, name] of ["Temp", "TempWhole"].entries()) {
      await until("the reading didn't come", async () => ((await strikes(cluster))[fault] ?? 0) > 0);
      await atSource(database, `.drop table ${name}`);
      await advanceClock(cluster, 61);
    }
    await until("the run didn't end", async () => (await lookAt(statusUrl)).state !== "running");
    const done = await lookAt(statusUrl);
    expect(done.state).toBe("failed");
    expect(done.error).toMatch(/Broken/);
    expect(done.error).not.toMatch(/Temp|Kept/);
    expect(await tableNames(copies.destination, database)).toEqual(["Kept", "Whole"]);
    for (const name of ["Kept", "Whole"]) expect(await rows(database, name)).toHaveLength(1);

    await clearFaults(cluster);
    await resetClock(cluster);
    expect(await copy(database)).toMatchObject({ state: "succeeded", error: null });
    expect(await rows(database, "Broken")).toHaveLength(1);
  });

  it("is left alone where the job says so: what is missing is told with the command that makes it", async () => {
    const database = "Left";
    await atSource(database, ".create table Events (Id: long, Old: string) with (folder='Facts')");
    await atSource(database, ".set-or-append Events <| print Id = 1, Old = 'one'");
    await cursorsGiven();
    const host = await startExtraHost(copies.stack, { settings: { KUSTO_COPY_SCHEMA: "none" } });
    const alone = () => runCopy(host.url, () => undefined, bodyOf(copies.stack, database, database));
    try {
      const first = await alone();
      expect(first.state).toBe("failed");
      const [create] = offered(first.tables[0]?.error);
      expect(create).toMatch(/^\.create-merge table/);
      expect(await tableNames(copies.destination, database)).toEqual([]);
      await atDestination(database, ".create table Events (Id: long)");
      const [add] = offered((await alone()).tables[0]?.error);
      expect(add).toBe(".alter-merge table ['Events'] (['Old']: string)");
      await atDestination(database, add ?? "");
      expect(await alone()).toMatchObject({ state: "succeeded", error: null });
      expect(await rows(database)).toEqual([{ Id: 1n, Old: "one" }]);
      expect((await table(database))?.folder).toBe("");
    } finally {
      await host.stop();
    }
  });

  it("is no follower's: a read-only destination is refused before the log is touched, with what to name instead", async () => {
    const { sourceKusto, destinationKusto } = copies.stack.urls;
    const answer = await fetch(`${destinationKusto}/local/following`, {
      method: "PUT",
      body: JSON.stringify({
        attachments: [
          {
            configuration: "share",
            principalsKind: "Union",
            leader: { name: "leader", url: sourceKusto },
            database: "Grown",
            nameOverride: "Followed",
          },
        ],
      }),
    });
    expect(answer.status).toBe(200);
    const done = await copies.copy(bodyOf(copies.stack, "Dropped", "Followed"));
    expect(done).toMatchObject({
      state: "failed",
      iteration: null,
      error: expect.stringMatching(/Followed is a follower \(ReadOnlyFollowing\).*or into the leader's/),
    });
  });
});
