import { z } from "zod";
import { bareGuid, guidList, quoteString } from "../names.ts";

/**
 * The latest state of each operation, as long as it is under six hours old and may be seen by the caller
 * (`kusto/management/show-operations.md`). An id that isn't in the answer is one that can't be seen any more.
 */
export function showOperations(ids: readonly string[]): string {
  return `.show operations ${guidList(ids)}`;
}

export const operationAnswer = z.object({
  OperationId: z.string(),
  Operation: z.string(),
  StartedOn: z.string().nullable(),
  LastUpdatedOn: z.string().nullable(),
  Duration: z.string().nullable(),
  State: z.string(),
  Status: z.string(),
  /** In the answers of clusters, though not in the documentation's table. */
  ShouldRetry: z.boolean().nullish(),
});

export type Operation = z.infer<typeof operationAnswer>;

/** The persisted result of an operation that completed (`kusto/management/show-operation-details.md`). */
export function showOperationDetails(id: string): string {
  return `.show operation ${bareGuid(id)} details`;
}

/**
 * Asks an operation to stop. Documented for ingestion from queries only, and never guaranteed
 * (`kusto/management/cancel-operation-command.md`): an export may go on, and what it writes is in its attempt's folder.
 */
export function cancelOperation(id: string, reason = "Not needed any more"): string {
  return `.cancel operation ${bareGuid(id)} with (reason=${quoteString(reason)})`;
}

export const cancelOperationAnswer = z.object({
  OperationId: z.string(),
  CancellationState: z.string(),
  ReasonPhrase: z.string().nullish(),
});

export type OperationOutcome = "running" | "completed" | "failed-retryable" | "failed-terminal" | "unknown";

const OUTCOMES: Readonly<Record<string, OperationOutcome>> = {
  scheduled: "running",
  inprogress: "running",
  completed: "completed",
  // Without a word from ShouldRetry: the operation ran and something went wrong on the way, which may pass.
  failed: "failed-retryable",
  // Parts of a result can't be told from the rest; the whole attempt is done again.
  partiallysucceeded: "failed-retryable",
  abandoned: "failed-retryable",
  throttled: "failed-retryable",
  badinput: "failed-terminal",
  // Somebody cancelled it, or a condition skipped it: doing the same again would go against them.
  canceled: "failed-terminal",
  cancelled: "failed-terminal",
  skipped: "failed-terminal",
};

/**
 * What the state of an operation means (`kusto/management/show-operations.md` lists the ten of them). Where the answer
 * carries `ShouldRetry`, it decides about what failed; a throttled operation is always worth another try.
 */
export function operationOutcome(state: string, shouldRetry?: boolean | null): OperationOutcome {
  const key = state.toLowerCase();
  const outcome = OUTCOMES[key] ?? "unknown";
  if (key !== "failed" || shouldRetry === undefined || shouldRetry === null) return outcome;
  return shouldRetry ? "failed-retryable" : "failed-terminal";
}

/**
 * Whether an operation's status says that storage refused the cluster: the SAS it was given has run out or was revoked, or the
 * identity lost its role. The wording isn't documented but for the code of ingestion (`error-codes.md`, Download_Forbidden) and
 * an example (`kusto/management/ingestion-failures.md`).
 */
export function isStorageRefusal(status: string): boolean {
  return /forbidden|access (was |is )?denied|AuthenticationFailed|Authorization\w*(Mismatch|Failure)|\b403\b|failed to authenticate/i.test(
    status,
  );
}
