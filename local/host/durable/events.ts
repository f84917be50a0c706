/**
 * History events of an orchestration as the Durable Functions host sends them to the orchestration trigger
 * (test/local/host/recordings/orchestrator-turns.json): the numbers of the types, the fields and their order.
 */

export const EventType = {
  ExecutionStarted: 0,
  ExecutionCompleted: 1,
  ExecutionTerminated: 3,
  TaskScheduled: 4,
  TaskCompleted: 5,
  TaskFailed: 6,
  SubOrchestrationInstanceCreated: 7,
  SubOrchestrationInstanceCompleted: 8,
  SubOrchestrationInstanceFailed: 9,
  TimerCreated: 10,
  TimerFired: 11,
  OrchestratorStarted: 12,
  OrchestratorCompleted: 13,
  EventRaised: 15,
  GenericEvent: 17,
  ExecutionSuspended: 19,
  ExecutionResumed: 20,
} as const;

export const eventTypeNames: ReadonlyMap<number, string> = new Map(
  Object.entries(EventType).map(([name, number]) => [number, name]),
);

interface Tail {
  EventId: number;
  IsPlayed: boolean;
  Timestamp: string;
}

export interface InstanceReference {
  InstanceId: string;
  ExecutionId: string;
}

export interface ParentReference {
  Name: string;
  OrchestrationInstance: InstanceReference;
  TaskScheduleId: number;
  Version: null;
}

export interface ExecutionStarted extends Tail {
  OrchestrationInstance: InstanceReference;
  EventType: 0;
  ParentInstance: ParentReference | null;
  Name: string;
  Version: null;
  Input: string | null;
  Tags: null;
  Correlation: null;
  ParentTraceContext: null;
  ScheduledStartTime: null;
  Generation: number | null;
  GenerateNewTrace: boolean;
}

export interface ExecutionCompleted extends Tail {
  EventType: 1;
  OrchestrationStatus: "Completed" | "Failed" | "Terminated";
  Result: string | null;
  FailureDetails: null;
}

export interface ExecutionTerminated extends Tail {
  EventType: 3;
  Input: string | null;
}

export interface TaskScheduled extends Tail {
  EventType: 4;
  Name: string;
  Version: string;
  Input: string | null;
  ParentTraceContext: null;
  Tags: null;
}

export interface TaskCompleted extends Tail {
  EventType: 5;
  TaskScheduledId: number;
  Result: string | null;
}

export interface TaskFailed extends Tail {
  EventType: 6;
  TaskScheduledId: number;
  Reason: string;
  Details: string;
  FailureDetails: null;
}

export interface SubOrchestrationInstanceCreated extends Tail {
  EventType: 7;
  Name: string;
  Version: null;
  InstanceId: string;
  Input: string | null;
  ClientSpanId: null;
  Tags: null;
}

export interface SubOrchestrationInstanceCompleted extends Tail {
  EventType: 8;
  TaskScheduledId: number;
  Result: string | null;
}

export interface SubOrchestrationInstanceFailed extends Tail {
  EventType: 9;
  TaskScheduledId: number;
  Reason: string;
  Details: string;
  FailureDetails: null;
}

export interface TimerCreated extends Tail {
  EventType: 10;
  FireAt: string;
}

export interface TimerFired extends Tail {
  EventType: 11;
  TimerId: number;
  FireAt: string;
}

export interface OrchestratorStarted extends Tail {
  EventType: 12;
}

export interface OrchestratorCompleted extends Tail {
  EventType: 13;
}

export interface EventRaised extends Tail {
  EventType: 15;
  Name: string;
  Input: string | null;
  ParentTraceContext: null;
}

export interface GenericEvent extends Tail {
  Data: string | null;
  EventType: 17;
}

export interface ExecutionSuspended extends Tail {
  EventType: 19;
  Reason: string | null;
}

export interface ExecutionResumed extends Tail {
  EventType: 20;
  Reason: string | null;
}

export type HistoryEvent =
  | ExecutionStarted
  | ExecutionCompleted
  | ExecutionTerminated
  | TaskScheduled
  | TaskCompleted
  | TaskFailed
  | SubOrchestrationInstanceCreated
  | SubOrchestrationInstanceCompleted
  | SubOrchestrationInstanceFailed
  | TimerCreated
  | TimerFired
  | OrchestratorStarted
  | OrchestratorCompleted
  | EventRaised
  | GenericEvent
  | ExecutionSuspended
  | ExecutionResumed;

function tail(timestamp: string, eventId = -1): Tail {
  return { EventId: eventId, IsPlayed: false, Timestamp: timestamp };
}

