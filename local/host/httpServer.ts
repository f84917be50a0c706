import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface HttpRequest {
  method: string;
  url: URL;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

export interface HttpAnswer {
  status: number;
  headers: [string, string][];
  body: Uint8Array | string;
}

export interface HttpServer {
  port: number;
  /** `http://127.0.0.1:7071` */
  origin: string;
  close(): Promise<void>;
}

/** Listens on 127.0.0.1 only. An answer that throws is an empty 500, as the Functions host gives it. */
export async function listen(
  port: number,
  handle: (request: HttpRequest) => Promise<HttpAnswer>,
  failed: (error: unknown) => void,
): Promise<HttpServer> {
  const server = createServer((incoming, outgoing) => {
    void respond(incoming, outgoing, handle, failed);
  });
  const actual = await open(server, port);
  return {
    port: actual,
    origin: `http://127.0.0.1:${actual}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function open(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      const address: AddressInfo | string | null = server.address();
      resolve(address !== null && typeof address === "object" ? address.port : port);
    });
  });
}

async function respond(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  handle: (request: HttpRequest) => Promise<HttpAnswer>,
  failed: (error: unknown) => void,
): Promise<void> {
  let answer: HttpAnswer;
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
    const host = incoming.headers.host ?? "127.0.0.1";
    const url = new URL(incoming.url ?? "/", `http://${host}`);
    const body = Buffer.concat(chunks);
    answer = await handle({ method: incoming.method ?? "GET", url, headers: incoming.headers, body });
  } catch (error) {
    failed(error);
    answer = { status: 500, headers: [], body: "" };
  }
  const headers = new Map<string, string[]>();
  for (const [name, value] of answer.headers) headers.set(name, [...(headers.get(name) ?? []), value]);
  for (const [name, values] of headers)
    outgoing.setHeader(name, values.length === 1 ? (values[0] ?? "") : values);
  const bodiless = answer.status === 204 || answer.status === 205 || answer.status === 304;
  if (!bodiless) outgoing.setHeader("content-length", Buffer.byteLength(answer.body));
  outgoing.writeHead(answer.status);
  outgoing.end(bodiless || incoming.method === "HEAD" ? undefined : answer.body);
}
