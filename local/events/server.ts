import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type EventSchema, readEvents, schemaOf } from "./eventShapes.ts";

export interface ReceivedEvent {
  readonly receivedAt: string;
  readonly schema: EventSchema;
  readonly event: unknown;
}

export interface EventTopicOptions {
  readonly port: number;
  readonly key: string;
}

export interface EventTopic {
  readonly url: string;
  readonly port: number;
  readonly close: () => Promise<void>;
}

const largestBody = 1_048_576;
const kept = 10_000;
const apiVersion = "2018-01-01";

class TopicError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > largestBody) {
      throw new TopicError(
        413,
        "RequestEntityTooLarge",
        `The maximum size (${largestBody}) has been exceeded.`,
      );
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function checkAccess(request: IncomingMessage, key: string): void {
  const given = request.headers["aeg-sas-key"];
  if (given === key) return;
  if (given !== undefined)
    throw new TopicError(401, "Unauthorized", "The key in aeg-sas-key is not that of the topic.");
  if (request.headers["aeg-sas-token"] !== undefined) {
    throw new TopicError(
      401,
      "Unauthorized",
      "aeg-sas-token is not supported by the local event topic: send the key in aeg-sas-key.",
    );
  }
  if (/^Bearer \S+/i.test(request.headers.authorization ?? "")) return;
  throw new TopicError(
    401,
    "Unauthorized",
    "Request must contain one of the following authorization headers: aeg-sas-key, Authorization (Bearer).",
  );
}

function send(response: ServerResponse, status: number, body?: unknown): void {
  response.statusCode = status;
  response.setHeader("x-ms-request-id", randomUUID());
  if (body === undefined) {
    response.end();
    return;
  }
  response.setHeader("content-type", "application/json; charset=utf-8");
  response.end(JSON.stringify(body));
}

async function publish(request: IncomingMessage, url: URL, key: string): Promise<ReceivedEvent[]> {
  checkAccess(request, key);
  const version = url.searchParams.get("api-version");
  if (version !== apiVersion) {
    throw new TopicError(
      400,
      "BadRequest",
      `The api-version must be ${apiVersion}${version === null ? "." : `, not '${version}'.`}`,
    );
  }
  const contentType = request.headers["content-type"] ?? "";
  const kind = schemaOf(contentType);
  if (kind === undefined) {
    throw new TopicError(
      415,
      "UnsupportedMediaType",
      `The content type '${contentType}' is not one that the topic takes.`,
    );
  }
  let body: unknown;
  try {
    body = JSON.parse(await readBody(request));
  } catch (error) {
    if (error instanceof TopicError) throw error;
    throw new TopicError(400, "BadRequest", "This resource is configured for JSON: the body is not.");
  }
  const read = readEvents(body, kind.schema, kind.batch);
  if ("problem" in read) throw new TopicError(400, "BadRequest", read.problem);
  const receivedAt = new Date().toISOString();
  return read.events.map((event) => ({ receivedAt, schema: kind.schema, event }));
}

/**
 * Starts a custom topic on 127.0.0.1 that takes what publishers send (`event-grid/post-to-custom-topic.md`) and keeps
 * it in memory: `GET /events` gives the events in the order they came, `DELETE /events` forgets them.
 */
export async function startEventTopic(options: EventTopicOptions): Promise<EventTopic> {
  let received: ReceivedEvent[] = [];
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      const known =
        error instanceof TopicError ? error : new TopicError(500, "InternalServerError", String(error));
      send(response, known.status, { error: { code: known.code, message: known.message, details: [] } });
      request.resume();
    });
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    switch (`${request.method} ${url.pathname}`) {
      case "POST /api/events":
        received = [...received, ...(await publish(request, url, options.key))].slice(-kept);
        send(response, 200);
        return;
      case "GET /events":
        send(response, 200, { events: received });
        return;
      case "DELETE /events":
        received = [];
        send(response, 204);
        return;
      default:
        throw new TopicError(
          404,
          "NotFound",
          `${request.method} ${url.pathname} is not an operation of the local event topic.`,
        );
    }
  }
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The event topic has no address");
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
