import { gunzipSync } from "node:zlib";
import {
  BlobServiceClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
} from "@azure/storage-blob";
import type { DuckDBConnection } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StorageAccess } from "../../../../local/kusto/data/blobs.ts";
import { type ExportRequest, exportRelation } from "../../../../local/kusto/data/export.ts";
import { readIntoRelation } from "../../../../local/kusto/data/read.ts";
import { sharedKey } from "../../../../local/kusto/data/storageEndpoints.ts";
import { parseStorageLocation } from "../../../../local/kusto/data/storageLocation.ts";
import { type Azurite, startAzurite } from "./azurite.ts";
import { newConnection, noAccess, readRows } from "./rows.ts";

let azurite: Azurite;
let connection: DuckDBConnection;
let owner: StorageAccess;

beforeAll(async () => {
  azurite = await startAzurite();
  connection = await newConnection();
  owner = {
    keys: new Map([[azurite.endpoints.account, azurite.endpoints.key]]),
    allowsManagedIdentity: (usage, identity) => usage === "ExportRequest" && identity === "system",
  };
  await container().createIfNotExists();
});

afterAll(async () => {
  connection.closeSync();
  await azurite.stop();
});

const container = () =>
  new BlobServiceClient(azurite.endpoints.blob, sharedKey(azurite.endpoints)).getContainerClient("lake");

function sas(permissions: string): string {
  return generateBlobSASQueryParameters(
    {
      containerName: "lake",
      permissions: ContainerSASPermissions.parse(permissions),
      expiresOn: new Date(Date.now() + 3_600_000),
    },
    sharedKey(azurite.endpoints),
  ).toString();
}

const columns = [
  { name: "n", type: "long" as const },
  { name: "s", type: "string" as const },
];
const request = (more: Partial<ExportRequest>): ExportRequest => ({
  sql: "SELECT 1::BIGINT AS n, 'a, b' AS s",
  columns,
  format: "csv",
  compressed: true,
  targets: [],
  namePrefix: "e/x y",
  access: owner,
  ...more,
});
const folder = (): string => `${azurite.endpoints.blob}/lake/some/folder`;

