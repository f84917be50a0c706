import { randomUUID } from "node:crypto";
import { millisecondsUntil, nowText } from "../time.ts";
import { type DurableFunctions, decide } from "./decide.ts";
import {
  EventType,
  eventRaised,
  executionResumed,
  executionStarted,
  executionSuspended,
  executionTerminated,
  genericEvent,
  type HistoryEvent,
  orchestratorStarted,
  type TaskScheduled,
  type TimerCreated,
  taskCompleted,
  taskFailed,
  timerFired,
} from "./events.ts";
import { activityFailure, thrownFrom } from "./failures.ts";
import {
  failedSubOrchestrations,
  type Instance,
  isFinished,
  pendingInstance,
  rewoundHistory,
} from "./instance.ts";
import { outcomeOf } from "./outcome.ts";
import { createAlarms, createSlots } from "./scheduler.ts";
import type { Change, Store } from "./store.ts";

export interface EngineOptions {
  store: Store;
  functions: DurableFunctions;
  maxConcurrentActivities: number;
  maxConcurrentOrchestrators: number;
  /**
   * "exact": at their time, as the documentation has it. "early": up to a second before it, as the real host on
   * Azure Storage, which waits whole seconds only. "atOnce": without waiting, for trying an orchestrator.
   */
  timers: "exact" | "early" | "atOnce";
  log(level: "information" | "warning" | "error", text: string): void;
}

export class InstanceInUseError extends Error {}
export class BadStartError extends Error {}

/** The orchestration engine: starts, turns, activities, timers, and what clients may do to instances. */
export interface Engine {
  start(name: string, options: { instanceId?: string; input: string | null }): string;
  get(instanceId: string): Instance | undefined;
  all(): Instance[];
  raiseEvent(instanceId: string, name: string, input: string | null): void;
  terminate(instanceId: string, reason: string | null): void;
  suspend(instanceId: string, reason: string | null): void;
  resume(instanceId: string, reason: string | null): void;
  rewind(instanceId: string, reason: string | null): void;
  purge(instanceIds: string[]): void;
  /** Calls `listener` after each change of any instance; the answer ends it. */
  onChange(listener: (instanceId: string) => void): () => void;
  /** Takes up what a host before this one left open. */
  recover(): void;
  stop(): void;
}

