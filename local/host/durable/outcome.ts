import { randomUUID } from "node:crypto";
import { nowText } from "../time.ts";
import type { Decision } from "./decide.ts";
import {
  EventType,
  type ExecutionSuspended,
  executionCompleted,
  executionStarted,
  type HistoryEvent,
  orchestratorCompleted,
  orchestratorStarted,
  subOrchestrationCompleted,
  subOrchestrationCreated,
  subOrchestrationFailed,
  taskScheduled,
  timerCreated,
} from "./events.ts";
import { orchestratorFailure } from "./failures.ts";
import { type Instance, type InstanceState, pendingInstance } from "./instance.ts";
import type { Replay, ReplayEnd, Scheduled } from "./replay.ts";
import type { Change } from "./store.ts";

/** A turn that is over, and what it is to be judged with. */
export interface FinishedTurn {
  instance: Instance;
  history: readonly HistoryEvent[];
  turn: { started: HistoryEvent | null; taken: number };
  decision: Decision;
  /** The parent, where it still waits for this instance. */
  parent: Instance | null;
  isRunning(instanceId: string): boolean;
}

/** What a turn changes in the store, all at once, and what begins after it. */
export interface Outcome {
  changes: Change[];
  begun: HistoryEvent[];
  logs: { level: "warning" | "error"; text: string }[];
}

export function outcomeOf(finished: FinishedTurn): Outcome {
  const { instance, decision } = finished;
  const { replay, failure } = decision;
  if (replay === null || failure !== null) {
    return failed(finished, failure ?? orchestratorFailure(instance.name, "it gave no answer"));
  }
  switch (replay.end.kind) {
    case "terminated": {
      const { reason } = replay.end;
      const told = reason ?? "";
      return ended(finished, "Terminated", reason, (id, at) => subOrchestrationFailed(id, told, told, at));
    }
    case "completed": {
      const { output } = replay.end;
      return ended(finished, "Completed", output, (id, at) => subOrchestrationCompleted(id, output, at));
    }
    case "continuedAsNew":
      return continued(finished, replay.end);
    default:
      return open(finished, replay);
  }
}

function stateOf(finished: FinishedTurn, at: string, change: Partial<InstanceState>): InstanceState {
  const { customStatus } = finished.decision;
  return { status: "Running", output: null, customStatus, lastUpdatedTime: at, ...change };
}

function failed(finished: FinishedTurn, failure: { reason: string; details: string }): Outcome {
  const outcome = ended(finished, "Failed", failure.reason, (id, at) =>
    subOrchestrationFailed(id, failure.reason, failure.details, at),
  );
  outcome.logs.push({ level: "error", text: `${finished.instance.instanceId}: ${failure.reason}` });
  return outcome;
}

function ended(
  finished: FinishedTurn,
  status: "Completed" | "Failed" | "Terminated",
  output: string | null,
  tellParent: (id: number, at: string) => HistoryEvent,
): Outcome {
  const { instance, history, turn, decision, parent } = finished;
  const at = nowText();
  const id = decision.replay?.nextId ?? history.filter((event) => event.EventId >= 0).length;
  const added = [executionCompleted(status, output, id, at), orchestratorCompleted(at)];
  const state = stateOf(finished, at, { status, output });
  const changes: Change[] = [{ kind: "turn", instanceId: instance.instanceId, ...turn, added, state }];
  if (parent !== null && instance.parent !== null) {
    const event = tellParent(instance.parent.TaskScheduleId, nowText());
    changes.push({ kind: "arrive", instanceId: parent.instanceId, event });
  }
  return { changes, begun: [], logs: [] };
}

function continued(finished: FinishedTurn, end: Extract<ReplayEnd, { kind: "continuedAsNew" }>): Outcome {
  const { instance, turn } = finished;
  const { instanceId } = instance;
  const at = nowText();
  const executionId = newExecutionId();
  const start = executionStarted({
    instance: { InstanceId: instanceId, ExecutionId: executionId },
    parent: instance.parent,
    name: instance.name,
    input: end.input,
    generation: null,
    at,
  });
  const fresh = [orchestratorStarted(at), start, ...end.carriedOver, orchestratorCompleted(at)];
  const { taken } = turn;
  const state = stateOf(finished, at, {});
  return {
    changes: [
      { kind: "continue", instanceId, executionId, input: end.input, createdTime: at, taken, fresh, state },
    ],
    begun: [],
    logs: end.dropped.map((name) => ({
      level: "warning",
      text: `${instanceId}: continueAsNew drops the event "${name}" that it didn't wait for, as the real host does.`,
    })),
  };
}

function open(finished: FinishedTurn, replay: Replay): Outcome {
  const { instance, history, turn } = finished;
  const made = replay.scheduled.map((task) => scheduledEvent(instance, task));
  const children: Change[] = [];
  const ids = new Set<string>();
  for (const event of made) {
    if (event.EventType !== EventType.SubOrchestrationInstanceCreated) continue;
    const refused = ids.has(event.InstanceId)
      ? `two sub-orchestrations with the id '${event.InstanceId}' are started at once`
      : refusedChild(finished, event.InstanceId);
    if (refused !== null) return failed(finished, orchestratorFailure(instance.name, refused));
    ids.add(event.InstanceId);
    const start = executionStarted({
      instance: { InstanceId: event.InstanceId, ExecutionId: newExecutionId() },
      parent: {
        Name: instance.name,
        OrchestrationInstance: { InstanceId: instance.instanceId, ExecutionId: instance.executionId },
        TaskScheduleId: event.EventId,
        Version: null,
      },
      name: event.Name,
      input: event.Input,
      generation: null,
      at: event.Timestamp,
    });
    children.push({ kind: "create", instance: pendingInstance(start) });
  }
  const at = nowText();
  const suspension = replay.suspended ? lastSuspension(history) : null;
  const state = stateOf(
    finished,
    at,
    suspension === null ? {} : { status: "Suspended", output: suspension.Reason },
  );
  const added = [...made, orchestratorCompleted(at)];
  const own: Change = { kind: "turn", instanceId: instance.instanceId, ...turn, added, state };
  return { changes: [own, ...children], begun: made, logs: [] };
}

function refusedChild({ instance, isRunning }: FinishedTurn, id: string): string | null {
  if (id.startsWith("@")) return "instance ids of orchestrations must not start with @";
  const parentId = instance.parent?.OrchestrationInstance.InstanceId;
  if (id.toLowerCase() === instance.instanceId.toLowerCase() || id === parentId) {
    return "the instance id of a sub-orchestration must be different from its parent's";
  }
  return isRunning(id)
    ? `the sub-orchestration '${id}' is already running, so it would never answer this call`
    : null;
}

function scheduledEvent(instance: Instance, task: Scheduled): HistoryEvent {
  const at = nowText();
  switch (task.kind) {
    case "activity":
      return taskScheduled(task.id, task.name, task.input, at);
    case "timer":
      return timerCreated(task.id, task.fireAt, at);
    case "subOrchestration": {
      const id = task.instanceId ?? `${instance.executionId}:${task.id}`;
      return subOrchestrationCreated(task.id, task.name, id, task.input, at);
    }
  }
}

function lastSuspension(history: readonly HistoryEvent[]): ExecutionSuspended | null {
  const event = history.findLast((event) => event.EventType === EventType.ExecutionSuspended);
  return event?.EventType === EventType.ExecutionSuspended ? event : null;
}

function newExecutionId(): string {
  return randomUUID().replaceAll("-", "");
}
