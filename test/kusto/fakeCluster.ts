import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface PlannedAnswer {
  readonly status?: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Break the connection instead of answering. */
  readonly broken?: boolean;
  /** Never answer. */
  readonly silent?: boolean;
}

export interface FakeCluster {
  readonly url: string;
  readonly requests: ReceivedRequest[];
  /** How many connections have been made to it. */
  readonly connections: () => number;
  close(): Promise<void>;
}

/**
 * An HTTP server that answers what a test plans, so that the client library's own behaviour is part of the test. It has no
 * cloud metadata, as a cluster that isn't in a sovereign cloud may have none (404).
 */
export async function startFakeCluster(
  answer: (request: ReceivedRequest, count: number) => PlannedAnswer,
): Promise<FakeCluster> {
  const requests: ReceivedRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const received = {
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers,
        body: Buffer.concat(chunks).toString("utf8"),
      };
      if (received.path.endsWith("/auth/metadata")) {
        response.writeHead(404).end();
        return;
      }
      requests.push(received);
      const planned = answer(received, requests.length);
      if (planned.silent === true) return;
      if (planned.broken === true) {
        response.destroy();
        return;
      }
      response.writeHead(planned.status ?? 200, { "Content-Type": "application/json", ...planned.headers });
      response.end(planned.body);
    });
  });
  let connections = 0;
  server.on("connection", () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** A v2 answer to a query; `rows` is JSON text, so that a test can write any number. */
export function queryAnswer(
  columns: Readonly<Record<string, string>>,
  rows: string,
  completion = `"HasErrors":false,"Cancelled":false`,
): string {
  const list = Object.entries(columns).map(([name, type]) => ({ ColumnName: name, ColumnType: type }));
  return `[{"FrameType":"DataSetHeader","IsProgressive":false,"Version":"v2.0"},
{"FrameType":"DataTable","TableId":0,"TableKind":"QueryProperties","TableName":"@ExtendedProperties","Columns":[{"ColumnName":"Value","ColumnType":"string"}],"Rows":[["x"]]},
{"FrameType":"DataTable","TableId":1,"TableKind":"PrimaryResult","TableName":"PrimaryResult","Columns":${JSON.stringify(list)},"Rows":${rows}},
{"FrameType":"DataSetCompletion",${completion}}]`;
}

/** A v1 answer to a command. */
export function commandAnswer(columns: Readonly<Record<string, string>>, rows: string): string {
  const list = Object.entries(columns).map(([name, type]) => ({
    ColumnName: name,
    DataType: "String",
    ColumnType: type,
  }));
  return `{"Tables":[{"TableName":"Table_0","Columns":${JSON.stringify(list)},"Rows":${rows}}]}`;
}

export function oneApiError(
  message: string,
  permanent: boolean,
  type = "Kusto.Data.Exceptions.SemanticException",
  code = "General_BadRequest",
): string {
  return JSON.stringify({
    error: {
      code,
      message: "Request is invalid.",
      "@type": type,
      "@message": message,
      "@permanent": permanent,
    },
  });
}
