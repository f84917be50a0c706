import { KustoDataErrors } from "azure-kusto-data";
import { type ErrorContext, type ErrorDetails, LoginRefused, Retryable, Terminal } from "../model/errors.ts";
import { type KustoFailure, readFailure } from "./response.ts";

const RETRYABLE_STATUS = new Set([408, 425, 429, 500, 502, 503, 504, 520]);

const NETWORK_CODES = new Set([
  "ECONNRESET",
  "ECONNREFUSED",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "ERR_NETWORK",
  "ERR_STREAM_PREMATURE_CLOSE",
  "UND_ERR_SOCKET",
]);

const NO_ANSWER = "Check the cluster's address, that it runs, and that the network lets it through.";

const THROTTLED = /Throttl|too many requests|capacity/i;

/**
 * The kind of a failure that Kusto described: its `@permanent` decides, except that throttling is always worth
 * another try; without it the HTTP status does (`kusto/api/rest/response-v2.md`, `kusto/api/rest/response.md`).
 */
export function fromFailure(
  failure: KustoFailure,
  status: number | undefined,
  context: ErrorContext,
  cause?: unknown,
): Retryable | Terminal {
  const code =
    failure.code === undefined || failure.message.includes(failure.code) ? "" : `${failure.code}: `;
  const message = `${code}${failure.message}`;
  const throttled = status === 429 || THROTTLED.test(failure.type ?? "");
  const retryable =
    throttled || (failure.permanent === undefined ? isRetryableStatus(status) : !failure.permanent);
  if (retryable) return new Retryable(throttled ? `Throttled: ${message}` : message, context, { cause });
  return terminal(status, message, context, { advice: adviceFor(status, failure), cause });
}

/** 401 is about who asks (`kusto/api/rest/response.md`), whatever was asked. */
function terminal(
  status: number | undefined,
  message: string,
  context: ErrorContext,
  details: ErrorDetails,
): Terminal {
  return status === 401
    ? new LoginRefused(message, context, details)
    : new Terminal(message, context, details);
}

function isRetryableStatus(status: number | undefined): boolean {
  return status !== undefined && (RETRYABLE_STATUS.has(status) || status >= 500);
}

function adviceFor(status: number | undefined, failure: KustoFailure): string | undefined {
  if (status === 401)
    return "Check the identity in the connection string and that its tenant is the cluster's.";
  if (status === 403 || /forbidden|unauthorized|access denied/i.test(`${failure.code} ${failure.type}`)) {
    return "Give this identity a role on the database: kusto-copy doctor tells what is missing, docs/deploy.md what each is for.";
  }
  if (status === 404 || /NotFound/i.test(failure.code ?? ""))
    return "Check the names of the cluster, the database and the table.";
  return undefined;
}

/** What a client library threw, as one of the two kinds. Nothing of the request (its headers hold a token) is kept. */
export function fromThrown(error: unknown, context: ErrorContext): Retryable | Terminal {
  if (error instanceof Retryable || error instanceof Terminal) return error;
  const inner = error instanceof KustoDataErrors.ThrottlingError ? error.inner : error;
  const response = responseOf(inner);
  if (response !== undefined) return fromFailure(readFailure(response.body), response.status, context);
  if (error instanceof KustoDataErrors.ThrottlingError)
    return new Retryable(`Throttled: ${error.message}`, context);
  if (error instanceof KustoDataErrors.KustoAuthenticationError) return authenticationFailure(error, context);
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  if (code !== undefined && NETWORK_CODES.has(code)) {
    return new Retryable(`No answer from the cluster: ${message || code}`, context, { advice: NO_ANSWER });
  }
  return textualFailure(message, context);
}

function authenticationFailure(
  error: Error & { inner?: unknown },
  context: ErrorContext,
): Retryable | Terminal {
  const code = codeOf(error.inner);
  if (code !== undefined && NETWORK_CODES.has(code))
    return new Retryable(`Login failed: ${error.message}`, context);
  if (/timed? ?out|ECONN|EAI_AGAIN|network/i.test(error.message))
    return new Retryable(`Login failed: ${error.message}`, context);
  return new LoginRefused(`Login failed: ${error.message}`, context, {
    advice:
      "Check the identity in the connection string; without one, log in with az login or give the app a managed identity.",
  });
}

/**
 * Failures that a library has wrapped so that only their text is left: the cloud metadata of a cluster and the
 * resources of ingestion.
 */
export function textualFailure(message: string, context: ErrorContext): Retryable | Terminal {
  const status = /status code (\d{3})/.exec(message)?.[1];
  const line = message.split("\n")[0] ?? message;
  if (status !== undefined) {
    return isRetryableStatus(Number(status))
      ? new Retryable(line, context)
      : terminal(Number(status), line, context, { advice: adviceFor(Number(status), { message: line }) });
  }
  if (/throttl/i.test(message)) return new Retryable(line, context);
  if (/timeout|timed out|ECONN|ENOTFOUND|EAI_AGAIN|EPIPE|socket hang up|Network Error/i.test(message))
    return new Retryable(line, context, { advice: NO_ANSWER });
  return new Terminal(line, context);
}

function responseOf(error: unknown): { status: number; body: string } | undefined {
  if (typeof error !== "object" || error === null || !("response" in error)) return undefined;
  const { response } = error;
  if (typeof response !== "object" || response === null || !("status" in response)) return undefined;
  if (typeof response.status !== "number") return undefined;
  const data = "data" in response ? response.data : "";
  return { status: response.status, body: typeof data === "string" ? data : (JSON.stringify(data) ?? "") };
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("code" in error && typeof error.code === "string") return error.code;
  return "cause" in error ? codeOf(error.cause) : undefined;
}