export function createEngine(options: EngineOptions): Engine {
  const { store, functions } = options;
  const activitySlots = createSlots(options.maxConcurrentActivities);
  const orchestratorSlots = createSlots(options.maxConcurrentOrchestrators);
  const alarms = createAlarms();
  const turning = new Set<string>();
  const listeners = new Set<(instanceId: string) => void>();
  let stopped = false;

  const changed = (instanceId: string): void => {
    for (const listener of listeners) listener(instanceId);
  };

  const wake = (instanceId: string): void => {
    if (stopped || turning.has(instanceId)) return;
    const instance = store.get(instanceId);
    if (instance === undefined || isFinished(instance)) return;
    if (instance.fresh === null && instance.inbox.length === 0) return;
    turning.add(instanceId);
    // What arrives in the same tick is taken together, as the host takes a batch of messages.
    setImmediate(() => orchestratorSlots.run(() => turn(instanceId)));
  };

  const arrive = (instance: Instance, event: HistoryEvent): void => {
    store.commit([{ kind: "arrive", instanceId: instance.instanceId, event }]);
    wake(instance.instanceId);
  };

  /** The instance, if it still is in the same execution and waits for answers. */
  const stillOpen = (instanceId: string, executionId: string): Instance | null => {
    const instance = stopped ? undefined : store.get(instanceId);
    return instance?.executionId === executionId && !isFinished(instance) ? instance : null;
  };

  const runActivity = (instanceId: string, executionId: string, task: TaskScheduled): void => {
    activitySlots.run(async () => {
      if (stillOpen(instanceId, executionId) === null) return;
      let event: HistoryEvent;
      try {
        const result = await functions.runActivity(task.Name, task.Input, instanceId);
        event = taskCompleted(task.EventId, result, nowText());
      } catch (error) {
        const { reason, details } = activityFailure(task.Name, thrownFrom(error));
        options.log("error", `${instanceId}: ${reason}`);
        event = taskFailed(task.EventId, reason, details, nowText());
      }
      const instance = stillOpen(instanceId, executionId);
      if (instance !== null) arrive(instance, event);
    });
  };

  const setTimer = (instanceId: string, executionId: string, timer: TimerCreated): void => {
    const wait = options.timers === "exact" ? 0 : Math.max(0, millisecondsUntil(timer.FireAt));
    const early = Date.now() + (options.timers === "early" ? Math.floor(wait / 1000) * 1000 : 0);
    const left = (): number =>
      options.timers === "exact" ? millisecondsUntil(timer.FireAt) : early - Date.now();
    alarms.set(`${instanceId} ${executionId} ${timer.EventId}`, left, () => {
      const instance = stillOpen(instanceId, executionId);
      if (instance !== null) arrive(instance, timerFired(timer));
    });
  };

  const begin = (instance: Instance, events: readonly HistoryEvent[]): void => {
    const { instanceId, executionId } = instance;
    for (const event of events) {
      if (event.EventType === EventType.TaskScheduled) runActivity(instanceId, executionId, event);
      else if (event.EventType === EventType.TimerCreated) setTimer(instanceId, executionId, event);
      else if (event.EventType === EventType.SubOrchestrationInstanceCreated) wake(event.InstanceId);
    }
  };

  const turn = async (instanceId: string): Promise<void> => {
    try {
      const instance = store.get(instanceId);
      if (stopped || instance === undefined || isFinished(instance)) return;
      const { executionId, fresh } = instance;
      const started = fresh === null ? orchestratorStarted(nowText()) : null;
      const arrived = fresh ?? [...instance.inbox];
      const news = started === null ? arrived : [started, ...arrived];
      const history = [...instance.history, ...news];
      const decision = await decide(functions, instance, history);
      // A purge, or a start with the same id, can have come between.
      if (stopped || store.get(instanceId) !== instance || instance.executionId !== executionId) return;
      const taken = fresh === null ? arrived.length : 0;
      const outcome = outcomeOf({
        instance,
        history,
        turn: { started, taken },
        decision,
        parent: openParent(instance),
        isRunning: (id) => {
          const other = store.get(id);
          return other !== undefined && !isFinished(other);
        },
      });
      store.commit(outcome.changes);
      for (const { level, text } of outcome.logs) options.log(level, text);
      begin(instance, outcome.begun);
      for (const change of outcome.changes) {
        const id = change.kind === "create" ? change.instance.instanceId : change.instanceId;
        changed(id);
        wake(id);
      }
    } finally {
      turning.delete(instanceId);
      wake(instanceId);
    }
  };

  const openParent = (instance: Instance): Instance | null => {
    const reference = instance.parent?.OrchestrationInstance;
    return reference === undefined ? null : stillOpen(reference.InstanceId, reference.ExecutionId);
  };

  const tell = (instanceId: string, event: (at: string) => HistoryEvent): void => {
    const instance = store.get(instanceId);
    if (instance !== undefined && !isFinished(instance)) arrive(instance, event(nowText()));
  };

  const rewind = (instanceId: string, reason: string | null): void => {
    const changes: Change[] = [];
    const rewound: string[] = [];
    const visit = (id: string): void => {
      const instance = store.get(id);
      if (instance === undefined || instance.status !== "Failed") return;
      rewound.push(id);
      failedSubOrchestrations(instance.history).forEach(visit);
      const at = nowText();
      changes.push({
        kind: "rewind",
        instanceId: id,
        history: rewoundHistory(instance.history),
        event: genericEvent(reason, at),
        state: {
          status: "Running",
          output: null,
          customStatus: instance.customStatus,
          lastUpdatedTime: at,
        },
      });
    };
    visit(instanceId);
    store.commit(changes);
    for (const id of rewound) {
      const instance = store.get(id);
      if (instance !== undefined) takeUp(instance);
      changed(id);
    }
  };

  /** Runs again what the instance has begun and has no answer to. */
  const takeUp = (instance: Instance): void => {
    const answered = new Set<number>();
    for (const event of [...instance.history, ...instance.inbox]) {
      if ("TaskScheduledId" in event) answered.add(event.TaskScheduledId);
      if (event.EventType === EventType.TimerFired) answered.add(event.TimerId);
    }
    begin(
      instance,
      instance.history.filter((event) => event.EventId >= 0 && !answered.has(event.EventId)),
    );
    wake(instance.instanceId);
  };

  return {
    start(name, { instanceId: wanted, input }) {
      const instanceId = wanted === undefined || wanted === "" ? randomUUID().replaceAll("-", "") : wanted;
      checkInstanceId(instanceId);
      const existing = store.get(instanceId);
      if (existing !== undefined && !isFinished(existing)) {
        throw new InstanceInUseError(
          `An Orchestration instance with the status ${existing.status} already exists.`,
        );
      }
      const start = executionStarted({
        instance: { InstanceId: instanceId, ExecutionId: randomUUID() },
        parent: null,
        name,
        input,
        generation: existing === undefined ? 0 : (existing.generation ?? 0) + 1,
        at: nowText(),
      });
      store.commit([{ kind: "create", instance: pendingInstance(start) }]);
      changed(instanceId);
      wake(instanceId);
      return instanceId;
    },
    get: (instanceId) => store.get(instanceId),
    all: () => store.all(),
    raiseEvent: (id, name, input) => tell(id, (at) => eventRaised(name, input, at)),
    terminate: (id, reason) => tell(id, (at) => executionTerminated(reason, at)),
    suspend: (id, reason) => tell(id, (at) => executionSuspended(reason, at)),
    resume: (id, reason) => tell(id, (at) => executionResumed(reason, at)),
    rewind,
    purge(instanceIds) {
      store.commit(instanceIds.map((instanceId) => ({ kind: "purge", instanceId })));
      instanceIds.forEach(changed);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    recover() {
      for (const instance of store.all()) if (!isFinished(instance)) takeUp(instance);
    },
    stop() {
      stopped = true;
      activitySlots.stop();
      orchestratorSlots.stop();
      alarms.stop();
      listeners.clear();
    },
  };
}

function checkInstanceId(id: string): void {
  if (id.startsWith("@")) throw new BadStartError("Orchestration instance ids must not start with @.");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[/\\#?\u0000-\u001f\u007f-\u009f]/.test(id)) {
    throw new BadStartError(
      "Orchestration instance ids must not contain /, \\, #, ?, or control characters.",
    );
  }
  if (id.length > 100) throw new BadStartError("Instance ID lengths must not exceed 100 characters.");
}
