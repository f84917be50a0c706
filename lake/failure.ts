import { RestError } from "@azure/storage-blob";
import { Retryable, Terminal } from "../model/errors.ts";

/**
 * A storage failure as one of the two kinds; other errors as they are. Storage throttles and fails over with 429, 500,
 * 503 and connection errors, which pass; what it refuses otherwise stays refused.
 */
export function storageFailure(error: unknown): unknown {
  if (!(error instanceof RestError)) return error;
  const status = error.statusCode;
  const said = firstLine(error.message);
  const what =
    status === undefined
      ? `Storage can't be reached: ${said}`
      : `Storage answered ${status}: ${error.code ?? ""} ${said}`;
  const context = { operation: safeUrl(error.request?.url) };
  if (status === undefined || status === 408 || status === 429 || status >= 500) {
    return new Retryable(what, context, { cause: error });
  }
  const advice =
    status === 403
      ? "Give the identity the role Storage Blob Data Contributor on the lake (where a key or SAS is used, check that), and check the account's firewall."
      : status === 404
        ? "Check that the account and the container exist."
        : undefined;
  return new Terminal(what, context, { cause: error, advice });
}

/** Whether a lake is gone, with its account even, or closed to us, so that trying again would be for nothing. */
export function isOutOfReach(error: unknown): boolean {
  const noHost = error instanceof RestError && error.code === "ENOTFOUND";
  return noHost || storageFailure(error) instanceof Terminal;
}

/** A URL without its query, which may be a SAS. */
function safeUrl(url: string | undefined): string | undefined {
  return url?.split("?")[0];
}

function firstLine(message: string): string {
  return (message.split(/[\r\n]/)[0] ?? "").trim();
}
