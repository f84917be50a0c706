import { createHash, randomBytes } from "node:crypto";
import { StorageSharedKeyCredential as BlobKey, BlobServiceClient } from "@azure/storage-blob";
import {
  DataLakeFileSystemClient,
  DataLakeSASPermissions,
  DataLakeServiceClient,
  DirectorySASPermissions,
  FileSystemSASPermissions,
  generateDataLakeSASQueryParameters,
  RestError,
  StorageSharedKeyCredential,
} from "@azure/storage-file-datalake";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { storageAccount } from "../../../local/stack/storageAccount.ts";
import { startLakeForTests } from "./azuriteForTests.ts";

let stack: Awaited<ReturnType<typeof startLakeForTests>>;
let service: DataLakeServiceClient;
let files: DataLakeFileSystemClient;
let count = 0;
const credential = new StorageSharedKeyCredential(storageAccount.name, storageAccount.key);
const retryOptions = { maxTries: 1 };

beforeAll(async () => {
  stack = await startLakeForTests();
  service = new DataLakeServiceClient(stack.lake.url, credential, { retryOptions });
});
afterAll(() => stack.stop());
beforeEach(async () => {
  files = service.getFileSystemClient(`fs-${++count}`);
  await files.create();
});

async function failure(
  promise: Promise<unknown>,
): Promise<{ status: number | undefined; code: string | undefined }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof RestError) {
      const details = error.details as { errorCode?: string } | undefined;
      return { status: error.statusCode, code: details?.errorCode ?? error.code };
    }
    throw error;
  }
  throw new Error("It did not fail");
}

async function names(options: { recursive?: boolean; path?: string } = {}): Promise<string[]> {
  const found: string[] = [];
  for await (const item of files.listPaths(options)) found.push(`${item.name}${item.isDirectory ? "/" : ""}`);
  return found;
}

test("what is uploaded is read back, whole and in ranges", async () => {
  const file = files.getFileClient("a/b/größe 1.bin");
  const content = randomBytes(300_000);
  await file.upload(content, { chunkSize: 70_000, singleUploadThreshold: 100_000 });
  expect(
    createHash("sha1")
      .update(await file.readToBuffer())
      .digest("hex"),
  ).toBe(createHash("sha1").update(content).digest("hex"));
  expect((await file.readToBuffer(100, 5000)).equals(content.subarray(100, 5100))).toBe(true);
  const properties = await file.getProperties();
  expect(properties.contentLength).toBe(300_000);
  expect(properties.owner).toBe("$superuser");
});

test("appended data is there after the flush, at its position, whatever the order it came in", async () => {
  const file = files.getFileClient("log.txt");
  await file.create({ pathHttpHeaders: { contentType: "text/plain" }, metadata: { who: "me" } });
  await file.append("World", 6, 5);
  await file.append("Hello ", 0, 6);
  expect((await file.getProperties()).contentLength).toBe(0);
  await file.flush(11);
  await file.append("!", 11, 1);
  await file.flush(12);
  expect((await file.readToBuffer()).toString()).toBe("Hello World!");
  const properties = await file.getProperties();
  expect(properties.contentType).toBe("text/plain");
  expect(properties.metadata).toEqual({ who: "me" });
});

test("a flush that leaves a gap or ends elsewhere is refused", async () => {
  const file = files.getFileClient("gap.txt");
  await file.create();
  await file.append("abc", 1, 3);
  expect(await failure(file.flush(4))).toEqual({ status: 400, code: "InvalidFlushPosition" });
  await file.append("x", 0, 1);
  expect(await failure(file.flush(3))).toEqual({ status: 400, code: "InvalidFlushPosition" });
  await file.flush(4);
  expect((await file.readToBuffer()).toString()).toBe("xabc");
});