export function executionStarted(start: {
  instance: InstanceReference;
  parent: ParentReference | null;
  name: string;
  input: string | null;
  generation: number | null;
  at: string;
}): ExecutionStarted {
  return {
    OrchestrationInstance: start.instance,
    EventType: EventType.ExecutionStarted,
    ParentInstance: start.parent,
    Name: start.name,
    Version: null,
    Input: start.input,
    Tags: null,
    Correlation: null,
    ParentTraceContext: null,
    ScheduledStartTime: null,
    Generation: start.generation,
    GenerateNewTrace: false,
    ...tail(start.at),
  };
}

export function executionCompleted(
  status: ExecutionCompleted["OrchestrationStatus"],
  result: string | null,
  id: number,
  at: string,
): ExecutionCompleted {
  return {
    EventType: EventType.ExecutionCompleted,
    OrchestrationStatus: status,
    Result: result,
    FailureDetails: null,
    ...tail(at, id),
  };
}

export function executionTerminated(reason: string | null, at: string): ExecutionTerminated {
  return { EventType: EventType.ExecutionTerminated, Input: reason, ...tail(at) };
}

export function taskScheduled(id: number, name: string, input: string | null, at: string): TaskScheduled {
  return {
    EventType: EventType.TaskScheduled,
    Name: name,
    Version: "",
    Input: input,
    ParentTraceContext: null,
    Tags: null,
    ...tail(at, id),
  };
}

export function taskCompleted(id: number, result: string | null, at: string): TaskCompleted {
  return { EventType: EventType.TaskCompleted, TaskScheduledId: id, Result: result, ...tail(at) };
}

export function taskFailed(id: number, reason: string, details: string, at: string): TaskFailed {
  return {
    EventType: EventType.TaskFailed,
    TaskScheduledId: id,
    Reason: reason,
    Details: details,
    FailureDetails: null,
    ...tail(at),
  };
}

export function subOrchestrationCreated(
  id: number,
  name: string,
  instanceId: string,
  input: string | null,
  at: string,
): SubOrchestrationInstanceCreated {
  return {
    EventType: EventType.SubOrchestrationInstanceCreated,
    Name: name,
    Version: null,
    InstanceId: instanceId,
    Input: input,
    ClientSpanId: null,
    Tags: null,
    ...tail(at, id),
  };
}

export function subOrchestrationCompleted(
  id: number,
  result: string | null,
  at: string,
): SubOrchestrationInstanceCompleted {
  return {
    EventType: EventType.SubOrchestrationInstanceCompleted,
    TaskScheduledId: id,
    Result: result,
    ...tail(at),
  };
}

export function subOrchestrationFailed(
  id: number,
  reason: string,
  details: string,
  at: string,
): SubOrchestrationInstanceFailed {
  return {
    EventType: EventType.SubOrchestrationInstanceFailed,
    TaskScheduledId: id,
    Reason: reason,
    Details: details,
    FailureDetails: null,
    ...tail(at),
  };
}

export function timerCreated(id: number, fireAt: string, at: string): TimerCreated {
  return { EventType: EventType.TimerCreated, FireAt: fireAt, ...tail(at, id) };
}

/** A timer's message is written when the timer is made, so that is its time in the history. */
export function timerFired(timer: TimerCreated): TimerFired {
  return {
    EventType: EventType.TimerFired,
    TimerId: timer.EventId,
    FireAt: timer.FireAt,
    ...tail(timer.Timestamp),
  };
}

export function orchestratorStarted(at: string): OrchestratorStarted {
  return { EventType: EventType.OrchestratorStarted, ...tail(at) };
}

export function orchestratorCompleted(at: string): OrchestratorCompleted {
  return { EventType: EventType.OrchestratorCompleted, ...tail(at) };
}

export function eventRaised(name: string, input: string | null, at: string): EventRaised {
  return {
    EventType: EventType.EventRaised,
    Name: name,
    Input: input,
    ParentTraceContext: null,
    ...tail(at),
  };
}

export function genericEvent(data: string | null, at: string, id = -1): GenericEvent {
  return { Data: data, EventType: EventType.GenericEvent, ...tail(at, id) };
}

export function executionSuspended(reason: string | null, at: string): ExecutionSuspended {
  return { EventType: EventType.ExecutionSuspended, Reason: reason, ...tail(at) };
}

export function executionResumed(reason: string | null, at: string): ExecutionResumed {
  return { EventType: EventType.ExecutionResumed, Reason: reason, ...tail(at) };
}

/**
 * The event as the trigger and the management endpoints see it: the host keeps inputs of scheduled tasks out
 * of the history it shows.
 */
export function shownEvent(event: HistoryEvent): HistoryEvent {
  return event.EventType === EventType.TaskScheduled ||
    event.EventType === EventType.SubOrchestrationInstanceCreated
    ? { ...event, Input: null }
    : event;
}
