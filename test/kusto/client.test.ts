import { ClientRequest } from "node:http";
import { ClientRequestProperties } from "azure-kusto-data";
import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { createKustoClient, isReadOnly, type KustoClient, rowsOf } from "../../kusto/client.ts";
import { exportAsync } from "../../kusto/commands/exportData.ts";
import { ingestAsync } from "../../kusto/commands/ingest.ts";
import { parseKustoConnection } from "../../kusto/connectionString.ts";
import { describe as describeError, isRetryable, Retryable, Terminal } from "../../model/errors.ts";
import {
  commandAnswer,
  type FakeCluster,
  oneApiError,
  type PlannedAnswer,
  queryAnswer,
  type ReceivedRequest,
  startFakeCluster,
} from "./fakeCluster.ts";

let cluster: FakeCluster | undefined;
let client: KustoClient | undefined;

async function connect(
  answer: (request: ReceivedRequest, count: number) => PlannedAnswer,
): Promise<{ cluster: FakeCluster; client: KustoClient }> {
  cluster = await startFakeCluster(answer);
  client = createKustoClient(parseKustoConnection(cluster.url));
  return { cluster, client };
}

afterEach(async () => {
  vi.restoreAllMocks();
  client?.close();
  await cluster?.close();
});

const one = queryAnswer({ x: "long" }, "[[1]]");

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable("it succeeded"),
    (error: unknown) => error,
  );
}

function sent(request: ReceivedRequest | undefined): {
  db: string;
  csl: string;
  properties?: { Options?: Record<string, unknown>; Parameters?: Record<string, unknown> };
} {
  return JSON.parse(request?.body ?? "null");
}

describe("values", () => {
  it("come without losing a digit, and each type in one form", async () => {
    const { client } = await connect(() => ({
      body: queryAnswer(
        {
          l: "long",
          i: "int",
          r: "real",
          nan: "real",
          inf: "real",
          t: "datetime",
          s: "timespan",
          d: "dynamic",
          n: "dynamic",
          b: "bool",
          m: "decimal",
          none: "long",
        },
        `[[9223372036854775807,-5,1.5e-7,"NaN","-Infinity","2026-01-02T03:04:05.1234567Z","1.00:00:00.0000001",{"a":9007199254740993,"b":1.0},"{\\"a\\":1}",true,"1.23456789012345678901234567890123",null]]`,
      ),
    }));
    expect(await client.query("D", "T")).toEqual([
      {
        l: 9223372036854775807n,
        i: -5,
        r: 1.5e-7,
        nan: Number.NaN,
        inf: Number.NEGATIVE_INFINITY,
        t: "2026-01-02T03:04:05.1234567Z",
        s: "1.00:00:00.0000001",
        d: '{"a":9007199254740993,"b":1.0}',
        n: '{"a":1}',
        b: true,
        m: "1.23456789012345678901234567890123",
        none: null,
      },
    ]);
  });

  it("of commands too, where a bool may be a number and a datetime have fewer digits", async () => {
    const { client } = await connect(() => ({
      body: commandAnswer(
        { n: "long", b: "bool", t: "datetime" },
        `[[-9223372036854775808,1,"2026-01-02T03:04:05Z"]]`,
      ),
    }));
    expect(await client.command("D", ".show x")).toEqual([
      { n: -9223372036854775808n, b: true, t: "2026-01-02T03:04:05.0000000Z" },
    ]);
  });

  it("that don't fit what is expected are an error that names the column", async () => {
    expect(() =>
      rowsOf(z.object({ Path: z.string(), NumRecords: z.bigint() }), [{ Path: "p", NumRecords: "7" }]),
    ).toThrow(/NumRecords/);
  });
});

