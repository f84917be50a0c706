import type { Call, Reply } from "./proxy.ts";

/** What can happen to one request between the app and a service. */
export const WIRE_FAULTS = [
  "neverArrives",
  "answerLost",
  "throttled",
  "unavailable",
  "refused",
  "late",
  "twice",
  "diesBefore",
  "diesAfter",
] as const;

export type WireFault = (typeof WIRE_FAULTS)[number];

export const FAULT_WORDS: Readonly<Record<WireFault, string>> = {
  neverArrives: "the connection is cut before the request arrives",
  answerLost: "the work is done and its answer lost",
  throttled: "the service throttles",
  unavailable: "the service answers 5xx",
  refused: "the service refuses for good",
  late: "the answer comes late",
  twice: "the request arrives twice",
  diesBefore: "the process dies before it",
  diesAfter: "the process dies after it, before the answer is kept",
};

export function isDeath(fault: WireFault): boolean {
  return fault === "diesBefore" || fault === "diesAfter";
}

/** The answer with which a service throttles, fails or refuses, in its own form. */
export function refusal(call: Call, fault: "throttled" | "unavailable" | "refused"): Reply {
  switch (call.service) {
    case "source":
    case "destination":
      return kustoRefusal(fault);
    case "lake":
    case "queue":
      return storageRefusal(call, fault);
    case "events":
    case "arm":
      return {
        // Event Grid's and the resource manager's errors have one form (azure/azure-resource-manager, common error response).
        status: { throttled: 429, unavailable: 503, refused: call.service === "arm" ? 403 : 401 }[fault],
        headers: { "content-type": "application/json" },
        body: Buffer.from(JSON.stringify({ error: { code: fault, message: "A fault was asked for." } })),
      };
  }
}

/** As `kusto/api/rest/response-http.md` has it: throttling by code, a gateway without JSON, a permanent error. */
function kustoRefusal(fault: "throttled" | "unavailable" | "refused"): Reply {
  if (fault === "unavailable")
    return {
      status: 503,
      headers: { "content-type": "text/html" },
      body: Buffer.from("Service Unavailable"),
    };
  const throttled = fault === "throttled";
  const message = throttled ? "The request was denied due to throttling." : "A fault was asked for.";
  const error = {
    code: throttled ? "TooManyRequests" : "BadRequest",
    message,
    "@type": throttled
      ? "Kusto.DataNode.Exceptions.ControlCommandThrottledException"
      : "Kusto.Data.Exceptions.KustoBadRequestException",
    "@message": message,
    "@permanent": !throttled,
  };
  return {
    status: throttled ? 429 : 400,
    headers: { "content-type": "application/json" },
    body: Buffer.from(JSON.stringify({ error })),
  };
}

/** Codes of the storage services (learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes). */
function storageRefusal(call: Call, fault: "throttled" | "unavailable" | "refused"): Reply {
  const [status, code] = {
    throttled: [503, "ServerBusy"] as const,
    unavailable: [500, "InternalError"] as const,
    refused: [403, "AuthorizationFailure"] as const,
  }[fault];
  const xml = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>A fault was asked for.</Message></Error>`;
  return {
    status,
    headers: { "content-type": "application/xml", "x-ms-error-code": code },
    body: Buffer.from(call.method === "HEAD" ? "" : xml),
  };
}
