import type { RequestContext } from "../engine/request.ts";
import { KustoError } from "../kustoError.ts";

/** The OneApi body of a failure (`kusto/api/rest/response-v2.md`). */
export function errorBody(
  error: KustoError,
  context: Pick<RequestContext, "clientRequestId" | "activityId" | "text" | "database">,
  now: string,
): object {
  const shown = {
    timestamp: now,
    serviceAlias: "LOCAL",
    machineName: "KEngine000000",
    processName: "Kusto.Local",
    processId: process.pid,
    threadId: 1,
    clientRequestId: context.clientRequestId,
    activityId: context.activityId,
    subActivityId: context.activityId,
    activityType: "DN.FE.Execute",
    parentActivityId: context.activityId,
    activityStack: `(Activity stack: CRID=${context.clientRequestId} ARID=${context.activityId})`,
  };
  return {
    error: {
      code: error.code,
      message: error.permanent
        ? "Request is invalid and cannot be executed."
        : "Request failed; it may succeed later.",
      "@type": error.type,
      "@message": error.message,
      "@context": shown,
      "@permanent": error.permanent,
      "@text": context.text.slice(0, 65_536),
      "@database": context.database,
      "@ClientRequestLogger": "",
      innererror: {
        code: /^(?:Syntax|Semantic) error: ([A-Z]{3}\d{4})/.exec(error.message)?.[1] ?? error.code,
        message: error.message,
        "@type": error.type,
        "@message": error.message,
        "@context": shown,
        "@permanent": error.permanent,
      },
    },
  };
}

/** Any failure as a KustoError: what isn't one is a fault of this server. */
export function toKustoError(error: unknown): KustoError {
  if (error instanceof KustoError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new KustoError(
    520,
    "General_InternalServerError",
    "Kusto.Data.Exceptions.KustoServiceException",
    `An internal service error occurred: ${message}`,
    false,
  );
}
