import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AttachedDatabaseConfiguration, KustoManagementClient } from "@azure/arm-kusto";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type ResourceManager, startResourceManager } from "../../../local/arm/server.ts";
import { type Cluster, startCluster } from "../kusto/engine/cluster.ts";
import { type FollowerCluster, startFollower } from "../kusto/following/support.ts";
import { clusterId, collect, managementClient } from "./client.ts";

let first: Cluster;
let second: Cluster;
let follower: FollowerCluster;
let manager: ResourceManager;
let client: KustoManagementClient;

const fast = { updateIntervalInMs: 20 };
const clusters = () => [
  { name: "first", url: first.url },
  { name: "second", url: second.url },
  { name: "follower", url: follower.url },
];

beforeAll(async () => {
  [first, second, follower] = await Promise.all([
    startCluster("--databases", "Events,More"),
    startCluster("--databases", "Events"),
    startFollower("--databases", "Own"),
  ]);
  await first.command(".set Logs1 <| print a = 1", "Events");
  await first.command(".set Logs2 <| print a = 2", "Events");
  await first.command(".set Other <| print a = 3", "More");
  await second.command(".set Logs1 <| print a = 10", "Events");
  manager = await startResourceManager({ port: 0, clusters: clusters(), operationMs: 20 });
  client = managementClient(manager.url);
});
afterAll(async () => {
  await manager.close();
  await Promise.all([first.stop(), second.stop(), follower.stop()]);
});
afterEach(async () => {
  await local("DELETE", "faults");
  await local("DELETE", "followers");
  for (const { name = "" } of await collect(
    client.attachedDatabaseConfigurations.listByCluster("rg", "follower"),
  ))
    await client.attachedDatabaseConfigurations.beginDeleteAndWait(
      "rg",
      "follower",
      name.split("/")[1] ?? "",
      fast,
    );
  for (const { name } of clusters()) await local("POST", "clusters", { name, location: "westus" });
});

