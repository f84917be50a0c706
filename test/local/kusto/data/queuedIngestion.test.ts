import { gzipSync } from "node:zlib";
import { AzureNamedKeyCredential, TableClient } from "@azure/data-tables";
import {
  BlobServiceClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
} from "@azure/storage-blob";
import { KustoConnectionStringBuilder } from "azure-kusto-data";
import {
  DataFormat,
  IngestClient,
  IngestionProperties,
  IngestStatusQueues,
  ReportLevel,
  ReportMethod,
} from "azure-kusto-ingest";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  identityToken,
  queueService,
  resourceNames,
} from "../../../../local/kusto/data/ingestionResources.ts";
import { sharedKey } from "../../../../local/kusto/data/storageEndpoints.ts";
import { findDatabase, withDatabase } from "../../../../local/kusto/engine/lookup.ts";
import { type Azurite, startAzurite } from "./azurite.ts";
import { openCluster, type TestCluster, until } from "./cluster.ts";

let azurite: Azurite;
let cluster: TestCluster;
let client: IngestClient;
let blobs = 0;

const columns = [
  { name: "a", type: "long" as const },
  { name: "b", type: "string" as const },
];

beforeAll(async () => {
  azurite = await startAzurite();
  cluster = await openCluster("queued", azurite.endpoints);
  await cluster.startPump();
  client = new IngestClient(
    new KustoConnectionStringBuilder(
      `Data Source=${cluster.uri};AppClientId=x`.replace(";AppClientId=x", ""),
    ),
    undefined,
    false,
  );
  await container().createIfNotExists();
});

afterAll(async () => {
  client.close();
  try {
    await cluster.close();
  } finally {
    await azurite.stop();
  }
});

let table = "";
beforeEach(async () => {
  table = `T${++blobs}`;
  await cluster.createTable(table, columns);
});

const container = () =>
  new BlobServiceClient(azurite.endpoints.blob, sharedKey(azurite.endpoints)).getContainerClient("lake");

async function put(name: string, text: string | Buffer): Promise<string> {
  const path = `${++blobs}/${name}`;
  await container().getBlockBlobClient(path).uploadData(Buffer.from(text));
  return path;
}

function sasUrl(path: string, permissions = "r"): string {
  const sas = generateBlobSASQueryParameters(
    {
      containerName: "lake",
      permissions: ContainerSASPermissions.parse(permissions),
      expiresOn: new Date(Date.now() + 3_600_000),
    },
    sharedKey(azurite.endpoints),
  );
  return `${azurite.endpoints.blob}/lake/${path}?${sas.toString()}`;
}

const properties = (more: Partial<IngestionProperties> = {}): IngestionProperties =>
  new IngestionProperties({ database: "D", table, format: DataFormat.CSV, flushImmediately: true, ...more });

const extents = () => [...(cluster.engine.database("D").tables.get(table)?.extents.values() ?? [])];
const failures = () => cluster.engine.failures.list().filter((failure) => failure.table === table);