describe("a request", () => {
  it("asks for strong consistency when told, and never for cached results", async () => {
    const { client, cluster } = await connect(() => ({ body: one }));
    await client.query("My db", "T | count", {
      consistency: "strong",
      clientRequestId: "kc;run1",
      timeoutMs: 3_600_000,
      parameters: { p: "it's" },
    });
    const [request] = cluster.requests;
    expect(request?.path).toBe("/v2/rest/query");
    expect(request?.headers["x-ms-client-request-id"]).toBe("kc;run1");
    expect(sent(request)).toEqual({
      db: "My db",
      csl: "T | count",
      properties: {
        Options: {
          servertimeout: "01:00:00.000",
          query_datascope: "all",
          queryconsistency: "strongconsistency",
        },
        Parameters: { p: "'it\\'s'" },
      },
    });
  });

  it("of an export or an ingestion gives the background an hour, and waits for the answer no longer than for another's", async () => {
    const { client, cluster } = await connect(() => ({ body: commandAnswer({ x: "string" }, "[]") }));
    const common = { format: "csv", targets: ["https://a/b;impersonate"], namePrefix: "part" } as const;
    const waits = vi.spyOn(ClientRequestProperties.prototype, "setClientTimeout");
    await client.command("D", exportAsync({ ...common, compressed: true, query: "['async'] | take 1" }));
    await client.command(
      "D",
      ingestAsync({ table: "T", blobs: ["https://a/b;impersonate"], format: "csv", tags: [] }),
    );
    await client.command("D", ".show table async details");
    const limits = cluster.requests.map((each) => sent(each).properties?.Options?.servertimeout);
    expect(limits).toEqual(["01:00:00.000", "01:00:00.000", "00:10:00.000"]);
    expect(waits.mock.calls).toEqual([[630_000], [630_000], [630_000]]);
    waits.mockRestore();
  });

  it("of a command goes to the management endpoint", async () => {
    const { client, cluster } = await connect(() => ({ body: commandAnswer({ x: "string" }, "[]") }));
    expect(await client.command("D", ".show tables")).toEqual([]);
    expect(cluster.requests[0]?.path).toBe("/v1/rest/mgmt");
  });

  it("uses one client and one connection per cluster", async () => {
    const { client, cluster } = await connect(({ path }) => ({
      body: path.endsWith("/mgmt") ? commandAnswer({ x: "string" }, "[]") : one,
    }));
    expect(createKustoClient(parseKustoConnection(cluster.url))).toBe(client);
    await client.query("D", "T");
    const before = cluster.connections();
    for (let i = 0; i < 3; i++) {
      await client.query("D", "T");
      await client.command("Other", ".show tables");
    }
    expect(cluster.requests).toHaveLength(7);
    expect(cluster.connections()).toBe(before);
  });

  it.each([
    ["a query", 4, (of: KustoClient) => of.query("D", "T", { idempotent: false })],
    ["a command", 10, (of: KustoClient) => of.command("D", ".drop table T")],
  ] as const)(
    "of %s may take the cluster %i minutes, and ends half a minute later where it is never answered",
    async (_, minutes, ask) => {
      const { client, cluster } = await connect(() => ({ silent: true, body: "" }));
      // A thousand times as quick: what the client library waits on a connection, in milliseconds.
      const limits: number[] = [];
      const original = ClientRequest.prototype.setTimeout;
      vi.spyOn(ClientRequest.prototype, "setTimeout").mockImplementation(function (
        this: ClientRequest,
        ms,
        onTimeout,
      ) {
        limits.push(ms);
        return original.call(this, ms / 1000, onTimeout);
      });
      const error = await failureOf(ask(client));
      expect(isRetryable(error)).toBe(true);
      expect(describeError(error)).toContain(cluster.url);
      const minute = 60_000;
      expect(limits.filter((ms) => ms >= minute)).toEqual(
        cluster.requests.map(() => minutes * minute + minute / 2),
      );
      expect(sent(cluster.requests[0]).properties?.Options).toMatchObject({
        servertimeout: `00:${String(minutes).padStart(2, "0")}:00.000`,
      });
    },
  );
});