async function local(method: string, path: string, body?: object): Promise<void> {
  const response = await fetch(`${manager.url}/local/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(await response.text());
}

function attach(name: string, given: Partial<AttachedDatabaseConfiguration> & { leader?: string } = {}) {
  const { leader = "first", ...properties } = given;
  return client.attachedDatabaseConfigurations.beginCreateOrUpdateAndWait(
    "rg",
    "follower",
    name,
    {
      location: "westus",
      clusterResourceId: clusterId(leader),
      databaseName: "Events",
      defaultPrincipalsModificationKind: "Union",
      ...properties,
    },
    fast,
  );
}

const followed = async () =>
  (await follower.command(".show databases", "Own"))
    .filter((row) => row.DatabaseAccessMode === "ReadOnlyFollowing")
    .map((row) => row.DatabaseName);

test("an attached database can be queried at the follower when the operation has ended, and sees new rows", async () => {
  expect(await attach("share")).toMatchObject({
    name: "follower/share",
    type: "Microsoft.Kusto/Clusters/AttachedDatabaseConfigurations",
    location: "westus",
    provisioningState: "Succeeded",
    databaseName: "Events",
    clusterResourceId: clusterId("first"),
    attachedDatabaseNames: ["Events"],
    defaultPrincipalsModificationKind: "Union",
  });
  expect(await follower.queryIn("Events", "Logs1")).toEqual([{ a: 1 }]);
  await first.command(".append Logs1 <| print a = 4", "Events");
  await follower.refresh();
  expect(await follower.queryIn("Events", "Logs1 | count")).toEqual([{ Count: 2 }]);
  await first.command(".set-or-replace Logs1 <| print a = 1", "Events");
});

test("both sides show the sharing", async () => {
  await attach("share", {
    databaseNameOverride: "Renamed",
    defaultPrincipalsModificationKind: "Replace",
    tableLevelSharingProperties: { tablesToInclude: ["Logs1"] },
  });
  expect(await client.databases.get("rg", "follower", "Renamed")).toMatchObject({
    kind: "ReadOnlyFollowing",
    leaderClusterResourceId: clusterId("first"),
    attachedDatabaseConfigurationName: "share",
    originalDatabaseName: "Events",
    principalsModificationKind: "Replace",
    databaseShareOrigin: "Direct",
    tableLevelSharingProperties: { tablesToInclude: ["Logs1"] },
  });
  expect(await client.databases.get("rg", "first", "Events")).toMatchObject({
    kind: "ReadWrite",
    isFollowed: true,
  });
  expect(await client.databases.get("rg", "first", "More")).toMatchObject({ isFollowed: false });
  expect(await collect(client.clusters.listFollowerDatabases("rg", "first"))).toEqual([
    {
      clusterResourceId: expect.stringMatching(/^\/subscriptions\/sub\/resourceGroups\/rg\/.*\/follower$/),
      attachedDatabaseConfigurationName: "share",
      databaseName: "Events",
      tableLevelSharingProperties: { tablesToInclude: ["Logs1"] },
      databaseShareOrigin: "Direct",
    },
  ]);
  expect((await follower.command(".show tables", "Renamed")).map((row) => row.TableName)).toEqual(["Logs1"]);
});

test("all databases of a leader are attached by '*', under a prefix", async () => {
  const { attachedDatabaseNames } = await attach("all", { databaseName: "*", databaseNamePrefix: "p_" });
  expect(attachedDatabaseNames).toEqual(["Events", "More"]);
  expect(await followed()).toEqual(["p_Events", "p_More"]);
});

test("two leaders with a clashing name: a name override makes room, and both answer", async () => {
  await attach("one");
  await expect(attach("two", { leader: "second" })).rejects.toMatchObject({ statusCode: 409 });
  await attach("two", { leader: "second", databaseNameOverride: "Events2" });
  expect(await follower.queryIn("Events", "Logs1")).toEqual([{ a: 1 }]);
  expect(await follower.queryIn("Events2", "Logs1")).toEqual([{ a: 10 }]);
});

test("of two configurations that attach one name at the same time, one is refused", async () => {
  const both = await Promise.allSettled([attach("one"), attach("two", { leader: "second" })]);
  expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(both.find(({ status }) => status === "rejected")).toMatchObject({ reason: { statusCode: 409 } });
});

test("a configuration put again changes what differs; another leader is refused by the operation", async () => {
  await attach("share");
  await attach("share", { tableLevelSharingProperties: { tablesToExclude: ["Logs2"] } });
  expect((await follower.command(".show tables", "Events")).map((row) => row.TableName)).toEqual(["Logs1"]);
  await expect(attach("share", { leader: "second" })).rejects.toThrow(/Cannot alter leader cluster 'first'/);
  expect(await client.attachedDatabaseConfigurations.get("rg", "follower", "share")).toMatchObject({
    clusterResourceId: clusterId("first"),
    provisioningState: "Succeeded",
  });
});

test("detaching from the follower's side takes the database away", async () => {
  await attach("share");
  await client.attachedDatabaseConfigurations.beginDeleteAndWait("rg", "follower", "share", fast);
  expect(await followed()).toEqual([]);
  await expect(client.attachedDatabaseConfigurations.get("rg", "follower", "share")).rejects.toMatchObject({
    statusCode: 404,
    code: "ResourceNotFound",
  });
  // Deleted once more, it is gone already.
  await client.attachedDatabaseConfigurations.beginDeleteAndWait("rg", "follower", "share", fast);
});

test("detaching from the leader's side takes the database away", async () => {
  await attach("share");
  const detached = { clusterResourceId: clusterId("follower"), attachedDatabaseConfigurationName: "share" };
  await expect(
    client.clusters.beginDetachFollowerDatabasesAndWait("rg", "second", detached, fast),
  ).rejects.toMatchObject({ statusCode: 404 });
  await client.clusters.beginDetachFollowerDatabasesAndWait("rg", "first", detached, fast);
  expect(await followed()).toEqual([]);
  expect(await collect(client.clusters.listFollowerDatabases("rg", "first"))).toEqual([]);
});

test("a follower that isn't a cluster is listed by its leader, and can be detached there", async () => {
  const item = { clusterResourceId: "fabric-item", attachedDatabaseConfigurationName: "shortcut" };
  await local("POST", "followers", { leader: "first", databaseName: "Events", ...item });
  const listed = () => collect(client.clusters.listFollowerDatabases("rg", "first"));
  expect(await listed()).toMatchObject([{ ...item, databaseName: "Events" }]);
  await client.clusters.beginDetachFollowerDatabasesAndWait("rg", "first", item, fast);
  expect(await listed()).toEqual([]);
});

test("what is followed can't be deleted before it is detached, on neither side", async () => {
  await attach("share");
  for (const [cluster, database] of [
    ["first", "Events"],
    ["follower", "Events"],
  ] as const)
    await expect(client.databases.beginDeleteAndWait("rg", cluster, database, fast)).rejects.toMatchObject({
      statusCode: 400,
      message: expect.stringContaining("Detach it first"),
    });
  for (const cluster of ["first", "follower"])
    await expect(client.clusters.beginDeleteAndWait("rg", cluster, fast)).rejects.toMatchObject({
      statusCode: 400,
      message: expect.stringContaining("Detach it first"),
    });
});

test("a followed database's cache period is the follower's own override", async () => {
  await attach("share");
  const change = { kind: "ReadOnlyFollowing" as const, location: "westus", hotCachePeriod: "P1D" };
  await client.databases.beginUpdateAndWait("rg", "follower", "Events", change, fast);
  await follower.refresh();
  expect(await client.databases.get("rg", "follower", "Events")).toMatchObject({ hotCachePeriod: "P1D" });
  expect(await follower.command(".show follower database Events", "Own")).toMatchObject([
    { CachingPolicyOverride: expect.stringContaining("1.00:00:00") },
  ]);
});

test("leader and follower must be in one region", async () => {
  await local("POST", "clusters", { name: "first", location: "eastus" });
  await expect(attach("share")).rejects.toMatchObject({
    statusCode: 400,
    message: expect.stringContaining("must be in the same region"),
  });
  await local("POST", "clusters", { name: "follower", location: "East US" });
  await expect(attach("share")).rejects.toMatchObject({
    message: expect.stringContaining("location 'westus'"),
  });
  await attach("share", { location: "eastus" });
  expect(await followed()).toEqual(["Events"]);
});

const hundred = Array.from({ length: 100 }, (_, index) => `T${index}`);

test.each<[string, Partial<AttachedDatabaseConfiguration> & { leader?: string }, number, RegExp]>([
  [
    "more than 100 sharing entries",
    { tableLevelSharingProperties: { tablesToInclude: hundred, functionsToExclude: ["F"] } },
    400,
    /101 entries/,
  ],
  [
    "sharing entries with '*'",
    { databaseName: "*", tableLevelSharingProperties: { tablesToInclude: ["T"] } },
    400,
    /TableLevelSharingProperties/,
  ],
  ["a name override with '*'", { databaseName: "*", databaseNameOverride: "X" }, 400, /DatabaseNameOverride/],
  [
    "a name override and a prefix",
    { databaseNameOverride: "X", databaseNamePrefix: "y" },
    400,
    /can't be given together/,
  ],
  ["a database that the leader hasn't", { databaseName: "None" }, 400, /wasn't found/],
  ["a name that the follower has itself", { databaseNameOverride: "Own" }, 409, /of its own/],
  ["a leader that isn't", { leader: "none" }, 404, /clusters\/none/],
  ["itself", { leader: "follower" }, 400, /itself/],
  ["no cluster's id", { clusterResourceId: "first" }, 400, /fully qualified/],
  ["a modification kind that isn't", { defaultPrincipalsModificationKind: "Some" }, 400, /defaultPrincipals/],
])("an attachment is refused: %s", async (_, given, statusCode, message) => {
  await expect(attach("refused", given)).rejects.toMatchObject({
    statusCode,
    message: expect.stringMatching(message),
  });
  expect(await followed()).toEqual([]);
});

test("100 sharing entries are taken", async () => {
  await attach("share", { tableLevelSharingProperties: { tablesToExclude: hundred } });
  expect(await followed()).toEqual(["Events"]);
});

test("a database that is followed can't be followed again by a third", async () => {
  await attach("share");
  await expect(
    client.attachedDatabaseConfigurations.beginCreateOrUpdateAndWait(
      "rg",
      "second",
      "chain",
      {
        clusterResourceId: clusterId("follower"),
        databaseName: "Events",
        defaultPrincipalsModificationKind: "Union",
        databaseNameOverride: "Chained",
      },
      fast,
    ),
  ).rejects.toMatchObject({ statusCode: 400, message: expect.stringContaining("follows it itself") });
});

test("while an operation on a configuration runs, another is refused; a failing one leaves nothing attached", async () => {
  await local("POST", "faults", { action: "slowOperation", afterMs: 500 });
  const slow = attach("slow");
  await expect
    .poll(() => client.attachedDatabaseConfigurations.get("rg", "follower", "slow").catch(() => undefined))
    .toMatchObject({ provisioningState: "Creating" });
  await expect(attach("slow")).rejects.toMatchObject({ statusCode: 409 });
  await slow;
  await local("POST", "faults", {
    action: "failOperation",
    code: "InternalServerError",
    message: "It broke.",
  });
  await expect(attach("broken", { databaseNameOverride: "Broken" })).rejects.toThrow(/It broke/);
  expect(await client.attachedDatabaseConfigurations.get("rg", "follower", "broken")).toMatchObject({
    provisioningState: "Failed",
    attachedDatabaseNames: [],
  });
  expect(await followed()).toEqual(["Events"]);
  expect(await attach("broken", { databaseNameOverride: "Broken" })).toMatchObject({
    provisioningState: "Succeeded",
  });
});

test("a name is told to be taken, as the portal asks", async () => {
  const type = "Microsoft.Kusto/clusters/attachedDatabaseConfigurations";
  const available = async () =>
    (
      await client.attachedDatabaseConfigurations.checkNameAvailability("rg", "follower", {
        name: "share",
        type,
      })
    ).nameAvailable;
  expect(await available()).toBe(true);
  await attach("share");
  expect(await available()).toBe(false);
});

test("what is kept in a folder is attached again after a restart", async () => {
  const data = await mkdtemp(join(tmpdir(), "arm-"));
  const id = {
    clusterResourceId: clusterId("first"),
    databaseName: "Events",
    defaultPrincipalsModificationKind: "Union",
  };
  try {
    const one = await startResourceManager({ port: 0, clusters: clusters(), data, operationMs: 0 });
    await managementClient(one.url).attachedDatabaseConfigurations.beginCreateOrUpdateAndWait(
      "rg",
      "follower",
      "kept",
      id,
      fast,
    );
    await one.close();
    await follower.attach();
    const two = await startResourceManager({ port: 0, clusters: clusters(), data });
    await expect.poll(followed).toEqual(["Events"]);
    expect(
      await managementClient(two.url).attachedDatabaseConfigurations.get("rg", "follower", "kept"),
    ).toMatchObject({ attachedDatabaseNames: ["Events"] });
    await two.close();
    await follower.attach();
  } finally {
    await rm(data, { recursive: true, force: true });
  }
});
