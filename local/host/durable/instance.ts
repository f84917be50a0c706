import {
  EventType,
  type ExecutionStarted,
  genericEvent,
  type HistoryEvent,
  type ParentReference,
} from "./events.ts";

export type RuntimeStatus = "Pending" | "Running" | "Suspended" | "Completed" | "Failed" | "Terminated";

/** What changes with each turn, besides the history. Texts are JSON, an output can be a bare reason. */
export interface InstanceState {
  status: RuntimeStatus;
  output: string | null;
  customStatus: string | null;
  lastUpdatedTime: string;
}

export interface Instance extends InstanceState {
  instanceId: string;
  name: string;
  executionId: string;
  generation: number | null;
  parent: ParentReference | null;
  input: string | null;
  createdTime: string;
  history: HistoryEvent[];
  /** Arrived and not yet given to the orchestrator. */
  inbox: HistoryEvent[];
  /** The first turn after a continue-as-new is given these events, and not the inbox. */
  fresh: HistoryEvent[] | null;
}

export function isFinished(instance: { status: RuntimeStatus }): boolean {
  return instance.status === "Completed" || instance.status === "Failed" || instance.status === "Terminated";
}

/** An instance that has been asked for and not yet begun: its start waits in its inbox. */
export function pendingInstance(start: ExecutionStarted): Instance {
  return {
    instanceId: start.OrchestrationInstance.InstanceId,
    name: start.Name,
    executionId: start.OrchestrationInstance.ExecutionId,
    generation: start.Generation,
    parent: start.ParentInstance,
    status: "Pending",
    input: start.Input,
    output: null,
    customStatus: null,
    createdTime: start.Timestamp,
    lastUpdatedTime: start.Timestamp,
    history: [],
    inbox: [start],
    fresh: null,
  };
}

/**
 * The host marks as played what it has given to an orchestrator as new, but the marks of a turn's beginning;
 * what the turn itself adds (scheduled tasks, its end) stays unmarked.
 */
export function markPlayed(events: readonly HistoryEvent[]): HistoryEvent[] {
  return events.map((event) =>
    event.EventType === EventType.OrchestratorStarted ? event : { ...event, IsPlayed: true },
  );
}

/**
 * The history of a failed instance made ready to run again (rewind): failed activities, what scheduled them, and
 * the end become events that mean nothing (test/local/host/recordings/orchestrator-turns.json: fails-1). A failed
 * sub-orchestration stays scheduled: it is rewound itself, and answers anew.
 */
export function rewoundHistory(history: readonly HistoryEvent[]): HistoryEvent[] {
  const failed = new Set<number>();
  for (const event of history) {
    if (event.EventType === EventType.TaskFailed) failed.add(event.TaskScheduledId);
  }
  return history.map((event) => {
    const voided =
      event.EventType === EventType.TaskFailed ||
      event.EventType === EventType.SubOrchestrationInstanceFailed ||
      event.EventType === EventType.ExecutionCompleted ||
      (event.EventType === EventType.TaskScheduled && failed.has(event.EventId));
    if (!voided) return event;
    return { ...genericEvent(null, event.Timestamp, event.EventId), IsPlayed: event.IsPlayed };
  });
}

/** The sub-orchestrations whose failure the history holds. */
export function failedSubOrchestrations(history: readonly HistoryEvent[]): string[] {
  const ids = new Map<number, string>();
  const failed: string[] = [];
  for (const event of history) {
    if (event.EventType === EventType.SubOrchestrationInstanceCreated) {
      ids.set(event.EventId, event.InstanceId);
    } else if (event.EventType === EventType.SubOrchestrationInstanceFailed) {
      const id = ids.get(event.TaskScheduledId);
      if (id !== undefined) failed.push(id);
    }
  }
  return failed;
}
