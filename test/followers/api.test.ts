import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createKustoClient, type KustoClient } from "../../kusto/client.ts";
import { parseKustoConnection } from "../../kusto/connectionString.ts";
import { type Stack, startStack } from "../../local/stack/stack.ts";
import { followedListSchema, followersListSchema } from "../../model/followers/reports.ts";
import { type ExtraHost, startExtraHost } from "../copy/hosts.ts";
import {
  atArm,
  detachAll,
  FOLLOWER,
  type FollowersApi,
  followersApi,
  LEADER,
  LEADER2,
  refresh,
} from "./support.ts";

describe("databases shared by followers, over HTTP", () => {
  let stack: Stack;
  let api: FollowersApi;
  const clients: KustoClient[] = [];
  const hosts: ExtraHost[] = [];
  let leader: KustoClient;
  let leader2: KustoClient;
  let follower: KustoClient;

  beforeAll(async () => {
    stack = await startStack({
      host: false,
      without: ["events"],
      sourceDatabases: ["Events", "Orders"],
      leader2Databases: ["Events"],
      destinationDatabases: ["Own"],
      regions: {},
    });
    const client = (url: string) => {
      const made = createKustoClient(parseKustoConnection(url));
      clients.push(made);
      return made;
    };
    leader = client(stack.urls.sourceKusto);
    leader2 = client(stack.urls.leader2Kusto);
    follower = client(stack.urls.destinationKusto);
    await Promise.all([
      leader.command("Events", ".set Logs <| print a = 1"),
      leader.command("Events", ".set Metrics <| print b = 2"),
      leader.command("Orders", ".set Sales <| print c = 3"),
      leader2.command("Events", ".set Logs <| print a = 10"),
      leader.command(
        "Events",
        ".add database Events viewers ('aadapp=11111111-1111-1111-1111-111111111111;t')",
      ),
    ]);
    const host = await startExtraHost(stack);
    hosts.push(host);
    api = followersApi(host.url);
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await Promise.all(hosts.map((each) => each.stop()));
    await stack.stop();
  });
  afterEach(async () => {
    await atArm(stack, "DELETE", "faults");
    for (const name of ["source", "destination", "leader2"])
      await atArm(stack, "POST", "clusters", { name, location: "westus", enableStreamingIngest: false });
    await detachAll(api);
  });

  const attach = (more: object = {}) =>
    api.attach({ follower: FOLLOWER, leader: LEADER, databases: ["Events"], ...more });
  const count = async (database: string, table: string) =>
    (await follower.query(database, `${table} | count`))[0]?.Count;

  it("one is attached, seen from both sides, queried, kept when asked for again, and gone after detaching", async () => {
    const report = await attach();
    expect(report).toMatchObject({
      outcome: "done",
      databases: [{ database: "Events", action: "create", error: null }],
      sharing: { verdict: "passed", databases: [{ name: "Events", state: "passed" }] },
    });
    expect(report.sharing?.databases[0]?.checks.map((each) => [each.side, each.check])).toEqual([
      ["follower", "attached"],
      ["follower", "listed"],
      ["follower", "served"],
      ["follower", "queried"],
      ["leader", "shared"],
    ]);
    expect(await count("Events", "Logs")).toBe(1n);
    expect((await attach()).databases).toMatchObject([{ action: "keep", error: null }]);
    expect((await attach({ principals: "None" })).databases).toMatchObject([{ action: "change" }]);

    const gone = await api.detach({ follower: FOLLOWER, databases: ["Events"] });
    expect(gone).toMatchObject({ outcome: "done", detached: [{ databases: ["Events"], error: null }] });
    await expect(follower.query("Events", "Logs")).rejects.toThrow();
    const again = await api.detach({ follower: FOLLOWER, databases: ["Events"] });
    expect(again).toMatchObject({ outcome: "refused", refused: [expect.stringMatching(/no attached/)] });
  });

  it("all are attached, the leader's new ones too; one of them can't be detached alone", async () => {
    const report = await attach({ databases: ["*"], namePrefix: "from_" });
    expect(report.outcome).toBe("done");
    expect(report.sharing?.databases.map(({ name }) => name).toSorted()).toEqual([
      "from_Events",
      "from_Orders",
    ]);
    expect(await count("from_Orders", "Sales")).toBe(1n);
    await leader.command("Events", ".create database Later volatile");
    await refresh(stack);
    const later = await api.verify({ follower: FOLLOWER, databases: ["from_Later"] });
    expect(later).toMatchObject({ outcome: "done", sharing: { databases: [{ database: "Later" }] } });
    await leader.command("Events", ".drop database Later");
    const one = await api.detach({ follower: FOLLOWER, databases: ["from_Orders"] });
    expect(one.refused).toEqual([expect.stringMatching(/attached with all databases/)]);
  });

  it.each([
    ["Union", "union"],
    ["Replace", "replace"],
    ["None", "none"],
  ])("principals go together by the kind %s", async (principals, kind) => {
    expect((await attach({ principals })).outcome).toBe("done");
    const answer = await api.send("GET", `followers?follower=${FOLLOWER}`);
    const list = followedListSchema.parse(await answer.json());
    expect(list.attachments).toMatchObject([
      { principals, databases: [{ name: "Events", overrides: { principals: { kind } }, error: null }] },
    ]);
    const shown = await follower.command("Events", ".show database Events principals");
    expect(shown.some((row) => String(row.PrincipalFQN).startsWith("aadapp=11111111"))).toBe(
      principals !== "Replace",
    );
  });

  it("tables are shared as asked, and others when that changes", async () => {
    const sharing = { tablesToInclude: ["Lo*"] };
    expect((await attach({ sharing })).outcome).toBe("done");
    expect(await count("Events", "Logs")).toBe(1n);
    await expect(count("Events", "Metrics")).rejects.toThrow();
    const changed = await attach({ sharing: { tablesToInclude: ["Logs", "Metrics"] } });
    expect(changed).toMatchObject({ outcome: "done", databases: [{ action: "change" }] });
    expect(await count("Events", "Metrics")).toBe(1n);
  });

  it("two leaders' databases of one name are refused together, and both are there under another name", async () => {
    await attach();
    const clash = await attach({ leader: LEADER2 });
    expect(clash).toMatchObject({ outcome: "refused", sharing: null });
    expect(clash.refused).toEqual([expect.stringMatching(/another leader .*clusters\/source/i)]);
    expect((await attach({ leader: LEADER2, nameOverride: "Second" })).outcome).toBe("done");
    expect(await follower.query("Second", "Logs")).toMatchObject([{ a: 10n }]);
    expect(await follower.query("Events", "Logs")).toMatchObject([{ a: 1n }]);
    const detached = await api.detach({ follower: FOLLOWER, leader: LEADER2, databases: ["*"] });
    expect(detached.detached).toMatchObject([{ databases: ["Second"] }]);
    expect(await count("Events", "Logs")).toBe(1n);
  });

  it("every reason is told before anything is sent: regions, names, databases that there aren't", async () => {
    await atArm(stack, "POST", "clusters", { name: "source", location: "northeurope" });
    const { outcome, refused } = await attach({ databases: ["Events", "Nope"] });
    expect(outcome).toBe("refused");
    expect(refused).toEqual([
      expect.stringMatching(/northeurope .*Copy the database instead/),
      expect.stringMatching(/no database Nope/),
    ]);
    await atArm(stack, "POST", "clusters", { name: "source", location: "westus" });
    expect((await attach({ nameOverride: "Own" })).refused).toEqual([
      expect.stringMatching(/database Own of its own, which would win/),
    ]);
    const list = await api.send("GET", `followers?follower=${FOLLOWER}`);
    expect(followedListSchema.parse(await list.json()).attachments).toEqual([]);
  });

  it("limits of the request are named by field", async () => {
    const wrong = async (more: object) => {
      const answer = await api.send("POST", "followers", {
        follower: FOLLOWER,
        leader: LEADER,
        databases: ["Events"],
        ...more,
      });
      expect([answer.status, answer.headers.get("content-type")]).toEqual([400, "application/problem+json"]);
      return JSON.stringify(await answer.json());
    };
    const many = Array.from({ length: 101 }, (_, i) => `T${i}`);
    expect(await wrong({ sharing: { tablesToInclude: many } })).toMatch(/\/sharing.*at most 100/);
    expect(await wrong({ databases: ["*"], sharing: { tablesToInclude: ["A"] } })).toMatch(
      /\/sharing.*with \*/,
    );
    expect(await wrong({ follower: "destination" })).toMatch(/\/follower.*resource id/);
    expect(await wrong({ leader: FOLLOWER })).toMatch(/\/follower.*leader itself/);
    expect(await wrong({ databases: ["A", "B"], nameOverride: "C" })).toMatch(/\/nameOverride/);
  });

  it("streamed rows that the follower won't see are warned of", async () => {
    await atArm(stack, "POST", "clusters", { name: "source", enableStreamingIngest: true });
    expect((await attach()).warnings).toEqual([
      expect.stringMatching(/Streaming ingestion is on at the leader/),
    ]);
  });

  it("one that is refused keeps the others from nothing, and says what to do", async () => {
    await atArm(stack, "POST", "faults", {
      action: "fail",
      match: { method: "PUT", path: "source-Orders" },
      status: 403,
      code: "AuthorizationFailed",
      message: "The client does not have authorization to perform action.",
      times: 10,
    });
    const report = await attach({ databases: ["Events", "Orders"] });
    expect(report).toMatchObject({
      outcome: "failed",
      databases: [
        { database: "Events", error: null },
        { database: "Orders", error: expect.stringMatching(/403 AuthorizationFailed.*role Contributor/) },
      ],
      sharing: { verdict: "passed" },
    });
    await atArm(stack, "DELETE", "faults");
    expect((await attach({ databases: ["Events", "Orders"] })).databases.map(({ action }) => action)).toEqual(
      ["keep", "create"],
    );
  });

  it("a busy cluster and a slow operation are waited for, and a failing operation is told", async () => {
    await atArm(stack, "POST", "faults", {
      action: "fail",
      match: { method: "PUT" },
      status: 409,
      code: "ServiceIsInMaintenance",
      message: "[Conflict] The cluster is in process of maintenance.",
    });
    await atArm(stack, "POST", "faults", { action: "slowOperation", match: { method: "PUT" }, afterMs: 800 });
    expect((await attach()).outcome).toBe("done");
    await atArm(stack, "DELETE", "faults");
    await atArm(stack, "POST", "faults", {
      action: "failOperation",
      match: { method: "PUT" },
      code: "InternalError",
      message: "The cluster could not be updated.",
      state: "Failed",
    });
    expect(await attach({ databases: ["Orders"] })).toMatchObject({
      outcome: "failed",
      databases: [{ error: expect.stringMatching(/could not be updated/) }],
    });
    expect((await attach({ databases: ["Orders"] })).outcome).toBe("done");
  });

  it("a host that is killed while an operation runs loses nothing: another goes on", async () => {
    const first = await startExtraHost(stack);
    await atArm(stack, "POST", "faults", {
      action: "slowOperation",
      match: { method: "PUT" },
      afterMs: 2500,
    });
    const url = await followersApi(first.url).begun("POST", "followers", {
      follower: FOLLOWER,
      leader: LEADER,
      databases: ["Events"],
    });
    for (;;) {
      const { progress } = await followersApi(first.url).look(url);
      if (progress?.step === "attaching") break;
      await new Promise((done) => setTimeout(done, 20));
    }
    await new Promise((done) => setTimeout(done, 300));
    await first.kill();
    const second = await startExtraHost(stack, { data: first.data });
    hosts.push(second);
    const at = new URL(url);
    const ended = await followersApi(second.url).ended(`${second.url}${at.pathname}`);
    expect(ended.report).toMatchObject({ outcome: "done", sharing: { verdict: "passed" } });
    // And one that knows nothing of the first finds it attached.
    expect((await attach()).databases).toMatchObject([{ action: "keep" }]);
  });

  it("are listed for their leader, Fabric items too, and detached there", async () => {
    await attach();
    const item = { leader: "source", clusterResourceId: "fabric-item", databaseName: "Events" };
    await atArm(stack, "POST", "followers", { ...item, attachedDatabaseConfigurationName: "shortcut" });
    const listed = async () =>
      followersListSchema.parse(await (await api.send("GET", `leaders?leader=${LEADER}`)).json()).followers;
    expect(await listed()).toMatchObject([
      { isCluster: true, database: "Events", settings: { principals: "Union" }, error: null },
      { follower: "fabric-item", isCluster: false, origin: "Other", settings: null },
    ]);
    const one = { side: "leader", leader: LEADER, follower: FOLLOWER, databases: ["Events"] };
    expect(await api.detach(one)).toMatchObject({ outcome: "done", detached: [{ error: null }] });
    expect(await listed()).toMatchObject([{ follower: "fabric-item" }]);
    expect((await api.detach({ side: "leader", leader: LEADER, databases: ["*"] })).outcome).toBe("done");
    expect(await listed()).toEqual([]);
  });

  it("what is missing is told, with the reason", async () => {
    const nothing = await api.verify({ follower: FOLLOWER });
    expect(nothing).toMatchObject({
      outcome: "failed",
      sharing: { missing: [expect.stringMatching(/nothing attached/)] },
    });
    await attach();
    const missing = await api.verify({ follower: FOLLOWER, databases: ["Events", "Orders"] });
    expect(missing).toMatchObject({
      outcome: "failed",
      sharing: { verdict: "failed", missing: [expect.stringMatching(/Orders is not attached/)] },
    });
    expect(await api.verify({ follower: FOLLOWER })).toMatchObject({ outcome: "done" });
    await atArm(stack, "POST", "faults", {
      action: "fail",
      match: { method: "POST", path: "listfollowerdatabases" },
      status: 403,
      code: "AuthorizationFailed",
      message: "The client does not have authorization.",
      times: 10,
    });
    const unseen = await api.verify({ follower: FOLLOWER });
    expect(unseen.sharing.verdict).toBe("unknown");
    expect(unseen.sharing.databases[0]?.checks.at(-1)).toMatchObject({
      side: "leader",
      state: "unknown",
      seen: expect.stringMatching(/Contributor/),
    });
  });

  it("overrides are planned, set, shown before and after, and not sent again", async () => {
    await attach();
    const asked = {
      follower: FOLLOWER,
      database: "Events",
      caching: { database: "0d", tables: { Logs: "3d" }, kind: "replace" },
      principals: { add: [{ role: "viewers", principals: ["aadapp=2;t"], notes: "Team" }], kind: "replace" },
      prefetch: true,
    };
    const plan = await api.override({ ...asked, planOnly: true });
    expect(plan).toMatchObject({
      outcome: "planned",
      before: { prefetch: false },
      after: { prefetch: true },
    });
    expect(plan.changes).toHaveLength(6);
    expect(plan.warnings).toEqual([
      expect.stringMatching(/^Nothing is cached of tables/),
      expect.stringMatching(/less fresh/),
    ]);
    const done = await api.override(asked);
    expect(done).toMatchObject({ outcome: "done", errors: [], before: plan.before });
    expect(done.after).toEqual(plan.after);
    await refresh(stack);
    const principals = await follower.command("Events", ".show database Events principals");
    expect(principals.map((row) => row.PrincipalFQN)).toEqual(["aadapp=2;t"]);
    expect((await api.override(asked)).changes).toEqual([]);

    const back = await api.override({
      follower: FOLLOWER,
      database: "events",
      caching: { database: null, tables: { Logs: null }, kind: "union" },
      principals: { drop: [{ role: "viewers", principals: ["aadapp=2"] }], kind: "union" },
      prefetch: false,
    });
    expect(back.after).toEqual(plan.before);
    const nobody = await api.ended(
      await api.begun("PATCH", "followers/overrides", {
        follower: FOLLOWER,
        database: "Own",
        prefetch: true,
      }),
    );
    expect(nobody).toMatchObject({
      state: "failed",
      error: expect.stringMatching(/follows no database Own/),
    });
  });

  it("a cluster that isn't there, and an operation that isn't, are told as problems", async () => {
    const answer = await api.send("GET", `followers?follower=${FOLLOWER}x`);
    expect(answer.status).toBe(409);
    expect(await answer.text()).toMatch(/resource group/);
    expect((await api.send("GET", "followers")).status).toBe(400);
    expect((await api.send("GET", "followers/operations/none")).status).toBe(404);
  });
});
