import { z } from "zod";
import { type ErrorContext, Retryable, Terminal } from "../model/errors.ts";

/**
 * What Azure Resource Manager refused, as one sentence and the fix. Errors of others are kept as they are.
 */
export function armFailure(error: unknown, context: ErrorContext): unknown {
  if (error instanceof Retryable || error instanceof Terminal) return error;
  const { status, code, message } = facts(error);
  // The identity library's: nobody was logged in, which no second try changes.
  if (error instanceof Error && /Authentication|Credential/.test(error.name))
    return new Terminal(`There is no login for Azure Resource Manager: ${message}`, context, {
      cause: error,
      advice: adviceFor(401, code),
    });
  const what = `Azure Resource Manager answered ${status ?? "nothing"}${code === undefined ? "" : ` ${code}`}: ${message}`;
  if (status === undefined || status === 408 || status === 429 || status >= 500 || isBusy(code, message))
    return new Retryable(what, context, { cause: error });
  return new Terminal(what, context, { cause: error, advice: adviceFor(status, code) });
}

/**
 * A look at a long-running operation that went wrong: one that could not be made may be made again; an operation that has
 * failed, which the library throws as a plain error with its code and message, stays failed until it is begun again.
 */
export function operationFailure(error: unknown, context: ErrorContext): Terminal | Retryable {
  const isAnswer = !(error instanceof Error) || error.name !== "Error";
  const known = isAnswer ? armFailure(error, context) : error;
  if (known instanceof Terminal || known instanceof Retryable) return known;
  const { code, message } = facts(error);
  if (isBusy(code, message)) return new Retryable(message, context, { cause: error });
  return new Terminal(message, context, {
    cause: error,
    advice: "Look at the cluster in the Azure portal, and try again.",
  });
}

/** What the library's errors carry beside their message. */
const restFailure = z.object({ statusCode: z.number().optional(), code: z.string().optional() });

function facts(error: unknown): { status?: number; code?: string; message: string } {
  const message = firstLine(error instanceof Error ? error.message : String(error));
  const read = restFailure.safeParse(error);
  if (!read.success) return { message };
  const { statusCode: status, code } = read.data;
  return {
    ...(status === undefined ? {} : { status }),
    ...(code === undefined ? {} : { code }),
    message,
  };
}

/** Another operation works on the cluster: it is over in minutes. */
function isBusy(code: string | undefined, message: string): boolean {
  return (
    /^(ServiceIsInMaintenance|ResourceIsInMaintenance|ConflictingOperation|AnotherOperationInProgress)$/i.test(
      code ?? "",
    ) || /in process of maintenance|another operation/i.test(message)
  );
}

function adviceFor(status: number, code: string | undefined): string | undefined {
  if (status === 401) return "Log in to the clusters' tenant: az login, or give the app a managed identity.";
  if (status === 403)
    return "Give this identity the role Contributor on the cluster that the message names: on both to attach, on the one from which is detached.";
  if (status === 404) return "Check the subscription, the resource group and the name of the cluster.";
  if (status === 409)
    return `Another change is under way or in conflict (${code ?? "Conflict"}); list what is attached, and try again.`;
  return undefined;
}

function firstLine(text: string): string {
  return (text.split(/[\r\n]/)[0] ?? "").trim();
}