test("data can be appended to a file that a blob client wrote", async () => {
  const blobs = new BlobServiceClient(stack.lake.url, new BlobKey(storageAccount.name, storageAccount.key));
  await blobs.getContainerClient(files.name).getBlockBlobClient("x/whole").upload("abc", 3);
  const file = files.getFileClient("x/whole");
  await file.append("def", 3, 3);
  await file.flush(6);
  expect((await file.readToBuffer()).toString()).toBe("abcdef");
});

test("a missing path is PathNotFound to append, list and delete, and false to exists", async () => {
  const file = files.getFileClient("none");
  expect(await failure(file.append("a", 0, 1))).toEqual({ status: 404, code: "PathNotFound" });
  expect(await failure(file.delete())).toEqual({ status: 404, code: "PathNotFound" });
  expect((await file.deleteIfExists()).succeeded).toBe(false);
  expect(await file.exists()).toBe(false);
  expect(await failure(names({ path: "none" }).then())).toEqual({ status: 404, code: "PathNotFound" });
  const other = service.getFileSystemClient("no-such-one");
  expect(await failure(other.getFileClient("x").create())).toEqual({
    status: 404,
    code: "FilesystemNotFound",
  });
});

test("a file that is there is not made again where the condition forbids it", async () => {
  const file = files.getFileClient("once");
  expect((await file.createIfNotExists()).succeeded).toBe(true);
  expect((await file.createIfNotExists()).succeeded).toBe(false);
  expect(await failure(file.create({ conditions: { ifNoneMatch: "*" } }))).toEqual({
    status: 409,
    code: "PathAlreadyExists",
  });
  const { etag } = await file.getProperties();
  await file.append("a", 0, 1);
  expect(await failure(file.flush(1, { conditions: { ifMatch: '"0x1234"' } }))).toEqual({
    status: 412,
    code: "ConditionNotMet",
  });
  await file.flush(1, { conditions: { ifMatch: etag ?? "" } });
});

test("of many writers that put one blob if it is absent, one wins", async () => {
  const blobs = new BlobServiceClient(stack.lake.url, new BlobKey(storageAccount.name, storageAccount.key), {
    retryOptions,
  });
  const container = blobs.getContainerClient(files.name);
  const results = await Promise.allSettled(
    Array.from({ length: 12 }, (_, writer) =>
      container
        .getBlockBlobClient("log/00000000000000000001.json")
        .upload(`writer ${writer}`, `writer ${writer}`.length, { conditions: { ifNoneMatch: "*" } }),
    ),
  );
  const winners = results.flatMap((result, writer) => (result.status === "fulfilled" ? [writer] : []));
  expect(winners).toHaveLength(1);
  expect((await files.getFileClient("log/00000000000000000001.json").readToBuffer()).toString()).toBe(
    `writer ${winners[0]}`,
  );
  const lost = results.find((result) => result.status === "rejected");
  expect(lost?.status === "rejected" && lost.reason.code).toBe("BlobAlreadyExists");
});

test("a path lists its directories, also those that only files imply, in pages", async () => {
  for (const name of ["d/a/1", "d/a/2", "d/b/c/3", "d-4", "e"]) await files.getFileClient(name).create();
  await files.getDirectoryClient("d/empty").create();
  const direct = new BlobServiceClient(stack.blobUrl, new BlobKey(storageAccount.name, storageAccount.key));
  await direct.getContainerClient(files.name).getBlockBlobClient("d/beside/deep/5").upload("x", 1);
  expect(await names({ recursive: true })).toEqual([
    "d/",
    "d-4",
    "d/a/",
    "d/a/1",
    "d/a/2",
    "d/b/",
    "d/b/c/",
    "d/b/c/3",
    "d/beside/",
    "d/beside/deep/",
    "d/beside/deep/5",
    "d/empty/",
    "e",
  ]);
  expect(await names()).toEqual(["d/", "d-4", "e"]);
  expect(await names({ path: "d" })).toEqual(["d/a/", "d/b/", "d/beside/", "d/empty/"]);
  const pages: string[][] = [];
  for await (const page of files.listPaths({ recursive: true, path: "d" }).byPage({ maxPageSize: 4 })) {
    pages.push((page.pathItems ?? []).map((item) => item.name ?? ""));
  }
  expect(pages).toEqual([
    ["d/a", "d/a/1", "d/a/2", "d/b"],
    ["d/b/c", "d/b/c/3", "d/beside", "d/beside/deep"],
    ["d/beside/deep/5", "d/empty"],
  ]);
});

