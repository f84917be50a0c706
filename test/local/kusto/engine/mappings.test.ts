import {
  BlobServiceClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
} from "@azure/storage-blob";
import { DataFormat, IngestClient, IngestionProperties } from "azure-kusto-ingest";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sharedKey } from "../../../../local/kusto/data/storageEndpoints.ts";
import { type Azurite, startAzurite } from "../data/azurite.ts";
import { type Cluster, startCluster, until } from "./cluster.ts";

let azurite: Azurite;
let kusto: Cluster;

beforeAll(async () => {
  azurite = await startAzurite();
  const { endpoints } = azurite;
  kusto = await startCluster(
    ...["--blob", endpoints.blob, "--queue", endpoints.queue, "--table", endpoints.table],
    ...["--storage-key", endpoints.key],
  );
  await container().createIfNotExists();
});
afterAll(async () => {
  await kusto.stop();
  await azurite.stop();
});

const container = () =>
  new BlobServiceClient(azurite.endpoints.blob, sharedKey(azurite.endpoints)).getContainerClient("lake");

async function put(path: string, text: string): Promise<string> {
  await container().getBlockBlobClient(path).upload(text, Buffer.byteLength(text));
  const sas = generateBlobSASQueryParameters(
    {
      containerName: "lake",
      permissions: ContainerSASPermissions.parse("r"),
      expiresOn: new Date(Date.now() + 3_600_000),
    },
    sharedKey(azurite.endpoints),
  );
  return `${azurite.endpoints.blob}/lake/${path}?${sas.toString()}`;
}

const jsonMapping = '[{"column":"n","Properties":{"Path":"$.deep.n"}}]';

test("a mapping is created in every form of text, shown, and replaced only where that was asked for", async () => {
  await kusto.command(".create table M (n:long, s:string)");
  const [made] = await kusto.command(`.create table M ingestion json mapping "m1" '${jsonMapping}'`);
  expect(made).toMatchObject({
    Name: "m1",
    Kind: "Json",
    Mapping: jsonMapping,
    Database: "Samples",
    Table: "M",
  });
  await kusto.command(
    `.create table M ingestion csv mapping 'm1'\n'['\n' {"column":"s","Properties":{"Ordinal":"0"}}'\n']'`,
  );
  await kusto.command(
    `.create-or-alter table M ingestion json mapping @'m2' @'[{"column":"n","Properties":{"Path":"$.n"}}]'`,
  );
  await kusto.command(`.create-or-alter table M ingestion json mapping "m2" \`\`\`\n${jsonMapping}\n\`\`\``);
  expect(
    (await kusto.command(".show table M ingestion mappings")).map((row) => [row.Name, row.Kind]),
  ).toEqual([
    ["m1", "Json"],
    ["m1", "CSV"],
    ["m2", "Json"],
  ]);
  expect(await kusto.failure(`.create table M ingestion json mapping "m1" '${jsonMapping}'`)).toMatchObject({
    code: "BadRequest_EntityAlreadyExists",
  });
  expect(await kusto.failure(".create table M ingestion json mapping 'm3' '[1]'")).toMatchObject({
    status: 400,
    message: expect.stringContaining("mapping"),
  });
});

test("ingestion takes the mapping that it names, by command and by queue, and fails where its kind isn't there", async () => {
  await kusto.command(".create table Ev (n:long, s:string)");
  await kusto.command(`.create table Ev ingestion json mapping "m1" '${jsonMapping}'`);
  const source = await put("a.json", '{"n":1,"deep":{"n":7}}\n');
  await kusto.command(
    `.ingest into table Ev (h'${source}') with (format="json", ingestionMappingReference="m1")`,
  );
  expect(await kusto.query("Ev")).toEqual([{ n: 7, s: "" }]);
  const csv = await put("a.csv", "1,x\n");
  expect(
    await kusto.failure(
      `.ingest into table Ev (h'${csv}') with (format="csv", ingestionMappingReference="m1")`,
    ),
  ).toMatchObject({ code: "BadRequest_MappingReferenceWasNotFound" });
  const client = new IngestClient(kusto.url, undefined, false);
  try {
    await client.ingestFromBlob(
      await put("b.json", '{"n":1,"deep":{"n":8}}\n'),
      new IngestionProperties({
        database: "Samples",
        table: "Ev",
        format: DataFormat.JSON,
        ingestionMappingReference: "m1",
        flushImmediately: true,
      }),
    );
  } finally {
    client.close();
  }
  const rows = await until(
    () => kusto.query("Ev | where n != 7"),
    (found) => found.length > 0,
  );
  expect(rows).toEqual([{ n: 8, s: "" }]);
});
