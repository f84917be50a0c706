import fc from "fast-check";
import { expect, test } from "vitest";
import { carriesLogin, lakeUrl, looksLikeLake, parseLake, parseLakes } from "../../lake/location.ts";
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
    login: { kind: "default" },
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
      login: { kind: "key", key: KEY },
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
  [
    "SAS as shared key",
    `abfss://container@fabrikam.dfs.core.windows.net/path/to;sharedkey=${SAS}`,
    { kind: "sas", sas: SAS },
  ],
  [
    "token",
    "https://fabrikam.blob.core.windows.net/container/path/to;token=ey.J0.x-y_z",
    { kind: "token", token: "ey.J0.x-y_z" },
  ],
  [
    "service principal",
    "Data Source=https://fabrikam.blob.core.windows.net/container/path/to; Fed=true; AppClientId=i; AppKey=k~;Authority Id=t",
    { kind: "applicationKey", clientId: "i", key: "k~", tenantId: "t" },
  ],
  [
    "managed identity of the app",
    "https://fabrikam.dfs.core.windows.net/container/path/to;Managed Identity=11112222-0000-1111-2222-333344445555",
    { kind: "managedIdentity", clientId: "11112222-0000-1111-2222-333344445555" },
  ],
  [
    "user to be asked",
    "Server=abfss://container@fabrikam.dfs.core.windows.net/path/to;User ID=u",
    { kind: "prompt", user: "u" },
  ],
])("the login by %s is taken off the address, and is in no URL that is shown", (_, text, login) => {
  const location = parseLake(text);
  expect(location.login).toEqual(login);
  expect(location.access).toBeUndefined();
  expect(carriesLogin(location)).toBe(true);
  expect(lakeUrl(location)).toBe("https://fabrikam.blob.core.windows.net/container/path/to");
});

test.each([
  ["impersonate", { kind: "impersonate" }],
  [" Impersonate ", { kind: "impersonate" }],
  ["managed_identity=system", { kind: "managedIdentity", id: "system" }],
  [
    "Managed_Identity = 12345678-1234-1234-1234-1234567890ab",
    { kind: "managedIdentity", id: "12345678-1234-1234-1234-1234567890ab" },
  ],
])(
  "after the folder, %j says how the clusters reach it, and the app logs in as itself or as it is told",
  (suffix, access) => {
    const folder = "https://fabrikam.blob.core.windows.net/container/path/to";
    expect(parseLake(`${folder};${suffix}`)).toMatchObject({ login: { kind: "default" }, access });
    expect(carriesLogin(parseLake(`${folder};${suffix}`))).toBe(false);
    const both = parseLake(`${folder};AppClientId=i;AppKey=k;Authority Id=t;${suffix}`);
    expect(both).toMatchObject({ login: { kind: "applicationKey" }, access });
    expect(parseLake(`${folder};${KEY};${suffix}`)).toMatchObject({
      login: { kind: "key", key: KEY },
      access,
    });
  },
);

test("several folders are separated by white space, and the spaces inside of a string separate nothing", () => {
  const texts = [
    "https://a.blob.core.windows.net/c/f",
    `abfss://c@b.dfs.core.windows.net/f;${KEY}`,
    'Data Source = https://c.blob.core.windows.net/c/f; Application Client Id=i; AppKey="k https://x"; Authority Id=t',
    "Network Address=https://d.blob.core.windows.net/c/f ; impersonate",
    "server = https://e.blob.core.windows.net/c/f",
    "https://f.blob.core.windows.net/c/f; managed_identity=system; User Token=x",
  ];
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.constantFrom(...texts), { minLength: 1 }),
      fc.constantFrom(" ", "\n", "\r\n  ", "\t"),
      (some, space) => {
        expect(parseLakes(`${space}${some.join(space)}${space}`)).toEqual(some.map(parseLake));
      },
    ),
  );
});

test("of several folders the wrong one is told, and one that is given twice", () => {
  const folder = "https://a.blob.core.windows.net/c/f";
  expect(() => parseLakes(`${folder} https://b.blob.core.windows.net/c/f;Bogus=1`)).toThrow(
    /^Lake folder 2: .*"Bogus" is not a known property/,
  );
  expect(() => parseLakes(`${folder}\nabfss://c@a.dfs.core.windows.net/f`)).toThrow(/given twice/);
  expect(() => parseLakes("  ")).toThrow(Terminal);
});

test.each([
  ["https://help.kusto.windows.net/Samples;Fed=true", false],
  ["Data Source=help.kusto.windows.net;AppKey=abfss", false],
  ["http://127.0.0.1:8080", false],
  ["http://127.0.0.1:8080/Samples", false],
  ["Fed=true;Data Source=https://a.dfs.core.windows.net/c/f", true],
  ["abfss://c@a.dfs.core.windows.net/f", true],
  [`http://127.0.0.1:10003/devstoreaccount1/copy/f;${KEY}`, true],
])("%s is told from the strings of the other kind: a lake, %s", (text, expected) => {
  expect(looksLikeLake(text)).toBe(expected);
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
  ["a prompt", "https://fabrikam.blob.core.windows.net/c/f;prompt"],
  ["a managed identity of no id", `https://fabrikam.blob.core.windows.net/c/f;managed_identity=${SECRET}?`],
  [
    "two ways for the clusters",
    "https://fabrikam.blob.core.windows.net/c/f;impersonate;managed_identity=system",
  ],
  ["a token and a key", `https://fabrikam.blob.core.windows.net/c/f;token=${SECRET};${KEY}`],
  [
    "a SAS and an application",
    `https://fabrikam.blob.core.windows.net/c/f?sig=${SECRET};AppKey=${SECRET};AppClientId=i;Authority Id=t`,
  ],
  ["half an application", `https://fabrikam.blob.core.windows.net/c/f;AppKey=${SECRET}`],
  ["an unknown property", `https://fabrikam.blob.core.windows.net/c/f;Bogus=${SECRET}`],
  ["a database", `https://fabrikam.blob.core.windows.net/c/f;Initial Catalog=${SECRET}`],
  ["a token without text", "https://fabrikam.blob.core.windows.net/c/f;token="],
  ["a shared key that is none", `https://fabrikam.blob.core.windows.net/c/f;sharedkey=${SECRET}`],
  ["a token to an emulator", `http://127.0.0.1:10003/devstoreaccount1/c/f;token=${SECRET}`],
  ["a token to somebody else's host", `https://fabrikam.blob.example.com/c/f;token=${SECRET}`],
  ["the app's identity to somebody else's host", "https://fabrikam.blob.example.com/c/f"],
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
