import { text } from "node:stream/consumers";
import { ContainerClient, RestError } from "@azure/storage-blob";
import { afterAll, beforeAll, expect, test } from "vitest";
import { storageFailure } from "../../lake/failure.ts";
import { openLake } from "../../lake/lake.ts";
import { parseLake } from "../../lake/location.ts";
import { Retryable, Terminal } from "../../model/errors.ts";
import { put, startStorage } from "./lakeForTests.ts";

let storage: Awaited<ReturnType<typeof startStorage>>;
beforeAll(async () => {
  storage = await startStorage();
  await storage.open("lake").container.create();
});
afterAll(() => storage.stop());

test("the SAS made with an account key lets a cluster read, write and list the container for a day, and delete nothing", async () => {
  const lake = storage.open("lake/job");
  await put(lake, "a.csv", "1,2");
  const suffix = await lake.clusterSuffix({ kind: "sas" });
  expect(suffix).toMatch(/^\?/);
  const url = `${lake.location.blobEndpoint}/${lake.location.container}${suffix}`;
  const cluster = new ContainerClient(url, undefined, { retryOptions: { maxTries: 1 } });

  const read = await cluster.getBlockBlobClient(lake.blobName("a.csv")).download();
  expect(read.readableStreamBody && (await text(read.readableStreamBody))).toBe("1,2");
  await cluster.getBlockBlobClient(lake.blobName("b.csv")).upload("3", 1);
  const names: string[] = [];
  for await (const blob of cluster.listBlobsFlat({ prefix: lake.blobName("") })) names.push(blob.name);
  expect(names).toEqual(expect.arrayContaining([lake.blobName("a.csv"), lake.blobName("b.csv")]));
  await expect(cluster.deleteBlob(lake.blobName("a.csv"))).rejects.toMatchObject({ statusCode: 403 });

  const parameters = new URLSearchParams(suffix.slice(1));
  const left = Date.parse(parameters.get("se") ?? "") - Date.now();
  expect(left).toBeGreaterThan(8 * 3_600_000);
  expect(left).toBeLessThanOrEqual(24 * 3_600_000);
  expect(Date.parse(parameters.get("st") ?? "")).toBeLessThan(Date.now());
  expect(await lake.clusterSuffix({ kind: "sas" })).toBe(suffix);
});

test("a lake that was given by a SAS hands on that SAS, and works with it", async () => {
  const keyed = storage.open("lake/shared");
  const sas = (await keyed.clusterSuffix({ kind: "sas" })).slice(1);
  const lake = openLake(parseLake(`${storage.url}/lake/shared?${sas}`));
  await put(lake, "c.csv", "5");
  expect(await lake.clusterSuffix({ kind: "sas" })).toBe(`?${sas}`);
  expect(lake.url).not.toContain("sig=");
});

test("identities are handed to the clusters by name, without a secret", async () => {
  const lake = storage.open("lake/x");
  expect(await lake.clusterSuffix({ kind: "impersonate" })).toBe(";impersonate");
  expect(await lake.clusterSuffix({ kind: "managedIdentity", id: "system" })).toBe(
    ";managed_identity=system",
  );
});

test("a lake that is reached over plain http without a key says what it lacks", () => {
  expect(() => openLake(parseLake("http://127.0.0.1:1/account/copy/folder"))).toThrow(
    expect.objectContaining({
      message: expect.stringContaining("plain http"),
      advice: expect.stringContaining("account key"),
    }),
  );
});

test("paths lie below the lake folder, or in the container where there is none", () => {
  expect(storage.open("lake/a/b").blobName("log/x")).toBe("a/b/log/x");
  expect(storage.open("lake").blobName("log/x")).toBe("log/x");
});

test.each([
  [undefined, Retryable],
  [408, Retryable],
  [429, Retryable],
  [500, Retryable],
  [503, Retryable],
  [400, Terminal],
  [403, Terminal],
  [404, Terminal],
  [409, Terminal],
])("what storage answers with %s is an error that can be acted on", (statusCode, kind) => {
  const request = { url: "https://a.blob.core.windows.net/c/f?sig=secret" };
  const error = new RestError("Denied.\nString to sign: secret", {
    code: "Some",
    ...(statusCode === undefined ? {} : { statusCode }),
  });
  Object.assign(error, { request });
  const told = storageFailure(error);
  expect(told).toBeInstanceOf(kind);
  expect(told).toHaveProperty("message", expect.stringContaining("https://a.blob.core.windows.net/c/f"));
  expect(told).toHaveProperty("message", expect.not.stringContaining("secret"));
});

test("what is not from storage stays as it is", () => {
  const error = new Error("x");
  expect(storageFailure(error)).toBe(error);
});
