import { type Json, shownValue } from "../json.ts";
import { toWholeSeconds } from "../time.ts";
import { EventType, eventTypeNames, type HistoryEvent } from "./events.ts";
import type { Instance } from "./instance.ts";

/** The status of an instance as the management endpoints answer it (recordings/management-api.json). */
export interface StatusPayload {
  name: string;
  instanceId: string;
  runtimeStatus: string;
  input: Json;
  customStatus: Json;
  output: Json;
  createdTime: string;
  lastUpdatedTime: string;
  historyEvents?: Json[];
}

export interface StatusOptions {
  showInput: boolean;
  showHistory: boolean;
  showHistoryOutput: boolean;
}

export function statusPayload(instance: Instance, options: StatusOptions): StatusPayload {
  const status: StatusPayload = {
    name: instance.name,
    instanceId: instance.instanceId,
    runtimeStatus: instance.status,
    input: options.showInput ? shownValue(instance.input) : null,
    customStatus: shownValue(instance.customStatus),
    output: shownValue(instance.output),
    createdTime: toWholeSeconds(instance.createdTime),
    lastUpdatedTime: toWholeSeconds(instance.lastUpdatedTime),
  };
  if (options.showHistory && instance.status !== "Pending") {
    status.historyEvents = shownHistory(instance, options);
  }
  return status;
}

/** Events by name, each answer of a task together with its beginning, and without the marks of turns. */
function shownHistory(instance: Instance, options: StatusOptions): Json[] {
  const scheduled = new Map<number, { name: string; at: string }>();
  const answered = new Set<number>();
  for (const event of instance.history) {
    if (
      event.EventType === EventType.TaskScheduled ||
      event.EventType === EventType.SubOrchestrationInstanceCreated
    ) {
      scheduled.set(event.EventId, { name: event.Name, at: event.Timestamp });
    }
    if ("TaskScheduledId" in event) answered.add(event.TaskScheduledId);
  }
  const shown: Json[] = [];
  for (const event of instance.history) {
    const item = shownEvent(event, scheduled, answered, options);
    if (item !== null) shown.push(item);
  }
  return shown;
}

function shownEvent(
  event: HistoryEvent,
  scheduled: ReadonlyMap<number, { name: string; at: string }>,
  answered: ReadonlySet<number>,
  options: StatusOptions,
): Json | null {
  const head = { EventType: eventTypeNames.get(event.EventType) ?? String(event.EventType) };
  const at = { Timestamp: event.Timestamp };
  const input = (value: string | null): { Input?: string | null } =>
    options.showInput ? { Input: value } : {};
  const result = (value: string | null): { Result?: Json } =>
    options.showHistoryOutput ? { Result: shownValue(value) } : {};
  const begun = (id: number): { [key: string]: Json } => {
    const task = scheduled.get(id);
    if (task === undefined) return {};
    const at = task.at.replace(/Z$/, "+00:00");
    return { ScheduledTime: at, FunctionName: task.name, ...input(null) };
  };
  switch (event.EventType) {
    case EventType.OrchestratorStarted:
    case EventType.OrchestratorCompleted:
      return null;
    case EventType.TaskScheduled:
    case EventType.SubOrchestrationInstanceCreated:
      if (answered.has(event.EventId)) return null;
      return { ...head, Name: event.Name, ...input(null), ...at };
    case EventType.ExecutionStarted:
      return {
        ...head,
        ...input(event.Input),
        Correlation: null,
        ParentTraceContext: null,
        ScheduledStartTime: null,
        Generation: event.Generation,
        GenerateNewTrace: event.GenerateNewTrace,
        ...at,
        FunctionName: event.Name,
      };
    case EventType.ExecutionCompleted:
      return {
        ...head,
        OrchestrationStatus: event.OrchestrationStatus,
        ...result(event.Result),
        FailureDetails: null,
        ...at,
      };
    case EventType.ExecutionTerminated:
      return { ...head, ...input(event.Input), ...at };
    case EventType.TaskCompleted:
    case EventType.SubOrchestrationInstanceCompleted:
      return { ...head, ...result(event.Result), ...at, ...begun(event.TaskScheduledId) };
    case EventType.TaskFailed:
    case EventType.SubOrchestrationInstanceFailed:
      return {
        ...head,
        Reason: event.Reason,
        Details: event.Details,
        FailureDetails: null,
        ...at,
        ...begun(event.TaskScheduledId),
      };
    case EventType.TimerCreated:
    case EventType.TimerFired:
      return { ...head, FireAt: event.FireAt, ...at };
    case EventType.EventRaised:
      return { ...head, Name: event.Name, ...input(event.Input), ParentTraceContext: null, ...at };
    case EventType.GenericEvent:
      return { ...head, Data: event.Data, ...at };
    case EventType.ExecutionSuspended:
    case EventType.ExecutionResumed:
      return { ...head, Reason: event.Reason, ...at };
  }
}