test("a listed file has its length and time", async () => {
  await files.getFileClient("f").upload(Buffer.from("12345"));
  for await (const item of files.listPaths()) {
    expect(item.contentLength).toBe(5);
    expect(Math.abs((item.lastModified?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(item.isDirectory).toBe(false);
  }
});

test("a directory with something in it goes only recursively, and what is beside it stays", async () => {
  await files.getFileClient("d/x/1").create();
  await files.getFileClient("d2").create();
  const directory = files.getDirectoryClient("d");
  expect(await failure(directory.delete(false))).toEqual({ status: 409, code: "DirectoryNotEmpty" });
  await directory.delete(true);
  expect(await names({ recursive: true })).toEqual(["d2"]);
  expect(await directory.exists()).toBe(false);
  await files.getFileClient("d/x/1").create();
  expect(await names({ recursive: true })).toEqual(["d/", "d/x/", "d/x/1", "d2"]);
});

test("a directory stays when its last file goes, and is one to those who ask", async () => {
  await files.getFileClient("d/1").create();
  await files.getFileClient("d/1").delete();
  const properties = await files.getDirectoryClient("d").getProperties();
  expect(properties.metadata).toEqual({ hdi_isfolder: "true" });
  await files.getDirectoryClient("d").setMetadata({ colour: "red" });
  expect((await files.getDirectoryClient("d").getProperties()).metadata).toMatchObject({
    colour: "red",
    hdi_isfolder: "true",
  });
});

test("a file can't be a directory, nor a directory a file", async () => {
  await files.getFileClient("f").create();
  expect((await failure(files.getFileClient("f/g").create())).code).toBe("PathConflict");
  expect((await failure(files.getDirectoryClient("f").create())).code).toBe("PathAlreadyExists");
  await files.getDirectoryClient("d").create();
  expect((await failure(files.getFileClient("d").create())).code).toBe("PathConflict");
  const blob = new BlobServiceClient(stack.lake.url, new BlobKey(storageAccount.name, storageAccount.key), {
    retryOptions,
  }).getContainerClient(files.name);
  expect((await failure(blob.getBlockBlobClient("d").upload("", 0))).status).toBe(409);
  expect((await failure(blob.getBlockBlobClient("f/g").upload("", 0))).status).toBe(409);
  await files.getFileClient("d/1").create();
  expect((await failure(blob.deleteBlob("d"))).code).toBe("DirectoryIsNotEmpty");
});

test("a file or a directory with all in it is renamed, and not over what the condition protects", async () => {
  await files.getFileClient("d/x/1").upload(Buffer.from("one"));
  await files.getDirectoryClient("d").move("e");
  expect(await names({ recursive: true })).toEqual(["e/", "e/x/", "e/x/1"]);
  await files.getFileClient("e/x/1").move("e/2");
  expect((await files.getFileClient("e/2").readToBuffer()).toString()).toBe("one");
  await files.getFileClient("e/3").create();
  expect(
    (await failure(files.getFileClient("e/2").move("e/3", { destinationConditions: { ifNoneMatch: "*" } })))
      .status,
  ).toBe(409);
  expect((await failure(files.getFileClient("e/none").move("e/4"))).code).toBe("SourcePathNotFound");
});

test("properties, access control and filesystems can be asked for", async () => {
  const file = files.getFileClient("f");
  await file.create({ metadata: { a: "1" } });
  expect((await file.getAccessControl()).owner).toBe("$superuser");
  expect((await file.getSystemProperties()).contentLength).toBe(0);
  await file.setMetadata({ b: "2" });
  expect((await file.getProperties()).metadata).toEqual({ b: "2" });
  const found: string[] = [];
  for await (const item of service.listFileSystems()) found.push(item.name);
  expect(found).toContain(files.name);
  expect(await files.exists()).toBe(true);
  await files.delete();
  expect(await files.exists()).toBe(false);
});

test("what the local lake does not do is refused by name", async () => {
  const file = files.getFileClient("f");
  await file.create();
  const refused = await failure(file.setAccessControl([]));
  expect(refused).toEqual({ status: 501, code: "NotImplemented" });
  expect((await failure(file.create({ expiresOn: 1000 }))).status).toBe(501);
});

test("a wrong key, no key and a changed request are refused", async () => {
  const wrong = new StorageSharedKeyCredential(storageAccount.name, Buffer.from("wrong").toString("base64"));
  const url = `${stack.lake.url}/${files.name}`;
  const stranger = new DataLakeFileSystemClient(url, wrong, { retryOptions });
  expect((await failure(stranger.getFileClient("f").create())).status).toBe(403);
  expect((await failure(stranger.getFileClient("f").readToBuffer())).status).toBe(403);
  const nobody = new DataLakeFileSystemClient(url, undefined, { retryOptions });
  expect((await failure(nobody.getFileClient("f").create())).status).toBe(401);
  expect(await names()).toEqual([]);
});

test("a signature opens what it was made for, and nothing else", async () => {
  await files.getFileClient("d/1").upload(Buffer.from("one"));
  const base = { fileSystemName: files.name, expiresOn: new Date(Date.now() + 600_000) };
  const open = (sas: string) =>
    new DataLakeFileSystemClient(`${stack.lake.url}/${files.name}?${sas}`, undefined, { retryOptions });
  const all = open(
    generateDataLakeSASQueryParameters(
      { ...base, permissions: FileSystemSASPermissions.parse("racwdl") },
      credential,
    ).toString(),
  );
  await all.getFileClient("d/2").upload(Buffer.from("two"));
  expect((await all.getFileClient("d/2").readToBuffer()).toString()).toBe("two");
  const readOnly = open(
    generateDataLakeSASQueryParameters(
      { ...base, permissions: FileSystemSASPermissions.parse("rl") },
      credential,
    ).toString(),
  );
  expect((await readOnly.getFileClient("d/1").readToBuffer()).toString()).toBe("one");
  expect((await failure(readOnly.getFileClient("d/3").create())).code).toBe(
    "AuthorizationPermissionMismatch",
  );
  const expired = open(
    generateDataLakeSASQueryParameters(
      {
        ...base,
        expiresOn: new Date(Date.now() - 1000),
        permissions: FileSystemSASPermissions.parse("racwdl"),
      },
      credential,
    ).toString(),
  );
  expect((await failure(expired.getFileClient("d/3").create())).status).toBe(403);
  const directory = open(
    generateDataLakeSASQueryParameters(
      { ...base, pathName: "d", isDirectory: true, permissions: DirectorySASPermissions.parse("racwd") },
      credential,
    ).toString(),
  );
  await directory.getFileClient("d/4").upload(Buffer.from("four"));
  expect((await directory.getFileClient("d/4").readToBuffer()).toString()).toBe("four");
  expect((await failure(directory.getFileClient("e/4").create())).status).toBe(403);
  const one = open(
    generateDataLakeSASQueryParameters(
      { ...base, pathName: "d/1", permissions: DataLakeSASPermissions.parse("r") },
      credential,
    ).toString(),
  );
  expect((await one.getFileClient("d/1").readToBuffer()).toString()).toBe("one");
  expect((await failure(one.getFileClient("d/4").readToBuffer())).status).toBe(403);
});
