import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type ResourceManager, startResourceManager } from "../../../local/arm/server.ts";
import { type Cluster, startCluster } from "../kusto/engine/cluster.ts";
import { clusterId, collect, managementClient } from "./client.ts";

const group = "/subscriptions/0000/resourceGroups/rg/providers/Microsoft.Kusto/clusters";
let manager: ResourceManager;
let kusto: Cluster;

beforeAll(async () => {
  kusto = await startCluster("--databases", "Samples,Other");
  manager = await startResourceManager({
    port: 0,
    clusters: [
      { name: "source", url: kusto.url },
      { name: "destination", url: "http://127.0.0.1:1", location: "East US" },
    ],
  });
});
afterAll(async () => {
  await manager.close();
  await kusto.stop();
});
beforeEach(async () => {
  await fetch(`${manager.url}/local/faults`, { method: "DELETE" });
});

async function ask(path: string, method = "GET", body?: object) {
  const response = await fetch(`${manager.url}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === "" ? undefined : JSON.parse(text)) as Record<string, unknown>,
  };
}

const fast = { updateIntervalInMs: 20 };

test("a cluster has its resource id, its region, its state and the addresses of its engine and its ingestion", async () => {
  const { status, body } = await ask(`${group}/source?api-version=2024-04-13`);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    id: `/subscriptions/0000/resourceGroups/rg/providers/Microsoft.Kusto/Clusters/source`,
    type: "Microsoft.Kusto/Clusters",
    location: "westus",
    properties: {
      state: "Running",
      provisioningState: "Succeeded",
      uri: kusto.url,
      dataIngestionUri: kusto.url,
    },
  });
  expect(body).toHaveProperty("sku.name");
});

test("clusters are listed, of a resource group and of a subscription", async () => {
  const client = managementClient(manager.url);
  const expected = [
    ["source", "westus"],
    ["destination", "East US"],
  ];
  for (const clusters of [client.clusters.listByResourceGroup("rg"), client.clusters.list()])
    expect((await collect(clusters)).map(({ name, location }) => [name, location])).toEqual(expected);
});

test("the databases of a cluster are those it has now, with their periods", async () => {
  await kusto.command(".alter-merge database Other policy retention softdelete = 400d");
  await kusto.command(".alter database Other policy caching hot = 36h");
  const client = managementClient(manager.url);
  const databases = await collect(client.databases.listByCluster("rg", "source"));
  expect(databases.map(({ name, kind }) => [name, kind])).toEqual([
    ["source/Samples", "ReadWrite"],
    ["source/Other", "ReadWrite"],
  ]);
  expect(await client.databases.get("rg", "source", "Other")).toMatchObject({
    type: "Microsoft.Kusto/Clusters/Databases",
    provisioningState: "Succeeded",
    softDeletePeriod: "P400D",
    hotCachePeriod: "P1DT12H",
    isFollowed: false,
  });
  await expect(client.databases.get("rg", "source", "None")).rejects.toMatchObject({
    statusCode: 404,
    code: "ResourceNotFound",
  });
});

test("a database is made, changed and deleted", async () => {
  const { databases } = managementClient(manager.url);
  const made = await databases.beginCreateOrUpdateAndWait(
    "rg",
    "source",
    "Made",
    { kind: "ReadWrite", location: "westus", hotCachePeriod: "P7D", softDeletePeriod: "P30D" },
    fast,
  );
  expect(made).toMatchObject({ name: "source/Made", hotCachePeriod: "P7D", softDeletePeriod: "P30D" });
  expect((await kusto.command(".show databases")).map((row) => row.DatabaseName)).toContain("Made");
  const changed = await databases.beginUpdateAndWait(
    "rg",
    "source",
    "Made",
    { kind: "ReadWrite", hotCachePeriod: "PT12H" },
    fast,
  );
  expect(changed).toMatchObject({ hotCachePeriod: "PT12H", softDeletePeriod: "P30D" });
  await databases.beginDeleteAndWait("rg", "source", "Made", fast);
  expect((await kusto.command(".show databases")).map((row) => row.DatabaseName)).not.toContain("Made");
});

test("a principal assignment gives and takes a role on a database", async () => {
  const { databasePrincipalAssignments: assignments } = managementClient(manager.url);
  const principals = async () =>
    (await kusto.command(".show database Samples principals")).map(
      (row) => `${row.Role} ${row.PrincipalFQN}`,
    );
  const made = await assignments.beginCreateOrUpdateAndWait(
    "rg",
    "source",
    "Samples",
    "reader",
    { principalId: "app", principalType: "App", role: "Viewer", tenantId: "tenant" },
    fast,
  );
  expect(made).toMatchObject({
    name: "source/Samples/reader",
    type: "Microsoft.Kusto/Clusters/Databases/PrincipalAssignments",
    role: "Viewer",
    provisioningState: "Succeeded",
  });
  expect(await principals()).toEqual(["Database Samples Viewer aadapp=app;tenant"]);
  expect(await collect(assignments.list("rg", "source", "Samples"))).toHaveLength(1);
  await assignments.beginDeleteAndWait("rg", "source", "Samples", "reader", fast);
  expect(await principals()).toEqual([]);
  await expect(assignments.get("rg", "source", "Samples", "reader")).rejects.toMatchObject({
    statusCode: 404,
  });
});

test("a change of a cluster is taken where it is one that a local cluster knows", async () => {
  const { clusters } = managementClient(manager.url);
  const changed = await clusters.beginUpdateAndWait("rg", "source", { enableStreamingIngest: true }, fast);
  expect(changed).toMatchObject({ enableStreamingIngest: true });
  await expect(
    clusters.beginUpdateAndWait("rg", "source", { enableDiskEncryption: true }, fast),
  ).rejects.toMatchObject({
    statusCode: 400,
    code: "InvalidRequestContent",
    message: expect.stringContaining("enableDiskEncryption"),
  });
});

test("an operation is polled by either header until it has ended", async () => {
  await ask("/local/faults", "POST", { action: "slowOperation", afterMs: 300 });
  const path = `${group}/source/databases/Slow?api-version=2023-08-15`;
  const put = await ask(path, "PUT", { kind: "ReadWrite", location: "westus" });
  expect(put).toMatchObject({ status: 201, body: { properties: { provisioningState: "Creating" } } });
  const status = String(put.headers.get("azure-asyncoperation"));
  expect(status).toMatch(
    /^http:.*\/providers\/Microsoft\.Kusto\/locations\/westus\/operationResults\/[-0-9a-f]+\?api-version=2023-08-15$/,
  );
  expect(await (await fetch(status)).json()).toMatchObject({ status: "Running", percentComplete: 0 });
  await expect
    .poll(async () => (await fetch(status)).json())
    .toMatchObject({
      status: "Succeeded",
      percentComplete: 1,
      properties: { operationKind: "DatabaseCreate", operationState: "Completed" },
    });
  await ask("/local/faults", "POST", { action: "slowOperation", afterMs: 300 });
  const deleted = await ask(path, "DELETE");
  expect(deleted.status).toBe(202);
  const location = String(deleted.headers.get("location"));
  expect((await fetch(location)).status).toBe(202);
  await expect.poll(async () => (await fetch(location)).status).toBe(200);
});

test("faults fail, delay, and make operations fail, as often as asked", async () => {
  const { clusters, databases } = managementClient(manager.url);
  const denied = {
    action: "fail",
    match: { method: "GET", path: "/clusters/source$" },
    status: 403,
    code: "AuthorizationFailed",
    message: "The client doesn't have authorization.",
    times: 2,
  };
  await ask("/local/faults", "POST", denied);
  for (let time = 0; time < 2; time += 1)
    await expect(clusters.get("rg", "source")).rejects.toMatchObject({
      statusCode: 403,
      code: "AuthorizationFailed",
    });
  expect(await clusters.get("rg", "source")).toMatchObject({ name: "source" });
  expect((await ask("/local/faults")).body).toMatchObject([{ action: "fail", struck: 2 }]);
  await ask("/local/faults", "POST", { action: "failOperation", code: "Broken", message: "It broke." });
  await expect(
    databases.beginCreateOrUpdateAndWait(
      "rg",
      "source",
      "New",
      { kind: "ReadWrite", location: "westus" },
      fast,
    ),
  ).rejects.toThrow(/It broke/);
  expect((await kusto.command(".show databases")).map((row) => row.DatabaseName)).not.toContain("New");
  const started = Date.now();
  await ask("/local/faults", "POST", { action: "delay", afterMs: 200 });
  await clusters.get("rg", "source");
  expect(Date.now() - started).toBeGreaterThanOrEqual(195);
});

test("a cluster that doesn't answer is told as such, not as one without databases", async () => {
  expect((await ask(`${group}/destination/databases?api-version=2024-04-13`)).status).toBe(502);
});

test("the version that the client sends is one that is known, and others are refused", async () => {
  expect(await managementClient(manager.url).clusters.get("rg", "source")).toMatchObject({ name: "source" });
  await expect(
    managementClient(manager.url, "2017-09-07").clusters.get("rg", "source"),
  ).rejects.toMatchObject({
    statusCode: 400,
    code: "InvalidApiVersionParameter",
  });
});

test.each([
  ["no version", `${group}/source`, "GET", 400, "MissingApiVersionParameter"],
  ["a cluster that isn't", `${group}/none?api-version=2024-04-13`, "GET", 404, "ResourceNotFound"],
  [
    "another kind of resource",
    `${group}/source/dataConnections?api-version=2024-04-13`,
    "GET",
    404,
    "InvalidResourceType",
  ],
  ["a method that it hasn't", `${group}?api-version=2024-04-13`, "PUT", 405, "MethodNotAllowed"],
  ["a cluster to be started", `${group}/another?api-version=2024-04-13`, "PUT", 400, "BadRequest"],
  ["a body that isn't one", `${group}/source?api-version=2024-04-13`, "PATCH", 400, "InvalidRequestContent"],
])("what it can't answer is refused with an error code: %s", async (_, path, method, status, code) => {
  expect(await ask(path, method)).toMatchObject({ status, body: { error: { code } } });
});

test("a cluster's region can be moved for a trial", async () => {
  await ask("/local/clusters", "POST", { name: "source", location: "northeurope" });
  expect((await ask(`${clusterId("source")}?api-version=2024-04-13`)).body).toMatchObject({
    location: "northeurope",
  });
  await ask("/local/clusters", "POST", { name: "source", location: "westus" });
});
