import { BlobServiceClient, RestError, StorageSharedKeyCredential } from "@azure/storage-blob";
import {
  StorageSharedKeyCredential as DataLakeKey,
  DataLakeServiceClient,
} from "@azure/storage-file-datalake";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { storageAccount } from "../../../local/stack/storageAccount.ts";
import { startLakeForTests } from "./azuriteForTests.ts";

let stack: Awaited<ReturnType<typeof startLakeForTests>>;
const { name, key } = storageAccount;
const once = { retryOptions: { maxTries: 1 } };
const container = () =>
  new BlobServiceClient(stack.lake.url, new StorageSharedKeyCredential(name, key), once).getContainerClient(
    "lake",
  );
const directory = (path: string) =>
  new DataLakeServiceClient(stack.lake.url, new DataLakeKey(name, key), once)
    .getFileSystemClient("lake")
    .getDirectoryClient(path);

const local = (): string => new URL("/local/faults", stack.lake.url).href;
const ask = (body: object) => fetch(local(), { method: "POST", body: JSON.stringify(body) });
const struck = async () =>
  ((await (await fetch(local())).json()) as { struck: number }[]).map((fault) => fault.struck);

async function failure(promise: Promise<unknown>): Promise<RestError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof RestError) return error;
  throw new Error(`It was no storage error: ${String(error)}`);
}

beforeAll(async () => {
  stack = await startLakeForTests();
  await container().create();
});
afterEach(() => fetch(local(), { method: "DELETE" }));
afterAll(() => stack.stop());

test("a request that matches by method, path and query fails as told, so often, and does nothing", async () => {
  const match = { method: "PUT", path: "^/lake/log/\\d+", query: "^$" };
  await ask({ action: "fail", match, status: 403, code: "InsufficientAccountPermissions", times: 2 });
  const log = container().getBlockBlobClient("log/1.json");
  for (const _ of [1, 2]) {
    expect(await failure(log.upload("x", 1))).toMatchObject({
      statusCode: 403,
      code: "InsufficientAccountPermissions",
    });
  }
  expect(await log.exists()).toBe(false);
  await container().getBlockBlobClient("other").upload("x", 1);
  await log.upload("x", 1);
  expect(await struck()).toEqual([2]);
});

test("both protocols run into faults, each with an error of its own shape", async () => {
  await container().getBlockBlobClient("folder/a").upload("x", 1);
  const match = { method: "DELETE", query: "recursive=true" };
  await ask({ action: "fail", match, status: 409, code: "EndpointUnsupportedAccountFeatures" });
  expect(await failure(directory("folder").delete(true))).toMatchObject({
    statusCode: 409,
    code: "EndpointUnsupportedAccountFeatures",
  });
  expect(await container().getBlockBlobClient("folder/a").exists()).toBe(true);
  await directory("folder").delete(true);
  expect(await container().getBlockBlobClient("folder/a").exists()).toBe(false);
});

test("an answer is lost after the work is done", async () => {
  await ask({ action: "loseAnswer", match: { path: "/lost" } });
  await ask({ action: "loseAnswer", match: { method: "DELETE" } });
  const lost = container().getBlockBlobClient("lost/a");
  expect((await failure(lost.upload("x", 1))).statusCode).toBeUndefined();
  expect(await lost.exists()).toBe(true);
  expect((await failure(directory("lost").delete(true))).statusCode).toBeUndefined();
  expect(await lost.exists()).toBe(false);
});

test("a request is done late", async () => {
  await ask({ action: "delay", afterMs: 300, match: { path: "/late$" } });
  const began = Date.now();
  await container().getBlockBlobClient("late").upload("x", 1);
  expect(Date.now() - began).toBeGreaterThanOrEqual(290);
});

test("a fault that isn't one is refused, and so is any other request", async () => {
  for (const body of [{ action: "explode" }, { action: "delay" }, { action: "fail", status: 200, code: "x" }])
    expect((await ask(body)).status).toBe(400);
  expect((await fetch(local(), { method: "POST", body: "{" })).status).toBe(400);
  expect((await fetch(new URL("/local/clock", stack.lake.url))).status).toBe(404);
  expect(await struck()).toEqual([]);
});
