import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cluster, startCluster } from "./cluster.ts";

let kusto: Cluster;
beforeAll(async () => {
  kusto = await startCluster();
});
afterAll(async () => {
  await kusto.stop();
});

async function post(path: string, csl: string, more: object = {}): Promise<Response> {
  return fetch(`${kusto.url}${path}`, {
    method: "POST",
    headers: { "x-ms-client-request-id": "my-id" },
    body: JSON.stringify({ db: "Samples", csl, ...more }),
  });
}

test("longs arrive with every digit, and values have their documented forms", async () => {
  const text = await (
    await post(
      "/v2/rest/query",
      'print a = 9223372036854775807, b = datetime(2020-01-02 03:04:05.1234567), c = time(1.02:03:04.5), d = real(nan), e = dynamic({"x":[1,null]}), f = decimal(1.50), g = bool(null)',
    )
  ).text();
  expect(text).toContain(
    '[9223372036854775807,"2020-01-02T03:04:05.1234567Z","1.02:03:04.5000000","NaN","{\\"x\\":[1,null]}"',
  );
});

test("version 2 answers in frames, the header first and the completion last", async () => {
  const response = await post("/v2/rest/query", "print 1");
  expect(response.headers.get("x-ms-client-request-id")).toBe("my-id");
  const frames: { FrameType: string; TableKind?: string; HasErrors?: boolean }[] = JSON.parse(
    await response.text(),
  );
  expect(frames.map((frame) => frame.TableKind ?? frame.FrameType)).toEqual([
    "DataSetHeader",
    "QueryProperties",
    "PrimaryResult",
    "QueryCompletionInformation",
    "DataSetCompletion",
  ]);
  expect(frames.at(-1)?.HasErrors).toBe(false);
});

test("a query that uses a cursor function gets the cursor in its properties", async () => {
  await kusto.command(".create table Cur (a:long)");
  const text = await (await post("/v2/rest/query", "Cur | where cursor_after('')")).text();
  expect(text).toMatch(/\[1,"Cursor",\d+\]|\[1,"Cursor","\d+"\]/);
});

test("version 1 ends with a table of contents", async () => {
  const body: { Tables: { Rows: unknown[][] }[] } = JSON.parse(
    await (await post("/v1/rest/query", "print x = 1")).text(),
  );
  expect(body.Tables.at(-1)?.Rows.map((row) => row[1])).toEqual([
    "QueryResult",
    "QueryProperties",
    "QueryStatus",
  ]);
  expect(body.Tables[0]?.Rows).toEqual([[1]]);
});

test("comments and blank lines may stand before a command", async () => {
  const lead = "\n// what it does\n\n  // and why\n";
  expect(await kusto.command(`${lead}.create table Commented (a:long)`)).toMatchObject([
    { TableName: "Commented" },
  ]);
  await kusto.command(`${lead}.set-or-append Commented <| ${lead} print a = 1`);
  expect(await kusto.command(`${lead}.show tables ${lead} | where TableName == 'Commented' | count`)).toEqual(
    [{ Count: 1 }],
  );
  expect((await post("/v2/rest/query", `${lead}.show tables`)).status).toBe(400);
  expect((await post("/v1/rest/mgmt", "// nothing else")).status).toBe(400);
});

test("an error is a OneApi body that says whether to retry", async () => {
  const response = await post("/v2/rest/query", "Nowhere | take 1");
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    error: { "@permanent": true, "@database": "Samples", innererror: { "@permanent": true } },
  });
});

test("results over a limit are cut and the answer says so in a 200", async () => {
  const response = await post("/v2/rest/query", "range i from 1 to 100 step 1", {
    properties: { Options: { truncationmaxrecords: 10 } },
  });
  expect(response.status).toBe(200);
  const frames: {
    FrameType: string;
    HasErrors?: boolean;
    OneApiErrors?: unknown[];
    TableKind?: string;
    Rows?: unknown[];
  }[] = JSON.parse(await response.text());
  expect(frames.at(-1)).toMatchObject({
    HasErrors: true,
    OneApiErrors: [{ error: { code: "LimitsExceeded" } }],
  });
  expect(await kusto.query("range i from 1 to 100 step 1 | count", { truncationmaxrecords: 10 })).toEqual([
    { Count: 100 },
  ]);
  await expect(kusto.query("range i from 1 to 600000 step 1")).rejects.toThrow(
    /E_QUERY_RESULT_SET_TOO_LARGE/,
  );
  expect(await kusto.query("range i from 1 to 600000 step 1", { notruncation: true })).toHaveLength(600_000);
});

test("query parameters are bound as values, whatever they hold", async () => {
  const nasty = `"; drop '\\ | //`;
  const rows = await kusto.query(
    "declare query_parameters (n:long, s:string, d:dynamic = dynamic([1])); print n = n + 1, s = s, d = array_length(d)",
    {},
    { n: 41, s: nasty },
  );
  expect(rows).toEqual([{ n: 42, s: nasty, d: 1 }]);
});

test("a lost answer leaves the work done", async () => {
  await kusto.local("faults", { match: { kind: "mgmt", text: "create table Lost" }, action: "loseAnswer" });
  await expect(kusto.command(".create table Lost (a:int)")).rejects.toThrow();
  expect(await kusto.command(".show tables | where TableName == 'Lost' | count")).toEqual([{ Count: 1 }]);
  expect(await kusto.get("faults")).toMatchObject([{ action: "loseAnswer", fired: 1 }]);
});

test("faults fail and throttle as often as they are told", async () => {
  await kusto.local("faults", { match: { kind: "query", text: "victim" }, action: "throttle", times: 2 });
  for (let round = 0; round < 2; round += 1)
    expect(await kusto.failure("print 'victim'")).toMatchObject({ status: 429, permanent: false });
  expect(await kusto.query("print x = 'victim'")).toEqual([{ x: "victim" }]);
});

test("a bearer token's principal is who asks", async () => {
  const payload = Buffer.from(JSON.stringify({ appid: "app-1", tid: "tenant-1" })).toString("base64url");
  const response = await fetch(`${kusto.url}/v1/rest/mgmt`, {
    method: "POST",
    headers: { authorization: `Bearer x.${payload}.y` },
    body: JSON.stringify({ db: "Samples", csl: ".show principal" }),
  });
  expect(await response.text()).toContain("aadapp=app-1;tenant-1");
});
