import { badRequest } from "../engine/lookup.ts";
import type { Operation, OperationRecord } from "../engine/operations.ts";
import { type CommandResult, result, type Value } from "../engine/result.ts";
import { TICKS_PER_DAY, TICKS_PER_HOUR } from "../engine/ticks.ts";
import { entityNotFound } from "../kustoError.ts";
import type { CommandContext } from "./context.ts";
import type { Reader } from "./reader.ts";

const COLUMNS = [
  "OperationId:string",
  "Operation:string",
  "NodeId:string",
  "StartedOn:datetime",
  "LastUpdatedOn:datetime",
  "Duration:timespan",
  "State:string",
  "Status:string",
  "RootActivityId:guid",
  "ShouldRetry:bool",
  "Database:string",
  "Principal:string",
  "User:string",
];

function row(operation: Operation, record: OperationRecord): Value[] {
  return [
    operation.id,
    operation.kind,
    "",
    operation.startedOn,
    record.at,
    record.at - operation.startedOn,
    record.state,
    record.status,
    operation.rootActivity,
    operation.retry,
    operation.database,
    operation.principal,
    "",
  ];
}

/** The whole log without ids; with ids the latest state of those that are younger than six hours (`show-operations.md`). */
function showOperations(context: CommandContext, ids: readonly string[] | undefined): CommandResult {
  const { operations, clock } = context.engine;
  const now = clock.now();
  const rows: Value[][] = [];
  if (ids === undefined) {
    for (const operation of operations.list()) {
      if (operation.startedOn < now - 14n * TICKS_PER_DAY) continue;
      for (const record of operation.records) rows.push(row(operation, record));
    }
    return result(COLUMNS, rows);
  }
  for (const id of new Set(ids)) {
    const operation = operations.find(id);
    const latest = operation?.records.at(-1);
    if (operation === undefined || latest === undefined || latest.at < now - 6n * TICKS_PER_HOUR) continue;
    rows.push(row(operation, latest));
  }
  return result(COLUMNS, rows);
}

/** `.cancel operation` is for ingest from query only (`cancel-operation-command.md`). */
function cancel(context: CommandContext, id: string, reason: string): CommandResult {
  const { operations } = context.engine;
  const operation = operations.find(id);
  if (operation === undefined) throw entityNotFound("Operation", id);
  const cancelable = /^Table(Set|Append|SetOrAppend|SetOrReplace)$/.test(operation.kind);
  const done = cancelable && operations.cancel(id);
  const why = cancelable
    ? "The operation isn't running."
    : `Operations of kind '${operation.kind}' can't be canceled.`;
  return result(
    [
      "OperationId:guid",
      "Operation:string",
      "StartedOn:datetime",
      "CancellationState:string",
      "ReasonPhrase:string",
    ],
    [
      [
        operation.id,
        operation.kind,
        operation.startedOn,
        done ? "Cancelled successfully" : "Cancel failed",
        done ? reason : why,
      ],
    ],
  );
}

export function operationCommands(reader: Reader, context: CommandContext): CommandResult | undefined {
  if (reader.take("show", "operations")) {
    const next = reader.peek();
    const ids =
      next.text === "(" ? reader.list(reader.guid) : next.kind === "value" ? [reader.guid()] : undefined;
    reader.end();
    return showOperations(context, ids);
  }
  if (reader.take("show", "operation")) {
    const id = reader.guid();
    if (!reader.take("details")) {
      reader.end();
      return showOperations(context, [id]);
    }
    reader.end();
    const operation = context.engine.operations.find(id);
    if (operation === undefined) throw entityNotFound("Operation", id);
    const state = operation.records.at(-1)?.state ?? "Scheduled";
    if (state !== "Completed")
      throw badRequest(
        `The details of operation '${id}' can be shown only after it completed; its state is '${state}'.`,
      );
    if (operation.details === undefined) throw badRequest(`Operation '${id}' doesn't persist its results.`);
    return operation.details;
  }
  if (reader.take("cancel", "operation")) {
    const id = reader.guid();
    const reason = reader.properties().get("reason") ?? "";
    reader.end();
    return cancel(context, id, reason);
  }
  return undefined;
}
