import { randomUUID } from "node:crypto";
import { ClientRequestProperties, Client as DataClient } from "azure-kusto-data";
import pRetry from "p-retry";
import { type ErrorContext, isRetryable, Retryable, Terminal } from "../model/errors.ts";
import { connectionBuilder } from "./connectionBuilder.ts";
import { displayCluster, type KustoConnection } from "./connectionString.ts";
import { fromFailure, fromThrown } from "./failure.ts";
import { quoteString } from "./names.ts";
import { type Answer, readCommandAnswer, readQueryAnswer } from "./response.ts";
import type { KustoRow } from "./rows.ts";

export type { IngestBlobRequest, IngestClient } from "./ingestClient.ts";
export { type KustoRow, rowsOf, singleRow } from "./rows.ts";

export interface RequestOptions {
  /** Found again in `.show queries`, `.show commands` and `.show operations`. */
  readonly clientRequestId?: string;
  /**
   * How long the server may take; the client waits half a minute longer. At most an hour, which is what a command that goes on
   * in the background has, whatever is said here of its answer.
   */
  readonly timeoutMs?: number;
  readonly consistency?: "strong";
  /** Values of `declare query_parameters`; only strings, so that no other text can come in. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Of a command that changes something: that it may be sent twice. Queries and `.show` always may. */
  readonly idempotent?: boolean;
  /** Rows and bytes of an answer unlimited (`notruncation`), for lists that may be long. */
  readonly noTruncation?: boolean;
  /** What an error says about where it happened, beside the cluster and the database. */
  readonly context?: ErrorContext;
}

export interface KustoClient {
  readonly connection: KustoConnection;
  query(database: string, text: string, options?: RequestOptions): Promise<KustoRow[]>;
  command(database: string, text: string, options?: RequestOptions): Promise<KustoRow[]>;
  close(): void;
}

const RETRIES = 4;
const MAX_TIMEOUT_MS = 3_600_000;
const DEFAULT_QUERY_TIMEOUT_MS = 240_000;
const DEFAULT_COMMAND_TIMEOUT_MS = 600_000;
const CLIENT_MARGIN_MS = 30_000;
/**
 * How soon what may take longer than a command by default must have failed to be tried again at once. The host ends an
 * activity, and all others of its worker, ten minutes after the hour that one such request may hang (`functionTimeout` in
 * host.json): what took its time is left to the caller, who asks in an activity of its own.
 */
const SOON_MS = 60_000;

const clients = new Map<string, KustoClient>();

/**
 * The client of a connection, one per connection and process, with its connections kept alive. Failures are
 * `Retryable` or `Terminal`; what is safe to send twice is tried again a few times before that, unless it took long.
 */
export function createKustoClient(connection: KustoConnection): KustoClient {
  const key = JSON.stringify(connection);
  const existing = clients.get(key);
  if (existing !== undefined) return existing;
  const client = newClient(connection, () => clients.delete(key));
  clients.set(key, client);
  return client;
}

function newClient(connection: KustoConnection, onClose: () => void): KustoClient {
  const data = new DataClient(connectionBuilder(connection));
  // The library parses an answer by JSON.parse, which loses the last digits of a long: take the text itself.
  data.axiosInstance.defaults.responseType = "text";
  data.axiosInstance.defaults.transformResponse = [(body: unknown) => body];

  const send = async (kind: "query" | "command", database: string, text: string, options: RequestOptions) => {
    const context = requestContext(connection, database, text, options);
    const properties = requestProperties(kind, text, options);
    const answer = await received(kind, data, database, text, properties, context);
    if (answer.failure !== undefined) throw fromFailure(answer.failure, undefined, context);
    return answer.rows;
  };

  return {
    connection,
    query: (database, text, options = {}) =>
      withRetries(options.idempotent ?? true, options, () => send("query", database, text, options)),
    command: (database, text, options = {}) =>
      withRetries(options.idempotent ?? isReadOnly(text), options, () =>
        send("command", database, text, options),
      ),
    close: () => {
      onClose();
      data.close();
    },
  };
}

