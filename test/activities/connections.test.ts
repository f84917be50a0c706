import { expect, it } from "vitest";
import { connectionTo, lakeWithLogin, readConnections } from "../../activities/connections.ts";
import { describe } from "../../model/errors.ts";

const NONE = {
  KUSTO_COPY_SOURCE: "",
  KUSTO_COPY_DESTINATION: "",
  KUSTO_COPY_LAKE: "",
  KUSTO_COPY_JOBS: "",
  KUSTO_COPY_CONNECTIONS: "",
};
const A = "https://a.kusto.windows.net";
const B = "https://b.kusto.windows.net";
const LAKE = "https://account.blob.core.windows.net";
const KEY = `${"k".repeat(86)}==`;
const token = (value: string) => ({ kind: "token", token: value });

it("a cluster that a job names is reached with the login of the settings that know it, and others by identity", () => {
  const known = readConnections({
    ...NONE,
    KUSTO_COPY_SOURCE: `${A};UserToken=one`,
    KUSTO_COPY_DESTINATION: B,
    KUSTO_COPY_CONNECTIONS: `\n${B};UserToken=two\r\n\n${LAKE}/c/f;${KEY}\n`,
  });
  expect(connectionTo(A, "source", known).login).toEqual(token("one"));
  // A login wins over the bare address that the job's own setting has.
  expect(connectionTo(B, "destination", known).login).toEqual(token("two"));
  expect(connectionTo("https://c.kusto.windows.net", "source", known).login).toEqual({ kind: "default" });
});

it("where one cluster is source and destination, each end has its own login", () => {
  const known = readConnections({
    ...NONE,
    KUSTO_COPY_SOURCE: `${A};UserToken=reader`,
    KUSTO_COPY_DESTINATION: `${A};UserToken=writer`,
  });
  expect(connectionTo(A, "source", known).login).toEqual(token("reader"));
  expect(connectionTo(A, "destination", known).login).toEqual(token("writer"));
});

it("a lake that a job names is reached with what the settings hold for its account, a SAS for its container alone", () => {
  const known = readConnections({
    ...NONE,
    KUSTO_COPY_LAKE: `${LAKE}/keyed/f;${KEY} https://shared.blob.core.windows.net/c/f?sig=abc`,
    KUSTO_COPY_CONNECTIONS: JSON.stringify([
      "https://own.blob.core.windows.net/c;managed_identity=system;AppClientId=i;AppKey=k;Authority Id=t",
    ]),
  });
  expect(lakeWithLogin(`${LAKE}/other/g`, known)).toMatchObject({
    container: "other",
    folder: "g",
    login: { kind: "key", key: KEY },
  });
  expect(lakeWithLogin("https://shared.blob.core.windows.net/c/g", known).login.kind).toBe("sas");
  expect(lakeWithLogin("https://shared.blob.core.windows.net/other/g", known).login.kind).toBe("default");
  expect(lakeWithLogin("https://own.dfs.core.windows.net/c/f", known)).toMatchObject({
    login: { kind: "applicationKey" },
    access: { kind: "managedIdentity", id: "system" },
  });
});

it("of two strings for one account the nearer one is taken", () => {
  const known = readConnections({
    ...NONE,
    KUSTO_COPY_CONNECTIONS: [`${LAKE}/a;token=far`, `${LAKE}/b;token=near`, `${LAKE}/b/f;token=same`].join(
      "\n",
    ),
  });
  expect(lakeWithLogin(`${LAKE}/b/g`, known).login).toEqual(token("near"));
  expect(lakeWithLogin(`${LAKE}/b/f`, known).login).toEqual(token("same"));
  expect(lakeWithLogin(`${LAKE}/c`, known).login).toEqual(token("far"));
});

it("a certificate of several lines is one string", () => {
  const pem =
    "-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\nYQ==\n-----END PRIVATE KEY-----";
  const known = readConnections({
    ...NONE,
    KUSTO_COPY_CONNECTIONS: `${A};AppClientId=i;Authority Id=t;Application Certificate PrivateKey="${pem}"\n${B}`,
  });
  expect(connectionTo(A, "source", known).login).toMatchObject({ kind: "applicationCertificate", pem });
  expect(known.others).toHaveLength(2);
});

it.each([
  [{ KUSTO_COPY_SOURCE: `${A};Bogus=s3cr3t` }, "KUSTO_COPY_SOURCE"],
  [{ KUSTO_COPY_LAKE: `${LAKE}/c;token=s3cr3t;AppKey=s3cr3t` }, "KUSTO_COPY_LAKE"],
  [{ KUSTO_COPY_CONNECTIONS: `${A}\n${B};AppKey=s3cr3t` }, "KUSTO_COPY_CONNECTIONS, string 2"],
  [{ KUSTO_COPY_DESTINATION: `${A};User ID=s3cr3t` }, "prompt"],
])("what can't be used is told by the setting that holds it: %j", (settings, named) => {
  let error: unknown;
  try {
    readConnections({ ...NONE, ...settings });
  } catch (thrown) {
    error = thrown;
  }
  expect(describe(error)).toContain(named);
  expect(describe(error)).not.toContain("s3cr3t");
});
