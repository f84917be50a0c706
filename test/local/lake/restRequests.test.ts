import {
  AccountSASPermissions,
  AccountSASResourceTypes,
  AccountSASServices,
  generateAccountSASQueryParameters,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { afterAll, beforeAll, expect, test } from "vitest";
import { storageAccount } from "../../../local/stack/storageAccount.ts";
import { startLakeForTests } from "./azuriteForTests.ts";

// Requests as other clients of the data-lake protocol send them, signed by an account signature.
let stack: Awaited<ReturnType<typeof startLakeForTests>>;
let sas: string;

function signature(permissions: string, resourceTypes: string): string {
  return generateAccountSASQueryParameters(
    {
      services: AccountSASServices.parse("b").toString(),
      resourceTypes: AccountSASResourceTypes.parse(resourceTypes).toString(),
      permissions: AccountSASPermissions.parse(permissions),
      expiresOn: new Date(Date.now() + 600_000),
    },
    new StorageSharedKeyCredential(storageAccount.name, storageAccount.key),
  ).toString();
}

beforeAll(async () => {
  stack = await startLakeForTests();
  sas = signature("rwdlac", "sco");
});
afterAll(() => stack.stop());

function send(
  method: string,
  path: string,
  query = "",
  init: RequestInit = {},
  signed = sas,
): Promise<Response> {
  return fetch(`${stack.lake.url}/${path}?${query === "" ? "" : `${query}&`}${signed}`, { method, ...init });
}

test("a filesystem is made, seen, listed, refused a second time, and deleted", async () => {
  const made = await send("PUT", "fs1", "resource=filesystem", {
    headers: { "x-ms-properties": `who=${btoa("me")}` },
  });
  expect(made.status).toBe(201);
  const again = await send("PUT", "fs1", "resource=filesystem");
  expect([again.status, again.headers.get("x-ms-error-code")]).toEqual([409, "FilesystemAlreadyExists"]);
  expect(await again.json()).toMatchObject({ error: { code: "FilesystemAlreadyExists" } });
  const head = await send("HEAD", "fs1", "resource=filesystem");
  expect(head.headers.get("x-ms-properties")).toBe(`who=${btoa("me")}`);
  expect(head.headers.get("x-ms-namespace-enabled")).toBe("true");
  const list = (await (await send("GET", "", "resource=account")).json()) as {
    filesystems: { name: string }[];
  };
  expect(list.filesystems.map(({ name }) => name)).toEqual(["fs1"]);
  expect((await send("DELETE", "fs1", "resource=filesystem")).status).toBe(202);
  const gone = await send("GET", "fs1", "resource=filesystem&recursive=true");
  expect([gone.status, gone.headers.get("x-ms-error-code")]).toEqual([404, "FilesystemNotFound"]);
});

test("a file is created, appended, flushed, read, described and deleted", async () => {
  await send("PUT", "fs2", "resource=filesystem");
  expect((await send("PUT", "fs2/a/b.txt", "resource=file")).status).toBe(201);
  expect((await send("PATCH", "fs2/a/b.txt", "action=append&position=0", { body: "hello" })).status).toBe(
    202,
  );
  expect((await send("PATCH", "fs2/a/b.txt", "action=flush&position=5")).status).toBe(200);
  const read = await send("GET", "fs2/a/b.txt", "", {
    headers: { accept: "application/json", range: "bytes=1-3" },
  });
  expect([read.status, await read.text(), read.headers.get("x-ms-resource-type")]).toEqual([
    206,
    "ell",
    "file",
  ]);
  const status = await send("HEAD", "fs2/a", "action=getStatus");
  expect(status.headers.get("x-ms-resource-type")).toBe("directory");
  const set = await send("PATCH", "fs2/a/b.txt", "action=setProperties", {
    headers: { "x-ms-properties": `k=${btoa("v")}` },
  });
  expect(set.status).toBe(200);
  expect((await send("HEAD", "fs2/a/b.txt", "action=getStatus")).headers.get("x-ms-properties")).toBe(
    `k=${btoa("v")}`,
  );
  const appended = await send("PATCH", "fs2/a/b.txt", "action=append&position=5&flush=true", { body: "!" });
  expect(appended.status).toBe(202);
  expect(await (await send("GET", "fs2/a/b.txt")).text()).toBe("hello!");
  expect((await send("DELETE", "fs2/a", "recursive=false")).status).toBe(409);
  expect((await send("DELETE", "fs2/a", "recursive=true")).status).toBe(200);
  const none = await send("GET", "fs2/a/b.txt", "", { headers: { accept: "application/json" } });
  expect(none.status).toBe(404);
  expect(await none.json()).toMatchObject({ error: { code: "PathNotFound" } });
});

test("a path listing has the documented members, as texts", async () => {
  await send("PUT", "fs3", "resource=filesystem");
  await send("PUT", "fs3/d/f", "resource=file");
  const list = (await (await send("GET", "fs3", "resource=filesystem&recursive=true")).json()) as {
    paths: Record<string, string>[];
  };
  expect(list.paths[0]).toMatchObject({ name: "d", isDirectory: "true", contentLength: "0" });
  expect(list.paths[1]).toMatchObject({ name: "d/f", contentLength: "0", owner: "$superuser" });
  expect(list.paths[1]).not.toHaveProperty("isDirectory");
  for (const key of ["lastModified", "etag", "group", "permissions", "creationTime"])
    expect(typeof list.paths[1]?.[key]).toBe("string");
});

test.each([
  ["no resource", "PUT", "fs3/x", "resource=link", 400, "InvalidQueryParameterValue"],
  ["no position", "PATCH", "fs3/d/f", "action=append", 400, "MissingRequiredQueryParameter"],
  ["no recursive", "GET", "fs3", "resource=filesystem", 400, "MissingRequiredQueryParameter"],
  ["an access control list", "PATCH", "fs3/d/f", "action=setAccessControl", 501, "NotImplemented"],
  ["an expiry", "PUT", "fs3/d/f", "comp=expiry", 501, "NotImplemented"],
  ["a lease of the data-lake protocol", "POST", "fs3/d/f", "", 501, "NotImplemented"],
])(
  "a request that lacks something or can't be served is refused by its error code: %s",
  async (_, method, path, query, status, code) => {
    const response = await send(method, path, query);
    expect([response.status, response.headers.get("x-ms-error-code")]).toEqual([status, code]);
  },
);

test("an account signature opens only the kinds of resources and operations it names", async () => {
  const objectsOnly = signature("rwdlac", "o");
  const refused = await send("PUT", "fs4", "resource=filesystem", {}, objectsOnly);
  expect([refused.status, refused.headers.get("x-ms-error-code")]).toEqual([
    403,
    "AuthorizationResourceTypeMismatch",
  ]);
  const listOnly = await send("PUT", "fs3/new", "resource=file", {}, signature("l", "sco"));
  expect(listOnly.status).toBe(403);
  const forged = sas.replace(/se=20\d\d/, "se=2099");
  expect((await send("PUT", "fs3/new", "resource=file", {}, forged)).status).toBe(403);
  const bearer = await fetch(`${stack.lake.url}/fs3/new?resource=file`, {
    method: "PUT",
    headers: { authorization: "Bearer x" },
  });
  expect(bearer.status).toBe(501);
});
