import { createServer } from "node:http";
import { DataLakeServiceClient } from "@azure/storage-file-datalake";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Lake } from "../../lake/lake.ts";
import { deleteFolder, ensureContainer, fileSizes, subfolders } from "../../lake/stagedFiles.ts";
import { STATUS_FILE, writeStatusFile } from "../../lake/statusFile.ts";
import { files, get, put, startStorage } from "./lakeForTests.ts";

let storage: Awaited<ReturnType<typeof startStorage>>;
beforeAll(async () => {
  storage = await startStorage();
  await storage.open("lake").container.create();
});
afterAll(() => storage.stop());

const KEPT = [
  "staged/1/20/1.0.0/1/part.gz",
  "staged/1/2x",
  "staged/11/2/a.gz",
  "staged/10/2/b.gz",
  "log/2.json",
];
const GONE = ["staged/1/2/2.0.0/1/part 1.gz", "staged/1/2/2.0.0/2/ä#?%25.gz", "staged/1/2/top.gz"];

test.each(["lake", "lake/a job/ü%25"])(
  "in %s a folder goes with all in it, however deep, and nothing beside it",
  async (folder) => {
    const lake = storage.open(folder);
    for (const path of [...KEPT, ...GONE]) await put(lake, path, path);
    await deleteFolder(lake, "staged/1/2");
    const left = await files(lake);
    expect(left.filter((path) => [...KEPT, ...GONE].includes(path)).toSorted()).toEqual(KEPT.toSorted());
  },
);

test("a folder that is gone, or never was, is deleted without an error", async () => {
  const lake = storage.open("lake/gone");
  await put(lake, "staged/1/1/a", "a");
  await deleteFolder(lake, "staged/1/1");
  await deleteFolder(lake, "staged/1/1");
  await deleteFolder(storage.open("lake/never"), "staged/9/9");
  expect(await files(lake)).toEqual([]);
});

/** A lake whose dfs endpoint alone answers so, or is no server. */
async function withDfs(lake: Lake, status: number | undefined, use: (lake: Lake) => Promise<void>) {
  const server = createServer((_, response) => {
    response.writeHead(status ?? 500, { "x-ms-error-code": "AuthorizationFailure" }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  if (status === undefined) await close();
  const endpoint = `http://127.0.0.1:${address.port}/account`;
  try {
    const files = new DataLakeServiceClient(endpoint, undefined, { retryOptions: { maxTries: 1 } });
    await use({ ...lake, files });
  } finally {
    if (status !== undefined) await close();
  }
}

test.each([403, 501, undefined])(
  "where the dfs endpoint refuses a folder (%s), or can't be reached, the folder goes blob by blob",
  async (status) => {
    const lake = storage.open(`lake/dfs-${status ?? "unreachable"}`);
    for (const path of [...KEPT, ...GONE]) await put(lake, path, path);
    await withDfs(lake, status, (each) => expect(deleteFolder(each, "staged/1/2")).resolves.toBeUndefined());
    expect((await files(lake)).toSorted()).toEqual(KEPT.toSorted());
  },
);

test.each([429, 503])("a dfs endpoint that is busy (%s) is asked again later", async (status) => {
  const lake = storage.open(`lake/dfs-${status}`);
  for (const path of GONE) await put(lake, path, path);
  await withDfs(lake, status, async (each) => {
    await expect(deleteFolder(each, "staged/1/2")).rejects.toMatchObject({ statusCode: status });
  });
  expect((await files(lake)).toSorted()).toEqual(GONE.toSorted());
});

test("the folders directly in a folder are named, and neither files nor deeper folders", async () => {
  const lake = storage.open("lake/tree");
  for (const path of ["staged/1/2/a", "staged/12/b", "staged/file", "staged2/7/c"])
    await put(lake, path, "x");
  expect((await subfolders(lake, "staged")).toSorted()).toEqual(["1", "12"]);
  expect(await subfolders(lake, "none")).toEqual([]);
});

test("the sizes of a folder's files are told by their names in it", async () => {
  const lake = storage.open("lake/sizes");
  await put(lake, "staged/1/a b.gz", "12345");
  await put(lake, "staged/1/sub/c.gz", "1");
  await put(lake, "staged/10/d.gz", "1");
  const sizes = await fileSizes(lake, "staged/1");
  expect(sizes.get("a b.gz")).toBe(5);
  expect(sizes.get("sub/c.gz")).toBe(1);
  expect([...sizes.keys()].some((name) => name.includes("d.gz"))).toBe(false);
});

test("a container that is missing is created, once", async () => {
  const lake = storage.open("made-by-need/x");
  expect(await ensureContainer(lake)).toBe(true);
  expect(await ensureContainer(storage.open("made-by-need/y"))).toBe(false);
  await put(lake, "a", "a");
  expect(await get(lake, "a")).toBe("a");
});

test("the status file is replaced as a whole", async () => {
  const lake = storage.open("lake/status");
  await writeStatusFile(lake, "a long first content, ü\r\n");
  await writeStatusFile(lake, "short\r\n");
  expect(await get(lake, STATUS_FILE)).toBe("short\r\n");
});
