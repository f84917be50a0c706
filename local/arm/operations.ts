import { randomUUID } from "node:crypto";
import { ArmError } from "./armError.ts";
import type { OperationFaults } from "./faults.ts";
import type { ArmRequest } from "./request.ts";

interface Operation {
  readonly id: string;
  readonly subscription: string;
  readonly location: string;
  readonly kind: string;
  readonly startTime: string;
  endTime: string | undefined;
  status: "Running" | "Succeeded" | "Failed" | "Canceled";
  error: { readonly code: string; readonly message: string } | undefined;
}

/** Where a client looks for an operation: the headers of the answer that started it. */
export type PollingHeaders = Readonly<Record<string, string>>;

export interface OperationStart {
  readonly request: ArmRequest;
  readonly location: string;
  /** As the operation's result names it, such as `FollowerDatabaseCreate`. */
  readonly kind: string;
  readonly faults: OperationFaults;
  readonly work: () => Promise<void>;
  /** Told of an operation that didn't succeed. */
  readonly onFailure?: () => void;
}

export interface Operations {
  readonly start: (start: OperationStart) => PollingHeaders;
  /** The operation's result, or undefined for one that isn't known. */
  readonly result: (id: string) => object | undefined;
  /** Whether it still runs, as the Location header's address tells it. */
  readonly isRunning: (id: string) => boolean;
  readonly idle: () => Promise<void>;
}

/**
 * Long-running operations, polled by `Azure-AsyncOperation` (a status) or `Location` (202 until it has ended)
 * (`azure/azure-resource-manager/management/async-operations`). An operation takes `durationMs` and its work's time.
 */
export function createOperations(durationMs: number, report: (error: unknown) => void): Operations {
  const all = new Map<string, Operation>();
  const running = new Set<Promise<void>>();

  const run = async (operation: Operation, start: OperationStart): Promise<void> => {
    const { slow, failing } = start.faults;
    await new Promise((resolve) => setTimeout(resolve, slow?.afterMs ?? durationMs));
    try {
      if (failing === undefined || failing.doWork) await start.work();
      if (failing === undefined) operation.status = "Succeeded";
      else {
        operation.status = failing.state;
        operation.error = { code: failing.code, message: failing.message };
      }
    } catch (error) {
      if (!(error instanceof ArmError)) report(error);
      operation.status = "Failed";
      operation.error = {
        code: error instanceof ArmError ? error.code : "InternalServerError",
        message: error instanceof Error ? error.message : String(error),
      };
    }
    operation.endTime = new Date().toISOString();
    if (operation.status !== "Succeeded") start.onFailure?.();
  };

  return {
    start: (start) => {
      const { request, location, kind } = start;
      const operation: Operation = {
        id: randomUUID(),
        subscription: request.scope.subscription,
        location,
        kind,
        startTime: new Date().toISOString(),
        endTime: undefined,
        status: "Running",
        error: undefined,
      };
      all.set(operation.id, operation);
      const work = run(operation, start).finally(() => running.delete(work));
      running.add(work);
      const url =
        `${request.origin}/subscriptions/${encodeURIComponent(operation.subscription)}/providers/Microsoft.Kusto` +
        `/locations/${encodeURIComponent(location)}/operationResults/${operation.id}?api-version=${request.apiVersion}`;
      // A client takes what Location answers in the end for the resource: what has one is read at its own address.
      const hasResource = request.method === "PUT" || request.method === "PATCH";
      return {
        "azure-asyncoperation": url,
        ...(hasResource ? {} : { location: `${url}&operationResultResponseType=Location` }),
      };
    },
    result: (id) => {
      const operation = all.get(id);
      if (operation === undefined) return undefined;
      const { subscription, location, kind, startTime, endTime, status, error } = operation;
      const states = {
        Running: "InProgress",
        Succeeded: "Completed",
        Failed: "BadInput",
        Canceled: "Canceled",
      };
      return {
        id: `/subscriptions/${subscription}/providers/Microsoft.Kusto/locations/${location}/operationresults/${id}`,
        name: id,
        status,
        startTime,
        ...(endTime === undefined ? {} : { endTime }),
        percentComplete: status === "Running" ? 0 : 1,
        properties: { operationKind: kind, operationState: states[status] },
        ...(error === undefined ? {} : { error }),
      };
    },
    isRunning: (id) => all.get(id)?.status === "Running",
    idle: async () => {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