describe("queued ingestion by the official client", () => {
  it("brings in a zipped blob with the tags and creation time that were asked for", async () => {
    const blob = sasUrl(await put("x.csv.gz", gzipSync('1,"one, two"\n2,\n')));
    await client.ingestFromBlob(
      blob,
      properties({
        additionalTags: ["mine"],
        dropByTags: ["day"],
        additionalProperties: { creationTime: "2020-01-02T03:04:05.1234567Z" },
      }),
    );
    await until(() => extents().length > 0, "the extent");
    expect(await cluster.rows(table)).toEqual([
      [1n, "one, two"],
      [2n, ""],
    ]);
    expect(extents()[0]?.tags).toEqual(["mine", "drop-by:day"]);
    expect(extents()[0]?.createdMin).toBe(637_135_310_451_234_567n);
  });

  it("brings in a local stream by way of the temporary container", async () => {
    const { Readable } = await import("node:stream");
    await client.ingestFromStream(Readable.from(["7,seven\n"]), properties());
    await until(() => extents().length > 0, "the extent");
    expect(await cluster.rows(table)).toEqual([[7n, "seven"]]);
  });

  it("waits for the batching time of the table, which follows the cluster's clock, and makes one extent of a batch", async () => {
    const [first, second] = [sasUrl(await put("1.csv", "1,a\n")), sasUrl(await put("2.csv", "2,b\n"))];
    await client.ingestFromBlob(first, properties({ flushImmediately: false }));
    await client.ingestFromBlob(second, properties({ flushImmediately: false }));
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(extents()).toEqual([]);
    cluster.engine.clock.advance(301);
    await until(() => extents().length > 0, "the extent");
    cluster.engine.clock.reset();
    expect(extents().length).toBe(1);
    expect((await cluster.rows(table)).length).toBe(2);
  });

  it("ingests blobs with an ingest-by tag one by one, and skips what is there already", async () => {
    const [first, second] = [sasUrl(await put("1.csv", "1,a\n")), sasUrl(await put("2.csv", "2,b\n"))];
    const once = {
      flushImmediately: false,
      ingestByTags: ["p1"],
      ingestIfNotExists: '["p1"]',
      reportLevel: ReportLevel.FailuresAndSuccesses,
    };
    await client.ingestFromBlob(first, properties(once));
    await until(() => extents().length === 1, "the first extent");
    await client.ingestFromBlob(second, properties(once));
    const successes = new IngestStatusQueues(client).success;
    const told: unknown[] = [];
    await until(async () => {
      told.push(
        ...(await successes.pop(32)).filter((message) => "Table" in message && message.Table === table),
      );
      return told.length === 2;
    }, "both successes");
    expect(await cluster.rows(table)).toEqual([[1n, "a"]]);
    expect(failures()).toEqual([]);
  });

  it("lets a bad blob fail alone and tells the failed queue so", async () => {
    await client.ingestFromBlob(
      sasUrl(await put("bad.csv", '1,"open\n')),
      properties({ reportMethod: ReportMethod.Queue }),
    );
    await client.ingestFromBlob(sasUrl(await put("good.csv", "1,x\n")), properties());
    await until(() => failures().length === 1 && extents().length === 1, "the failure");
    expect(failures()[0]).toMatchObject({
      errorCode: "Stream_ClosingQuoteMissing",
      permanent: true,
      database: "D",
    });
    expect(failures()[0]?.source).not.toContain("sig=");
  });

  it.each([
    ["a missing blob", async () => sasUrl("nothing.csv"), "Download_SourceNotFound"],
    [
      "a signature without the right to read",
      async () => sasUrl(await put("x.csv", "1,x"), "w"),
      "Download_Forbidden",
    ],
    [
      "impersonation",
      async () => `${azurite.endpoints.blob}/lake/${await put("x.csv", "1,x")};impersonate`,
      "BadRequest_InvalidAuthentication",
    ],
    [
      "a managed identity that no policy allows",
      async () => `${azurite.endpoints.blob}/lake/${await put("x.csv", "1,x")};managed_identity=system`,
      "BadRequest_ManagedIdentityNotAllowed",
    ],
    ["an empty blob", async () => sasUrl(await put("x.csv", "")), "Stream_NoDataToIngest"],
  ])("refuses %s for good", async (_what, blob, code) => {
    await client.ingestFromBlob(await blob(), properties());
    await until(() => failures().length > 0, "the failure");
    expect(failures()[0]).toMatchObject({ errorCode: code, permanent: true });
    expect(extents()).toEqual([]);
  });

  it("fails for good where the table is missing", async () => {
    await client.ingestFromBlob(sasUrl(await put("x.csv", "1,x")), properties({ table: "Nowhere" }));
    const found = () => cluster.engine.failures.list().find((failure) => failure.table === "Nowhere");
    await until(() => found() !== undefined, "the failure");
    expect(found()).toMatchObject({ errorCode: "BadRequest_TableNotExist", permanent: true });
  });

  it("reads a blob by a managed identity that the policy allows", async () => {
    await cluster.engine.store.change((state) => ({
      ...state,
      policies: {
        ...state.policies,
        managed_identity: [{ ObjectId: "system", AllowedUsages: "NativeIngestion" }],
      },
    }));
    await client.ingestFromBlob(
      `${azurite.endpoints.blob}/lake/${await put("x.csv", "1,x")};managed_identity=system`,
      properties(),
    );
    await until(() => extents().length > 0, "the extent");
    await cluster.engine.store.change((state) => ({ ...state, policies: {} }));
  });

  it("delivers a second time when a fault asks for it", async () => {
    cluster.engine.faults.add({
      match: { kind: "queue", text: `D/${table} ` },
      action: "duplicate",
      times: 1,
      doWork: false,
    });
    await client.ingestFromBlob(sasUrl(await put("x.csv", "1,x")), properties());
    await until(() => extents().length === 2, "both extents");
    expect(await cluster.rows(table)).toEqual([
      [1n, "x"],
      [1n, "x"],
    ]);
  });

  it("delivers a second time later, to whatever is there then, when a fault asks for it", async () => {
    const match = { kind: "queue" as const, text: `D/${table} ` };
    cluster.engine.faults.add({ match, action: "duplicate", afterMs: 600_000, times: 1, doWork: false });
    await client.ingestFromBlob(sasUrl(await put("x.csv", "1,x")), properties());
    await until(() => extents().length === 1, "the first delivery");
    const first = extents()[0]?.id;
    await cluster.engine.store.change((state) => {
      const database = findDatabase(state, "D");
      const tables = new Map(database.tables);
      tables.delete(table);
      return withDatabase(state, { ...database, tables });
    });
    await cluster.createTable(table, columns);
    await until(() => {
      // At each look: the second one is due so long after the first has ended, which is later than its rows are there.
      cluster.engine.clock.advance(601);
      return extents().length === 1;
    }, "the second delivery");
    cluster.engine.clock.reset();
    expect(extents()[0]?.id).not.toBe(first);
  });

  it("loses a message without a word when a fault asks for it", async () => {
    const match = { kind: "queue" as const, text: `D/${table} ` };
    cluster.engine.faults.add({ match, action: "drop", times: 1, doWork: false });
    await client.ingestFromBlob(sasUrl(await put("x.csv", "1,lost")), properties());
    await client.ingestFromBlob(sasUrl(await put("x.csv", "2,kept")), properties());
    await until(() => extents().length === 1, "the other message's extent");
    expect(await cluster.rows(table)).toEqual([[2n, "kept"]]);
    expect(failures()).toEqual([]);
  });

  it("writes rows that it has read already when a fault held them back, though the file is gone", async () => {
    const match = { kind: "ingest" as const, text: `D/${table} ` };
    cluster.engine.faults.add({ match, action: "delay", afterMs: 600_000, times: 1, doWork: false });
    const path = await put("x.csv", "1,x");
    await client.ingestFromBlob(sasUrl(path), properties());
    await until(
      () =>
        cluster.engine.faults.list().some((fault) => fault.match.text === match.text && fault.fired === 1),
      "the reading",
    );
    await container().deleteBlob(path);
    expect(extents()).toEqual([]);
    cluster.engine.clock.advance(601);
    await until(() => extents().length === 1, "the rows");
    cluster.engine.clock.reset();
    expect(await cluster.rows(table)).toEqual([[1n, "x"]]);
  });

  it("takes the mapping that the message holds", async () => {
    const blob = sasUrl(await put("x.json", '{"n":{"x":5},"t":"five"}\n{"n":null}\n'));
    await client.ingestFromBlob(
      blob,
      properties({
        format: DataFormat.JSON,
        additionalProperties: {
          ingestionMapping:
            '[{"column":"a","Properties":{"Path":"$.n.x"}},{"column":"b","Properties":{"Path":"$[\'t\']"}}]',
        },
      }),
    );
    await until(() => extents().length > 0, "the extent");
    expect(await cluster.rows(table)).toEqual([
      [5n, "five"],
      [null, ""],
    ]);
  });
});

