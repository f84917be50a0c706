import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** The stand-ins that the proxy stands before. */
export type Service = "source" | "destination" | "lake" | "queue" | "events";

/** A request of the app, on its way to a stand-in. */
export interface Call {
  readonly service: Service;
  readonly method: string;
  readonly url: string;
  readonly body: Buffer;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
}

/**
 * What becomes of a request: it goes through `forward` as often as its fate wants, and a reply is what the app gets.
 * Undefined: the app gets none, and its connection is cut.
 */
export type Fate = (call: Call, forward: () => Promise<Reply>) => Promise<Reply | undefined>;

export interface FaultProxy {
  readonly urls: Readonly<Record<Service, string>>;
  readonly close: () => Promise<void>;
}

/** Stands before each service on a port of its own: paths and bodies stay as they are, so signatures stay valid. */
export async function startProxy(
  targets: Readonly<Record<Service, string>>,
  fate: Fate,
): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true });
  const services: Service[] = ["source", "destination", "lake", "queue", "events"];
  const urls: Partial<Record<Service, string>> = {};
  const servers = await Promise.all(
    services.map(async (service) => {
      const server = createServer((incoming, outgoing) => {
        void serve(service, incoming, outgoing).catch(() => outgoing.destroy());
      });
      server.keepAliveTimeout = 60_000;
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      urls[service] = `http://127.0.0.1:${portOf(server.address())}`;
      return server;
    }),
  );
  const { source = "", destination = "", lake = "", queue = "", events = "" } = urls;
  const all = { source, destination, lake, queue, events };

  async function serve(service: Service, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const call = { service, method: incoming.method ?? "GET", url: incoming.url ?? "/", body };
    const reply = await fate(call, () => forwarded(agent, new URL(targets[service]), incoming, body));
    if (reply === undefined) {
      incoming.socket.destroy();
      return;
    }
    // The queues that the cluster names are reached through the proxy too.
    const text = service === "destination" ? redirected(reply.body, targets.queue, all.queue) : reply.body;
    outgoing.writeHead(reply.status, { ...reply.headers, "content-length": text.length });
    outgoing.end(incoming.method === "HEAD" ? undefined : text);
  }

  return {
    urls: all,
    close: async () => {
      agent.destroy();
      await Promise.all(
        servers.map((server) => {
          server.closeAllConnections();
          return new Promise((done) => server.close(done));
        }),
      );
    },
  };
}

async function forwarded(agent: Agent, target: URL, incoming: IncomingMessage, body: Buffer): Promise<Reply> {
  const outgoing = request({
    agent,
    host: target.hostname,
    port: target.port,
    method: incoming.method,
    path: incoming.url,
    headers: { ...incoming.headers, "content-length": body.length },
  });
  outgoing.end(body);
  const [answer]: IncomingMessage[] = await once(outgoing, "response");
  if (answer === undefined) throw new Error("No response.");
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value === undefined || name === "transfer-encoding" || name === "connection") continue;
    headers[name] = value;
  }
  return { status: answer.statusCode ?? 502, headers, body: Buffer.concat(chunks) };
}

function redirected(body: Buffer, from: string, to: string): Buffer {
  const origin = new URL(from).origin;
  if (!body.includes(origin)) return body;
  return Buffer.from(body.toString("utf8").replaceAll(origin, to), "utf8");
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("The proxy has no port.");
  return address.port;
}
