import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import {
  BlobSASPermissions,
  BlobServiceClient,
  type ContainerClient,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { storageAccount } from "../../../local/stack/storageAccount.ts";
import { startLakeForTests } from "./azuriteForTests.ts";

let stack: Awaited<ReturnType<typeof startLakeForTests>>;
let container: ContainerClient;
let count = 0;
const credential = new StorageSharedKeyCredential(storageAccount.name, storageAccount.key);
const options = { retryOptions: { maxTries: 1 } };

beforeAll(async () => {
  stack = await startLakeForTests();
});
afterAll(() => stack.stop());
beforeEach(async () => {
  container = new BlobServiceClient(stack.lake.url, credential, options).getContainerClient(
    `blobs-${++count}`,
  );
  await container.create();
});

const sha = (content: Buffer) => createHash("sha256").update(content).digest("hex");

test("a large blob passes through in blocks, and back in ranges, without being held in memory", async () => {
  const piece = randomBytes(1_000_000);
  const pieces = 240;
  const blob = container.getBlockBlobClient("exports/big.bin");
  const before = process.memoryUsage().arrayBuffers;
  let largest = 0;
  const watch = setInterval(() => {
    largest = Math.max(largest, process.memoryUsage().arrayBuffers - before);
  }, 5);
  const source = Readable.from(
    (function* () {
      for (let i = 0; i < pieces; i++) yield piece;
    })(),
  );
  await blob.uploadStream(source, 4_000_000, 2);
  const hash = createHash("sha256");
  let length = 0;
  for await (const chunk of (await blob.download()).readableStreamBody ?? []) {
    hash.update(chunk);
    length += chunk.length;
  }
  clearInterval(watch);
  expect(length).toBe(pieces * piece.length);
  const expected = createHash("sha256");
  for (let i = 0; i < pieces; i++) expected.update(piece);
  expect(hash.digest("hex")).toBe(expected.digest("hex"));
  // The client's own buffers and what the collector hasn't come to yet; never the blob.
  expect(largest).toBeLessThan((pieces * piece.length) / 2);
  expect(sha(await blob.downloadToBuffer(1_000_000, 1_000_000))).toBe(sha(piece));
});

test("blobs are listed by hierarchy, copied and read with names that need encoding", async () => {
  const names = ["a/x y.csv.gz", "a/ü+&=.json", "a/b/c%20d", "e"];
  for (const name of names) await container.getBlockBlobClient(name).upload(name, Buffer.byteLength(name));
  for (const name of names)
    expect((await container.getBlobClient(name).downloadToBuffer()).toString()).toBe(name);
  const found: string[] = [];
  for await (const item of container.listBlobsByHierarchy("/", { prefix: "a/" }))
    found.push(`${item.kind} ${item.name}`);
  expect(found).toContain("prefix a/b/");
  expect(found).toContain("blob a/ü+&=.json");
  const copy = container.getBlockBlobClient("copy");
  await (await copy.beginCopyFromURL(container.getBlobClient("e").url)).pollUntilDone();
  expect((await copy.downloadToBuffer()).toString()).toBe("e");
});

test("a write with a condition that doesn't hold changes nothing", async () => {
  const blob = container.getBlockBlobClient("state/one.json");
  const first = await blob.upload("1", 1, { conditions: { ifNoneMatch: "*" } });
  await expect(blob.upload("2", 1, { conditions: { ifNoneMatch: "*" } })).rejects.toMatchObject({
    statusCode: 409,
    code: "BlobAlreadyExists",
  });
  await blob.upload("3", 1, { conditions: { ifMatch: first.etag ?? "" } });
  await expect(blob.upload("4", 1, { conditions: { ifMatch: first.etag ?? "" } })).rejects.toMatchObject({
    statusCode: 412,
    code: "ConditionNotMet",
  });
  expect((await blob.downloadToBuffer()).toString()).toBe("3");
});

test("the account says that it is hierarchical, and a path what it is", async () => {
  const account = await new BlobServiceClient(stack.lake.url, credential).getAccountInfo();
  expect(account.isHierarchicalNamespaceEnabled).toBe(true);
  await container.getBlockBlobClient("d/f").upload("", 0);
  expect((await container.getBlobClient("d").getProperties()).metadata).toEqual({ hdi_isfolder: "true" });
});

test("a missing blob or container is the blob endpoint's own error", async () => {
  await expect(container.getBlobClient("none").download()).rejects.toMatchObject({
    statusCode: 404,
    code: "BlobNotFound",
  });
  const other = new BlobServiceClient(stack.lake.url, credential, options).getContainerClient("none-such");
  await expect(other.getBlockBlobClient("x").upload("", 0)).rejects.toMatchObject({
    statusCode: 404,
    code: "ContainerNotFound",
  });
  await expect(other.getBlobClient("x").delete()).rejects.toMatchObject({ statusCode: 404 });
});

test("a blob's signature lets read it, and not write it", async () => {
  const blob = container.getBlockBlobClient("exports/part 1.csv");
  await blob.upload("a,b", 3);
  const sas = generateBlobSASQueryParameters(
    {
      containerName: container.containerName,
      blobName: blob.name,
      permissions: BlobSASPermissions.parse("r"),
      expiresOn: new Date(Date.now() + 60_000),
    },
    credential,
  );
  const response = await fetch(`${blob.url}?${sas}`);
  expect(await response.text()).toBe("a,b");
  const write = await fetch(`${blob.url}?${sas}`, {
    method: "PUT",
    headers: { "x-ms-blob-type": "BlockBlob" },
    body: "x",
  });
  expect(write.status).toBe(403);
  expect((await fetch(blob.url)).status).toBeGreaterThanOrEqual(400);
  expect((await fetch(`http://127.0.0.1:${stack.lake.port}/otheraccount/x`)).status).toBe(400);
});