async function received(
  kind: "query" | "command",
  client: DataClient,
  database: string,
  text: string,
  properties: ClientRequestProperties,
  context: ErrorContext,
): Promise<Answer> {
  let body: unknown;
  try {
    body =
      kind === "query"
        ? await client.executeQuery(database, text, properties)
        : await client.executeMgmt(database, text, properties);
  } catch (error) {
    throw fromThrown(error, context);
  }
  if (typeof body !== "string")
    throw new Terminal("The client library didn't hand over the answer's text.", context);
  try {
    return kind === "query" ? readQueryAnswer(body) : readCommandAnswer(body);
  } catch (error) {
    if (error instanceof Terminal) throw new Terminal(error.reason, context, { cause: error });
    // An answer that was cut off is no JSON.
    throw new Retryable(
      `The answer can't be read: ${error instanceof Error ? error.message : String(error)}`,
      context,
    );
  }
}

/**
 * The properties of a request (`kusto/api/rest/request-properties.md`). Cached results are never asked for:
 * `query_results_cache_max_age` stays unset.
 */
function requestProperties(
  kind: "query" | "command",
  text: string,
  options: RequestOptions,
): ClientRequestProperties {
  const properties = new ClientRequestProperties();
  properties.raw = true;
  properties.clientRequestId = options.clientRequestId ?? `KustoCopy;${randomUUID()}`;
  const wanted =
    options.timeoutMs ?? (kind === "query" ? DEFAULT_QUERY_TIMEOUT_MS : DEFAULT_COMMAND_TIMEOUT_MS);
  const answers = Math.min(Math.max(Math.round(wanted), 1000), MAX_TIMEOUT_MS);
  properties.setTimeout(isBackground(text) ? MAX_TIMEOUT_MS : answers);
  properties.setClientTimeout(answers + CLIENT_MARGIN_MS);
  // A cluster's default may be the hot cache alone (`kusto/query/table-function.md`): the rows beyond it would be left out.
  properties.setOption("query_datascope", "all");
  if (options.consistency === "strong") properties.setOption("queryconsistency", "strongconsistency");
  if (options.noTruncation === true) properties.setOption("notruncation", true);
  for (const [name, value] of Object.entries(options.parameters ?? {}))
    properties.setParameter(name, quoteString(value));
  return properties;
}

function requestContext(
  connection: KustoConnection,
  database: string,
  text: string,
  options: RequestOptions,
): ErrorContext {
  return {
    cluster: displayCluster(connection),
    database,
    operation: operationName(text),
    ...options.context,
  };
}

/** What a request does, in its own words but without names, values or secrets: `.move extents`, `query`. */
function operationName(text: string): string {
  const command = /^\s*(\.[a-z-]+(?:\s+[a-z]+){0,2})/i.exec(text)?.[1];
  return command === undefined ? "query" : command.replace(/\s+/g, " ");
}

/** Whether a command only reads (`kusto/management/show-commands.md`), so that it may be sent twice. */
export function isReadOnly(command: string): boolean {
  return /^\s*\.show\b/i.test(command);
}

/**
 * Whether a command answers at once and goes on in the background. That it does so whatever `servertimeout` says is nowhere
 * documented: the limit is one of all requests (`kusto/concepts/query-limits.md`), and an hour that of an asynchronous one
 * (`flow.md`). With the ten minutes of other commands a window that takes longer might never get through.
 */
function isBackground(command: string): boolean {
  return /^\s*\.[a-z-]+\s+async\b/i.test(command);
}

async function withRetries<T>(
  allowed: boolean,
  { timeoutMs = 0 }: RequestOptions,
  attempt: () => Promise<T>,
): Promise<T> {
  if (!allowed) return attempt();
  const began = Date.now();
  const inTime = () => timeoutMs <= DEFAULT_COMMAND_TIMEOUT_MS || Date.now() - began < SOON_MS;
  return pRetry(attempt, {
    retries: RETRIES,
    minTimeout: 400,
    maxTimeout: 8000,
    factor: 2,
    randomize: true,
    shouldRetry: ({ error }) => isRetryable(error) && inTime(),
  });
}
