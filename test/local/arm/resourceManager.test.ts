import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ResourceManager, startResourceManager } from "../../../local/arm/server.ts";

const group = "/subscriptions/0000/resourceGroups/rg/providers/Microsoft.Kusto/clusters";
let manager: ResourceManager;
let kusto: Server;
let kustoUrl: string;

beforeAll(async () => {
  // As a Kusto answers `.show databases` over REST v1.
  kusto = createServer((_, response) => {
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({
        Tables: [
          {
            TableName: "Table_0",
            Columns: [{ ColumnName: "DatabaseName" }, { ColumnName: "PersistentStorage" }],
            Rows: [
              ["Samples", ""],
              ["Other", ""],
            ],
          },
        ],
      }),
    );
  });
  await new Promise<void>((resolve) => kusto.listen(0, "127.0.0.1", resolve));
  const address = kusto.address();
  kustoUrl = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  manager = await startResourceManager({
    port: 0,
    clusters: [
      { name: "source", url: kustoUrl },
      { name: "destination", url: "http://127.0.0.1:1" },
    ],
  });
});
afterAll(async () => {
  await manager.close();
  kusto.close();
});

async function ask(path: string, method = "GET") {
  const response = await fetch(`${manager.url}${path}`, { method });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test("a cluster has its resource id, its state and the addresses of its engine and its ingestion", async () => {
  const { status, body } = await ask(`${group}/source?api-version=2024-04-13`);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    id: `${group}/source`,
    type: "Microsoft.Kusto/Clusters",
    properties: {
      state: "Running",
      provisioningState: "Succeeded",
      uri: kustoUrl,
      dataIngestionUri: kustoUrl,
    },
  });
  expect(body).toHaveProperty("location");
  expect(body).toHaveProperty("sku.name");
});

test("all clusters of a resource group are listed", async () => {
  const { body } = await ask(`${group}?api-version=2024-04-13`);
  expect((body.value as { name: string }[]).map(({ name }) => name)).toEqual(["source", "destination"]);
});

test("the databases of a cluster are those it has now", async () => {
  const { body } = await ask(`${group}/source/databases?api-version=2024-04-13`);
  expect((body.value as { name: string }[]).map(({ name }) => name)).toEqual([
    "source/Samples",
    "source/Other",
  ]);
  expect((await ask(`${group}/source/databases/Samples?api-version=2024-04-13`)).status).toBe(200);
  expect(await ask(`${group}/source/databases/None?api-version=2024-04-13`)).toMatchObject({
    status: 404,
    body: { error: { code: "ResourceNotFound" } },
  });
});

test("a cluster that doesn't answer is told as such, not as one without databases", async () => {
  expect((await ask(`${group}/destination/databases?api-version=2024-04-13`)).status).toBe(502);
});

test.each([
  ["no version", `${group}/source`, "GET", 400, "MissingApiVersionParameter"],
  [
    "a version that it doesn't know",
    `${group}/source?api-version=1999-01-01`,
    "GET",
    400,
    "InvalidApiVersionParameter",
  ],
  ["a cluster that isn't", `${group}/none?api-version=2024-04-13`, "GET", 404, "ResourceNotFound"],
  [
    "another kind of resource",
    `${group}/source/attachedDatabaseConfigurations?api-version=2024-04-13`,
    "GET",
    404,
    "InvalidResourceType",
  ],
  ["a change", `${group}/source?api-version=2024-04-13`, "PUT", 405, "MethodNotAllowed"],
])("what it can't answer is refused with an error code: %s", async (_, path, method, status, code) => {
  expect(await ask(path, method)).toMatchObject({ status, body: { error: { code } } });
});