describe("a failure", () => {
  it("that Kusto calls permanent is terminal, says where and what, and is not tried again", async () => {
    const { client, cluster } = await connect(() => ({
      status: 400,
      body: oneApiError("SEM0100: no such table", true),
    }));
    const error = await failureOf(client.query("D", "T", { context: { table: "T" } }));
    expect(error).toBeInstanceOf(Terminal);
    expect(describeError(error)).toContain("SEM0100: no such table");
    expect(describeError(error)).toContain(`cluster ${cluster.url}, database D, table T, operation query`);
    expect(cluster.requests).toHaveLength(1);
  });

  it("with HTTP 200 is a failure", async () => {
    const { client } = await connect(() => ({
      body: queryAnswer(
        { x: "long" },
        "[[1]]",
        `"HasErrors":true,"Cancelled":false,"OneApiErrors":[${oneApiError("Partial failure", true)}]`,
      ),
    }));
    expect(describeError(await failureOf(client.query("D", "T")))).toContain("Partial failure");
  });

  it("is what has no result at all, and not no rows", async () => {
    const body = queryAnswer({ x: "long" }, "[]").replaceAll("PrimaryResult", "Other");
    const { client } = await connect(() => ({ body }));
    const error = await failureOf(client.query("D", "T", { idempotent: false }));
    expect(isRetryable(error)).toBe(true);
    expect(describeError(error)).toContain("no primary result");
  });

  it("in the place of a row is a failure", async () => {
    const { client } = await connect(() => ({
      body: queryAnswer({ x: "long" }, `[[1],{"OneApiErrors":[${oneApiError("Out of memory", true)}]}]`),
    }));
    expect(describeError(await failureOf(client.query("D", "T")))).toContain("Out of memory");
  });

  it("of a command's query, told by its status table with HTTP 200, is a failure", async () => {
    const table = (name: string, columns: string[], rows: unknown[]) => ({
      TableName: name,
      Columns: columns.map((column) => ({
        ColumnName: column,
        ColumnType: column === "Severity" || column === "Ordinal" ? "int" : "string",
      })),
      Rows: rows,
    });
    const body = JSON.stringify({
      Tables: [
        table("Table_0", ["x"], []),
        table("Table_1", ["Value"], []),
        table("Table_2", ["Severity", "StatusDescription"], [[2, "The query broke"]]),
        table(
          "Table_3",
          ["Ordinal", "Kind", "Name"],
          [
            [0, "QueryResult", "P"],
            [1, "QueryProperties", "E"],
            [2, "QueryStatus", "S"],
          ],
        ),
      ],
    });
    const { client } = await connect(() => ({ body }));
    expect(describeError(await failureOf(client.command("D", ".show tables | count")))).toContain(
      "The query broke",
    );
  });

  it("by throttling may be tried again even where it is called permanent", async () => {
    const { client, cluster } = await connect(() => ({
      status: 429,
      body: oneApiError("Too many", true, "Kusto.DataNode.Exceptions.ControlCommandThrottledException"),
    }));
    const error = await failureOf(client.command("D", ".export async to csv (h'x') <| T"));
    expect(error).toBeInstanceOf(Retryable);
    expect(describeError(error)).toContain("Too many");
    expect(describeError(error)).toContain("operation .export async to");
    expect(cluster.requests).toHaveLength(1);
  });

  it("that may pass is tried again when nothing was changed", async () => {
    const answers: PlannedAnswer[] = [
      { status: 503, body: "busy" },
      { body: "", broken: true },
      { status: 200, body: one.slice(0, 200) },
      { body: one },
    ];
    const { client, cluster } = await connect((_, count) => answers[count - 1] ?? { body: one });
    expect(await client.query("D", "T")).toEqual([{ x: 1n }]);
    expect(cluster.requests).toHaveLength(4);
  });

  it("of what may take an hour is tried again at once where it came soon, and never after it took its time", async () => {
    let takesMs = 1000;
    const { client, cluster } = await connect((_, count) => {
      vi.setSystemTime(Date.now() + takesMs);
      return count % 2 === 1 ? { status: 504, body: "no answer in time" } : { body: one };
    });
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      expect(await client.query("D", "T", { timeoutMs: 3_600_000 })).toEqual([{ x: 1n }]);
      takesMs = 3_600_000;
      expect(isRetryable(await failureOf(client.query("D", "T", { timeoutMs: 3_600_000 })))).toBe(true);
      expect(cluster.requests).toHaveLength(3);
    } finally {
      vi.useRealTimers();
    }
  });

  it("of a command that changes something is left to the caller, unless told that it may be sent twice", async () => {
    const { client, cluster } = await connect((_, count) =>
      count === 1 ? { body: "", broken: true } : { body: commandAnswer({ x: "string" }, "[]") },
    );
    expect(isRetryable(await failureOf(client.command("D", ".drop tables (T)")))).toBe(true);
    expect(cluster.requests).toHaveLength(1);
    expect(await client.command("D", ".drop tables (T) ifexists", { idempotent: true })).toEqual([]);
  });

  it("to reach the cluster at all may pass, and says what to look at", async () => {
    const { client, cluster } = await connect(() => ({ body: one }));
    await cluster.close();
    const error = await failureOf(client.command("D", ".drop table T"));
    expect(isRetryable(error)).toBe(true);
    expect(describeError(error)).toContain(cluster.url);
    expect(describeError(error)).toContain("Check the cluster's address");
  });

  it("of permission says what to do", async () => {
    const { client } = await connect(() => ({
      status: 403,
      body: oneApiError("Principal is not authorized", true, "Kusto.Common.X", "Forbidden"),
    }));
    expect(describeError(await failureOf(client.query("D", "T")))).toMatch(
      /Forbidden: Principal is not authorized .*Give this identity a role/,
    );
  });
});

it("only .show commands are taken for reading", () => {
  expect(isReadOnly(" .show tables | count")).toBe(true);
  for (const command of [
    ".showx",
    ".move extents to table T <| .show table S extents",
    ".set-or-append T <| print 1",
    ".drop table T",
  ]) {
    expect(isReadOnly(command)).toBe(false);
  }
});
