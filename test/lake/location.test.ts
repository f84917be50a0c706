import fc from "fast-check";
import { expect, test } from "vitest";
import { lakeUrl, parseLake } from "../../lake/location.ts";
import { describe, Terminal } from "../../model/errors.ts";

const KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const SAS = "sv=2024-11-04&sp=rwdl&sig=abc%2Bdef%3D";

const fabrikam = { account: "fabrikam", container: "container", folder: "path/to" };

test.each([
  ["blob", "https://fabrikam.blob.core.windows.net/container/path/to", fabrikam, "core.windows.net"],
  ["dfs", "https://fabrikam.dfs.core.windows.net/container/path/to/", fabrikam, "core.windows.net"],
  ["abfss", "abfss://container@fabrikam.dfs.core.windows.net/path/to", fabrikam, "core.windows.net"],
  [
    "abfss in capitals",
    "abfss://container@Fabrikam.dfs.core.windows.net/path/to",
    fabrikam,
    "core.windows.net",
  ],
  [
    "abfss without a folder",
    "abfss://container@fabrikam.dfs.core.windows.net/",
    { ...fabrikam, folder: "" },
    "core.windows.net",
  ],
  [
    "container alone",
    "https://fabrikam.blob.core.windows.net/container",
    { ...fabrikam, folder: "" },
    "core.windows.net",
  ],
  [
    "China",
    "https://fabrikam.blob.core.chinacloudapi.cn/container/path/to",
    fabrikam,
    "core.chinacloudapi.cn",
  ],
  [
    "US government",
    "abfss://container@fabrikam.dfs.core.usgovcloudapi.net/path/to",
    fabrikam,
    "core.usgovcloudapi.net",
  ],
  [
    "OneLake",
    "https://onelake.dfs.fabric.microsoft.com/Space/L.Lakehouse/Files/data",
    { account: "onelake", container: "Space", folder: "L.Lakehouse/Files/data" },
    "fabric.microsoft.com",
  ],
])("%s: %s", (_, text, place, rest) => {
  expect(parseLake(text)).toEqual({
    ...place,
    blobEndpoint: `https://${place.account}.blob.${rest}`,
    dfsEndpoint: `https://${place.account}.dfs.${rest}`,
    secret: { kind: "none" },
  });
});

test("an account in a DNS zone keeps it in both endpoints", () => {
  expect(parseLake("https://fabrikam.z17.dfs.storage.azure.net/c/f")).toMatchObject({
    account: "fabrikam",
    blobEndpoint: "https://fabrikam.z17.blob.storage.azure.net",
    dfsEndpoint: "https://fabrikam.z17.dfs.storage.azure.net",
  });
});

test.each(["http://127.0.0.1:10003", "http://localhost:10003", "http://[::1]:10003"])(
  "an emulator at %s carries the account in its path, and one endpoint serves both kinds of request",
  (origin) => {
    expect(parseLake(`${origin}/devstoreaccount1/copy/a/b;${KEY}`)).toEqual({
      account: "devstoreaccount1",
      container: "copy",
      folder: "a/b",
      blobEndpoint: `${origin}/devstoreaccount1`,
      dfsEndpoint: `${origin}/devstoreaccount1`,
      secret: { kind: "key", key: KEY },
    });
  },
);

test.each([
  ["key", `https://fabrikam.blob.core.windows.net/container/path/to;${KEY}`, { kind: "key", key: KEY }],
  [
    "shared key",
    `abfss://container@fabrikam.dfs.core.windows.net/path/to;sharedkey=${KEY}`,
    { kind: "key", key: KEY },
  ],
  ["SAS", `https://fabrikam.blob.core.windows.net/container/path/to?${SAS}`, { kind: "sas", sas: SAS }],
  [
    "SAS on abfss",
    `abfss://container@fabrikam.dfs.core.windows.net/path/to?${SAS}`,
    { kind: "sas", sas: SAS },
  ],
])("the secret of a %s is taken off the address, and is in no URL that is shown", (_, text, secret) => {
  const location = parseLake(text);
  expect(location.secret).toEqual(secret);
  expect(lakeUrl(location)).toBe("https://fabrikam.blob.core.windows.net/container/path/to");
});

const SECRET = "S3cretS3cretS3cret";
test.each([
  ["nothing", ""],
  ["no URL", SECRET],
  ["a path", `/container/${SECRET}`],
  ["another scheme", `adl://${SECRET}.azuredatalakestore.net/path`],
  ["no container", `https://fabrikam.blob.core.windows.net/;${KEY}`],
  ["no container on abfss", `abfss://fabrikam.dfs.core.windows.net/path;${KEY}`],
  ["an emulator without container", `http://127.0.0.1:10000/devstoreaccount1;${KEY}`],
  ["no encryption", `http://fabrikam.blob.core.windows.net/c/f?sig=${SECRET}`],
  ["a host of another service", `https://${SECRET}.queue.core.windows.net/c/f`],
  ["an S3 bucket", `https://bucket.s3.us-east-1.amazonaws.com/k;AwsCredentials=${SECRET},${SECRET}`],
  ["a secret as host", `https://${SECRET}/c/f`],
  ["a user", `https://${SECRET}@fabrikam.blob.core.windows.net/c/f`],
  ["a password", `abfss://c:${SECRET}@fabrikam.dfs.core.windows.net/f`],
  ["a fragment", `https://fabrikam.blob.core.windows.net/c/f#${SECRET}`],
  ["a token", `https://fabrikam.blob.core.windows.net/c/f;token=${SECRET}`],
  ["impersonation", "https://fabrikam.blob.core.windows.net/c/f;impersonate"],
  ["a prompt", "https://fabrikam.blob.core.windows.net/c/f;prompt"],
  ["a managed identity", `https://fabrikam.blob.core.windows.net/c/f;managed_identity=${SECRET}`],
  ["a broken key", `https://fabrikam.blob.core.windows.net/c/f;${SECRET}=`],
  ["key and SAS", `https://fabrikam.blob.core.windows.net/c/f?sig=${SECRET};${KEY}`],
  ["a query that is no SAS", `https://fabrikam.blob.core.windows.net/c/f?code=${SECRET}`],
  ["a broken percent encoding", `https://fabrikam.blob.core.windows.net/c/100%/f;${KEY}`],
  ["an encoded slash", "https://fabrikam.blob.core.windows.net/c/a%2F..%2Fb"],
])("%s is refused with what to write, and without repeating the text", (_, text) => {
  let error: unknown;
  try {
    parseLake(text);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(Terminal);
  expect(error).toHaveProperty("advice");
  expect(describe(error).toLowerCase()).not.toContain(SECRET.toLowerCase());
  expect(describe(error)).not.toContain(KEY);
});

test("a folder's URL is read back as the same folder, whatever its name, and all its forms have the same", () => {
  const name = fc
    .string({ minLength: 1, maxLength: 12, unit: "binary" })
    .filter((part) => !/[/\\]/.test(part) && part !== "." && part !== "..");
  fc.assert(
    fc.property(fc.array(name, { maxLength: 4 }), (parts) => {
      const path = parts.map(encodeURIComponent).join("/");
      const forms = [
        `https://fabrikam.blob.core.windows.net/c/${path}`,
        `https://fabrikam.dfs.core.windows.net/c/${path}`,
        `abfss://c@fabrikam.dfs.core.windows.net/${path}`,
      ].map(parseLake);
      for (const location of forms) {
        expect(location).toEqual(forms[0]);
        expect(location.folder).toBe(parts.join("/"));
        expect(parseLake(lakeUrl(location))).toEqual(location);
      }
    }),
  );
});