describe("a mapping that names types", () => {
  const mapping =
    '[{"column":"a","datatype":"long","Properties":{"Ordinal":"0"}},{"column":"c","datatype":"string","Properties":{"Ordinal":"1"}}]';

  it("adds the columns that the table lacks", async () => {
    await client.ingestFromBlob(
      sasUrl(await put("x.csv", "1,x")),
      properties({ additionalProperties: { ingestionMapping: mapping } }),
    );
    await until(() => extents().length > 0, "the extent");
    expect(await cluster.rows(table)).toEqual([[1n, "", "x"]]);
  });

  it("creates the table that isn't there", async () => {
    table = `${table}New`;
    await client.ingestFromBlob(
      sasUrl(await put("x.csv", "1,x")),
      properties({ additionalProperties: { ingestionMapping: mapping } }),
    );
    await until(() => extents().length > 0, "the extent");
    expect(await cluster.rows(table)).toEqual([[1n, "x"]]);
  });
});

describe("the status table", () => {
  it("says what became of a message that names a row of it", async () => {
    const names = resourceNames("queued");
    const send = async (blob: string, row: string): Promise<void> => {
      const message = {
        Id: row,
        BlobPath: blob,
        DatabaseName: "D",
        TableName: table,
        FlushImmediately: true,
        ReportMethod: 1,
        IngestionStatusInTable: { tableConnectionString: "", partitionKey: row, rowKey: row },
        AdditionalProperties: {
          format: "csv",
          authorizationContext: identityToken("queued", azurite.endpoints),
        },
      };
      await queueService(azurite.endpoints)
        .getQueueClient(names.ready)
        .sendMessage(Buffer.from(JSON.stringify(message)).toString("base64"));
    };
    const status = new TableClient(
      azurite.endpoints.table,
      names.table,
      new AzureNamedKeyCredential(azurite.endpoints.account, azurite.endpoints.key),
      { allowInsecureConnection: true },
    );
    const found = async (row: string): Promise<unknown> =>
      (await status.getEntity(row, row).catch(() => ({ Status: undefined }))).Status;
    const path = await put("x.csv", "1,x");
    await send(sasUrl(path, "rd"), "good");
    await send(sasUrl("nothing.csv"), "bad");
    await until(
      async () => (await found("good")) !== undefined && (await found("bad")) !== undefined,
      "both rows",
    );
    expect([await found("good"), await found("bad")]).toEqual(["Succeeded", "Failed"]);
    // Without RetainBlobOnSuccess the blob goes once it is in.
    expect(await container().getBlobClient(path).exists()).toBe(false);
  });
});

describe("a message that was taken", () => {
  it("comes again to the next process when the first one is gone before the ingestion", async () => {
    const other = await openCluster("restarted", azurite.endpoints);
    await other.createTable("R", columns);
    const stop = await other.startPump();
    const otherClient = new IngestClient(`Data Source=${other.uri}`, undefined, false);
    await otherClient.ingestFromBlob(
      sasUrl(await put("x.csv", "1,x\n")),
      properties({ table: "R", flushImmediately: false }),
    );
    await new Promise((resolve) => setTimeout(resolve, 600));
    await stop();
    expect(await other.rows("R")).toEqual([]);
    await other.startPump();
    await new Promise((resolve) => setTimeout(resolve, 600));
    other.engine.clock.advance(301);
    await until(async () => (await other.rows("R")).length === 1, "the row");
    otherClient.close();
    await other.close();
  });
});