describe("an export to a blob container", () => {
  it("writes below the folder and the prefix, and answers the path without the secret", async () => {
    const [artifact] = await exportRelation(connection, request({ targets: [`${folder()}?${sas("rw")}`] }));
    expect(artifact?.path).toMatch(
      /\/devstoreaccount1\/lake\/some\/folder\/e\/x%20y_1_[0-9a-f]{32}\.csv\.gz$/,
    );
    const name = decodeURIComponent(artifact?.path.split("/lake/")[1] ?? "");
    expect(gunzipSync(await container().getBlobClient(name).downloadToBuffer()).toString()).toBe(
      '1,"a, b"\n',
    );
    const read = await readIntoRelation(connection, {
      sources: [`${artifact?.path}?${sas("r")}`],
      columns,
      access: noAccess,
      usage: "NativeIngestion",
    });
    expect(await readRows(connection, read.relation)).toEqual([[1n, "a, b"]]);
    await read.release();
  });

  it.each([
    ["the account's key", () => `;${azurite.endpoints.key}`],
    ["sharedkey=", () => `;sharedkey=${azurite.endpoints.key}`],
    ["impersonation", () => ";impersonate"],
    ["a managed identity that may export", () => ";managed_identity=system"],
  ])("is let in by %s", async (_what, suffix) => {
    expect(await exportRelation(connection, request({ targets: [`${folder()}${suffix()}`] }))).toHaveLength(
      1,
    );
  });

  it.each([
    ["a signature without the right to write", () => `?${sas("r")}`],
    ["nothing", () => ""],
    ["a managed identity without the usage", () => ";managed_identity=12345678-1234-1234-1234-1234567890ab"],
  ])("is kept out by %s, for good", async (_what, suffix) => {
    await expect(
      exportRelation(connection, request({ targets: [`${folder()}${suffix()}`] })),
    ).rejects.toMatchObject({ permanent: true });
  });

  it("leaves what was written when it fails", async () => {
    const targets = [`${folder()}/left?${sas("rw")}`, `${folder()}/left?${sas("r")}`];
    await expect(
      exportRelation(
        connection,
        request({ targets, pieces: ["SELECT 1::BIGINT AS n, '' AS s", "SELECT 2::BIGINT AS n, '' AS s"] }),
      ),
    ).rejects.toThrow(/forbidden/);
    const left: string[] = [];
    for await (const blob of container().listBlobsFlat({ prefix: "some/folder/left/" })) left.push(blob.name);
    expect(left).toHaveLength(1);
  });

  it("stops where it is cancelled", async () => {
    const controller = new AbortController();
    controller.abort(new Error("canceled"));
    await expect(
      exportRelation(
        connection,
        request({ targets: [`${folder()}?${sas("rw")}`], signal: controller.signal }),
      ),
    ).rejects.toThrow("canceled");
  });

  it("writes headers and a byte order mark where they are asked for", async () => {
    const pieces = ["SELECT 1::BIGINT AS n, '' AS s", "SELECT 2::BIGINT AS n, '' AS s"];
    const found = await exportRelation(
      connection,
      request({
        targets: [`${folder()};impersonate`],
        pieces,
        compressed: false,
        includeHeaders: "firstFile",
        encoding: "UTF8BOM",
      }),
    );
    const texts = await Promise.all(
      found.map(async (one) =>
        (
          await container()
            .getBlobClient(decodeURIComponent(one.path.split("/lake/")[1] ?? ""))
            .downloadToBuffer()
        ).toString(),
      ),
    );
    expect(texts).toEqual(['\ufeffn,s\n1,""\n', '\ufeff2,""\n']);
  });
});

describe("a storage connection string", () => {
  it.each([
    [
      "https://a.blob.core.windows.net/c/p/x.csv?sv=1&sig=s",
      { account: "a", container: "c", path: "p/x.csv", authentication: { kind: "sas", sas: "sv=1&sig=s" } },
    ],
    [
      "https://a.dfs.core.windows.net/fs/p%20q/x;impersonate",
      {
        account: "a",
        container: "fs",
        path: "p q/x",
        endpoint: "https://a.dfs.core.windows.net",
        authentication: { kind: "impersonate" },
      },
    ],
    [
      "abfss://fs@a.dfs.core.windows.net/p/x;sharedkey=abc==",
      { account: "a", container: "fs", path: "p/x", authentication: { kind: "key", key: "abc==" } },
    ],
    [
      "https://a.blob.core.windows.net/c;token=ey.J",
      { container: "c", path: "", authentication: { kind: "token", token: "ey.J" } },
    ],
    [
      "http://127.0.0.1:10003/devstoreaccount1/c/x;managed_identity=system",
      {
        account: "devstoreaccount1",
        container: "c",
        endpoint: "http://127.0.0.1:10003/devstoreaccount1",
        authentication: { kind: "managedIdentity", identity: "system" },
      },
    ],
  ])("is taken apart: %s", (text, expected) => {
    expect(parseStorageLocation(text)).toMatchObject(expected);
  });

  it("never shows its secret", () => {
    for (const secret of ["?sig=SECRET", ";SECRETKEY==", ";token=SECRET"])
      expect(parseStorageLocation(`https://a.blob.core.windows.net/c/x${secret}`).printable).not.toContain(
        "SECRET",
      );
  });

  it.each([
    "ftp://a/b",
    "https://a.blob.core.windows.net/",
    "https://a.blob.core.windows.net/c;AwsCredentials=a,b",
  ])("is refused where it is none: %s", (text) => {
    expect(() => parseStorageLocation(text)).toThrow(/not valid/);
  });
});
