import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Copy, runCopy } from "../../local/demo/api.ts";
import {
  addFault,
  beginCopy,
  bodyOf,
  clearFaults,
  createIdTable,
  idsOf,
  loadIds,
  lookAt,
  strikes,
  until,
  wholeRanges,
} from "./drive.ts";
import { type ExtraHost, startExtraHost } from "./hosts.ts";
import { type CopyStack, cursorsGiven, startCopyStack } from "./support.ts";

const DATABASES = ["Off", "Pattern", "Killed", "Changed", "Late", "Failed"];
const ROWS = 50;

describe("update policies of the destination", () => {
  let copies: CopyStack;
  let refusing: ExtraHost;
  const body = (database: string) => bodyOf(copies.stack, database, database);
  const copy = (database: string): Promise<Copy> => copies.copy(body(database));
  const at = (database: string, text: string) => copies.destination.command(database, text);
  const held = (database: string, table: string) => idsOf(copies.destination, database, table);

  beforeAll(async () => {
    copies = await startCopyStack({
      sourceDatabases: DATABASES,
      destinationDatabases: DATABASES,
      settings: { KUSTO_COPY_UPDATE_POLICIES: "disable" },
    });
    refusing = await startExtraHost(copies.stack, { settings: { KUSTO_COPY_UPDATE_POLICIES: "refuse" } });
  });
  afterAll(async () => {
    await refusing.stop();
    await copies.stop();
  });

  /** A table at the source, and at the destination one that rows of it would be derived into. */
  async function derived(database: string, policy: object = {}): Promise<string> {
    await createIdTable(copies.source, database, "Events");
    await loadIds(copies.stack.urls.sourceKusto, database, "Events", [0, ROWS]);
    for (const table of ["Events", "Manual", "Derived"])
      await createIdTable(copies.destination, database, table);
    const manual = { IsEnabled: true, Source: "Manual", Query: "Manual", IsTransactional: false };
    const own = { IsEnabled: true, Source: "Events", Query: "Events", IsTransactional: true, ...policy };
    await at(database, `.alter table Derived policy update @'${JSON.stringify([own, manual])}'`);
    await cursorsGiven();
    return await policyOf(database);
  }

  async function policyOf(database: string): Promise<string> {
    const [row] = await at(database, ".show table Derived policy update");
    return String(row?.Policy);
  }

  async function warnings(database: string): Promise<string> {
    const rows = await copies.destination.query(database, "KC_Status | where State == 'warning'");
    return rows.map((row) => String(row.Error)).join("; ");
  }

  it("don't run on copied rows where the job disables them, and run again on others' afterwards", async () => {
    const before = await derived("Off");
    expect(await copy("Off")).toMatchObject({ state: "succeeded", error: null });
    expect(await held("Off", "Events")).toEqual(wholeRanges([0, ROWS]));
    expect((await held("Off", "Derived")).rows).toBe(0);
    expect(await policyOf("Off")).toBe(before);
    expect(await warnings("Off")).toBe("");
    await loadIds(copies.stack.urls.destinationKusto, "Off", "Manual", [0, 3]);
    await at("Off", ".set-or-append Events <| print Id = 1000, Text = 'mine'");
    expect((await held("Off", "Derived")).sum).toBeGreaterThanOrEqual(1000);
  });

  it("count where a pattern matches the staging tables, and only there", async () => {
    const before = await derived("Pattern", {
      Source: "KC_*",
      SourceIsWildCard: true,
      Query: "$source_table",
    });
    const refused = await runCopy(refusing.url, () => undefined, body("Pattern"));
    expect(refused.tables.find((each) => each.name === "Events")?.error).toMatch(
      /update policy of table Derived .* pattern .* matches the staging tables/,
    );
    expect((await held("Pattern", "Events")).rows).toBe(0);
    expect(await copy("Pattern")).toMatchObject({ state: "succeeded", error: null });
    expect(await held("Pattern", "Events")).toEqual(wholeRanges([0, ROWS]));
    expect((await held("Pattern", "Derived")).rows).toBe(0);
    expect(await policyOf("Pattern")).toBe(before);
    const other = before.replaceAll("KC_*", "Kept_*");
    await at("Pattern", `.alter table Derived policy update @'${other}'`);
    await loadIds(copies.stack.urls.sourceKusto, "Pattern", "Events", [ROWS, 2 * ROWS]);
    await cursorsGiven();
    expect(await runCopy(refusing.url, () => undefined, body("Pattern"))).toMatchObject({ error: null });
    expect(await held("Pattern", "Events")).toEqual(wholeRanges([0, 2 * ROWS]));
  });

  it("are restored by the next run where the host died between disabling and restoring", async () => {
    const before = await derived("Killed");
    const destination = copies.stack.urls.destinationKusto;
    const match = { kind: "mgmt", database: "Killed", text: "^\\.move" };
    await addFault(destination, { match, action: "fail", times: 1000 });
    const dying = await startExtraHost(copies.stack, { settings: { KUSTO_COPY_UPDATE_POLICIES: "disable" } });
    await beginCopy(dying.url, body("Killed"));
    await until("no move was tried", async () => ((await strikes(destination))[0] ?? 0) > 0);
    await dying.kill();
    await clearFaults(destination);
    const off = await policyOf("Killed");
    expect(JSON.parse(off)).toMatchObject([{ IsEnabled: false }, { Source: "Manual", IsEnabled: true }]);
    // The next run need not disable any itself to restore what another one left.
    const next = await runCopy(refusing.url, () => undefined, body("Killed"));
    expect(next).toMatchObject({ state: "succeeded", error: null });
    expect(await held("Killed", "Events")).toEqual(wholeRanges([0, ROWS]));
    expect((await held("Killed", "Derived")).rows).toBe(0);
    expect(await policyOf("Killed")).toBe(before);
  });

  it("are left, and told, where somebody changed them meanwhile", async () => {
    await derived("Changed");
    const destination = copies.stack.urls.destinationKusto;
    const match = { kind: "mgmt", database: "Changed", text: "^\\.move" };
    await addFault(destination, { match, action: "throttle", times: 1000 });
    const statusUrl = await beginCopy(copies.stack.urls.functions, body("Changed"));
    await until("no move was tried", async () => ((await strikes(destination))[0] ?? 0) > 0);
    const mine = (await policyOf("Changed")).replace('"Query":"Events"', '"Query":"Events | take 1"');
    await at("Changed", `.alter table Derived policy update @'${mine}'`);
    await clearFaults(destination);
    await until("the copy didn't end", async () => (await lookAt(statusUrl)).state !== "running");
    expect(await lookAt(statusUrl)).toMatchObject({ state: "succeeded", error: null });
    expect(await policyOf("Changed")).toBe(mine);
    expect(await warnings("Changed")).toMatch(/Derived was switched off .* somebody has changed it since/);
  });

  it("stop a table before its rows are shown, where somebody sets one in mid-iteration", async () => {
    const on = await derived("Late");
    await at("Late", ".delete table Derived policy update");
    const source = copies.stack.urls.sourceKusto;
    await addFault(source, {
      match: { kind: "mgmt", database: "Late", text: "^\\.export" },
      action: "throttle",
      times: 1000,
    });
    const statusUrl = await beginCopy(refusing.url, body("Late"));
    await until("no export was tried", async () => ((await strikes(source))[0] ?? 0) > 0);
    await at("Late", `.alter table Derived policy update @'${on}'`);
    await clearFaults(source);
    await until("the copy didn't end", async () => (await lookAt(statusUrl)).state !== "running");
    expect((await lookAt(statusUrl)).state).toBe("failed");
    expect((await held("Late", "Events")).rows + (await held("Late", "Derived")).rows).toBe(0);
    await at("Late", ".delete table Derived policy update");
    expect(await runCopy(refusing.url, () => undefined, body("Late"))).toMatchObject({ error: null });
    expect(await held("Late", "Events")).toEqual(wholeRanges([0, ROWS]));
  });

  it("that can't be disabled stop their table, and nothing of it is shown", async () => {
    await derived("Failed");
    const destination = copies.stack.urls.destinationKusto;
    await addFault(destination, {
      match: { kind: "mgmt", database: "Failed", text: "policy update '" },
      action: "fail",
      permanent: true,
      times: 1000,
    });
    const done = await copy("Failed");
    await clearFaults(destination);
    expect(done.tables.find((each) => each.name === "Events")?.error).toMatch(/could not be disabled/);
    expect((await held("Failed", "Events")).rows + (await held("Failed", "Derived")).rows).toBe(0);
    expect(await copy("Failed")).toMatchObject({ state: "succeeded", error: null });
    expect((await held("Failed", "Derived")).rows).toBe(0);
  });
});
