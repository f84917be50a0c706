import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** The stand-ins that the proxy stands before. */
export type Service = "source" | "destination" | "lake" | "queue" | "events" | "arm";

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

export interface FaultProxy<S extends Service> {
  readonly urls: Readonly<Record<S, string>>;
  readonly close: () => Promise<void>;
}

/** Whose answers name which services: those are reached through the proxy too. */
const NAMES: Readonly<Partial<Record<Service, readonly Service[]>>> = {
  destination: ["queue"],
  arm: ["source", "destination"],
};

/** Stands before each service on a port of its own: paths and bodies stay as they are, so signatures stay valid. */
export async function startProxy<S extends Service>(
  targets: Readonly<Record<S, string>>,
  fate: Fate,
): Promise<FaultProxy<S>> {
  const agent = new Agent({ keepAlive: true });
  const urls: { [K in S]: string } = { ...targets };
  const origins = new Map<Service, { readonly from: string; readonly to: string }>();
  const isTarget = (name: string): name is S => name in targets;
  const servers = await Promise.all(
    Object.keys(targets)
      .filter(isTarget)
      .map(async (service) => {
        const target = new URL(targets[service]);
        const server = createServer((incoming, outgoing) => {
          void serve(service, target, incoming, outgoing).catch(() => outgoing.destroy());
        });
        server.keepAliveTimeout = 60_000;
        server.listen(0, "127.0.0.1");
        await once(server, "listening");
        urls[service] = `http://127.0.0.1:${portOf(server.address())}`;
        origins.set(service, { from: target.origin, to: urls[service] });
        return server;
      }),
  );

  async function serve(
    service: Service,
    target: URL,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
  ): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const call = { service, method: incoming.method ?? "GET", url: incoming.url ?? "/", body };
    const reply = await fate(call, () => forwarded(agent, target, incoming, body));
    if (reply === undefined) {
      incoming.socket.destroy();
      return;
    }
    let text = reply.body;
    for (const name of NAMES[service] ?? []) {
      const { from, to } = origins.get(name) ?? {};
      if (from !== undefined && to !== undefined && text.includes(from))
        text = Buffer.from(text.toString("utf8").replaceAll(from, to), "utf8");
    }
    outgoing.writeHead(reply.status, { ...reply.headers, "content-length": text.length });
    outgoing.end(incoming.method === "HEAD" ? undefined : text);
  }

  return {
    urls,
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

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("The proxy has no port.");
  return address.port;
}
