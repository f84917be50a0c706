import { addMilliseconds, formatTicks, parseTicks } from "../time.ts";
import { type Action, type OrchestratorAnswer, type RetryOptions, whenAll, whenAny } from "./actions.ts";
import { EventType, type HistoryEvent } from "./events.ts";

/**
 * Carries out an orchestrator's answer against its history, as the Durable Functions host does for languages
 * out of its process: it walks the actions one after the other from the beginning, waiting for each, and so
 * finds what is newly scheduled. Tasks get their numbers in the order in which this walk starts them, and the
 * orchestration ends only when all actions are through and no activity, sub-orchestration or timer that was not
 * cancelled is left open, whatever the orchestrator itself has returned
 * (test/local/host/recordings/orchestrator-turns.json: anyActivities; pattern-turns.json: nestedAnyInAll).
 */

export type Scheduled =
  | { kind: "activity"; id: number; name: string; input: string | null }
  | { kind: "subOrchestration"; id: number; name: string; instanceId: string | null; input: string | null }
  | { kind: "timer"; id: number; fireAt: string };

export type ReplayEnd =
  | { kind: "open" }
  | { kind: "completed"; output: string | null }
  | { kind: "continuedAsNew"; input: string | null; carriedOver: HistoryEvent[]; dropped: string[] }
  | { kind: "failed"; error: string }
  | { kind: "terminated"; reason: string | null };

export interface Replay {
  end: ReplayEnd;
  /** What is scheduled in this turn, in the order of the numbers. */
  scheduled: Scheduled[];
  nextId: number;
  /** Suspended and since not resumed. */
  suspended: boolean;
}

export class NondeterminismError extends Error {}
/** What the real host would do in a way that hangs or goes wrong without a word. */
export class RefusedOrchestrationError extends Error {}

const maximumShortTimerMilliseconds = 6 * 86_400_000;
const longTimerIntervalMilliseconds = 3 * 86_400_000;

interface Waiting {
  done: boolean;
  failed: boolean;
  next: (() => void)[];
}

export function replayOrchestration(history: readonly HistoryEvent[], answer: OrchestratorAnswer): Replay {
  let now = "";
  let nextId = 0;
  let unmatched = new Map<number, Scheduled>();
  let heldBack = new Map<number, Scheduled>();
  const openTasks = new Map<number, Waiting>();
  const waitingForEvent = new Map<string, Waiting[]>();
  const bufferedEvents = new Map<string, number>();
  const state: Outcome = { suspended: false, finished: false, terminated: null, continueInput: null };
  let eventsWhileSuspended: HistoryEvent[] = [];
  const carriedOver: HistoryEvent[] = [];

  const fresh = (): Waiting => ({ done: false, failed: false, next: [] });
  const settle = (waiting: Waiting, failed = false): void => {
    if (waiting.done) return;
    waiting.done = true;
    waiting.failed = failed;
    for (const proceed of waiting.next.splice(0)) proceed();
  };
  const whenSettled = (waiting: Waiting, next: () => void): void => {
    if (waiting.done) next();
    else waiting.next.push(next);
  };
  const schedule = (make: (id: number) => Scheduled): Waiting => {
    const id = nextId++;
    const waiting = fresh();
    unmatched.set(id, make(id));
    openTasks.set(id, waiting);
    return waiting;
  };
  const startTimer = (fireAt: string): Waiting =>
    schedule((id) => ({ kind: "timer", id, fireAt: formatTicks(parseTicks(fireAt)) }));

  const startLongTimer = (fireAt: string): Waiting => {
    const whole = fresh();
    const step = (): void => {
      const left = Number(parseTicks(fireAt) - parseTicks(now)) / 10_000;
      const last = left <= maximumShortTimerMilliseconds;
      const timer = startTimer(last ? fireAt : addMilliseconds(now, longTimerIntervalMilliseconds));
      whenSettled(timer, last ? () => settle(whole) : step);
    };
    step();
    return whole;
  };

  const startWithRetry = (start: () => Waiting, options: RetryOptions): Waiting => {
    const whole = fresh();
    const first = parseTicks(now);
    const attempt = (count: number): void => {
      const task = start();
      whenSettled(task, () => {
        if (!task.failed) {
          settle(whole);
        } else if (count + 1 >= options.maxNumberOfAttempts) {
          // The host makes one more timer, due at once, after the last attempt.
          whenSettled(startTimer(now), () => settle(whole, true));
        } else {
          const delay = retryDelay(options, count, Number(parseTicks(now) - first) / 10_000);
          if (delay === 0) {
            throw new RefusedOrchestrationError(
              "A retry has no delay left (retryTimeoutInMilliseconds is over, or the delay is 0). The real host then " +
                "gives up without the timer that the SDK waits for, and the orchestration never ends, so the local host " +
                "stops it here.",
            );
          }
          whenSettled(startTimer(addMilliseconds(now, delay)), () => attempt(count + 1));
        }
      });
    };
    attempt(0);
    return whole;
  };

  const start = (action: Action): Waiting => {
    switch (action.actionType) {
      case 0:
        return schedule((id) => activity(id, action));
      case 1:
        return startWithRetry(() => schedule((id) => activity(id, action)), action.retryOptions);
      case 2:
        return schedule((id) => subOrchestration(id, action));
      case 3:
        return startWithRetry(() => schedule((id) => subOrchestration(id, action)), action.retryOptions);
      case 4: {
        state.continueInput = { input: inputText(action.input) };
        return { done: true, failed: false, next: [] };
      }
      case 5: {
        if (!action.isCanceled) return startLongTimer(action.fireAt);
        const timer = startTimer(action.fireAt);
        openTasks.delete(nextId - 1);
        settle(timer, true);
        return timer;
      }
      case 6:
        return waitForEvent(action.externalEventName);
      case whenAll:
      case whenAny: {
        const whole = fresh();
        const children = action.compoundActions.map(start);
        const check = (): void => {
          const done = children.filter((child) => child.done);
          if (action.actionType === whenAny ? done.length > 0 : done.length === children.length) {
            settle(whole, action.actionType === whenAll && children.some((child) => child.failed));
          }
        };
        for (const child of children) whenSettled(child, check);
        return whole;
      }
    }
  };

  const waitForEvent = (name: string): Waiting => {
    const key = name.toLowerCase();
    const waiting = fresh();
    const buffered = bufferedEvents.get(key) ?? 0;
    if (buffered > 0) {
      bufferedEvents.set(key, buffered - 1);
      waiting.done = true;
      return waiting;
    }
    const stack = waitingForEvent.get(key) ?? [];
    stack.push(waiting);
    waitingForEvent.set(key, stack);
    return waiting;
  };

  const raiseEvent = (name: string): void => {
    const key = name.toLowerCase();
    // The latest waiter gets the event: the host keeps them as a stack.
    const waiting = waitingForEvent.get(key)?.pop();
    if (waiting === undefined) bufferedEvents.set(key, (bufferedEvents.get(key) ?? 0) + 1);
    else settle(waiting);
  };

  const walk = (index: number): void => {
    const action = answer.actions[index];
    if (action === undefined) {
      state.finished = true;
      return;
    }
    whenSettled(start(action), () => walk(index + 1));
  };

  const finish = (id: number, failed: boolean): void => {
    const waiting = openTasks.get(id);
    if (waiting === undefined) return;
    openTasks.delete(id);
    settle(waiting, failed);
  };

  const handle = (event: HistoryEvent): void => {
    switch (event.EventType) {
      case EventType.ExecutionStarted:
        walk(0);
        break;
      case EventType.TaskScheduled:
        match(unmatched, "activity", event.EventId, event.Name);
        break;
      case EventType.SubOrchestrationInstanceCreated:
        match(unmatched, "subOrchestration", event.EventId, event.Name);
        break;
      case EventType.TimerCreated:
        match(unmatched, "timer", event.EventId, null);
        break;
      case EventType.TaskCompleted:
      case EventType.SubOrchestrationInstanceCompleted:
        finish(event.TaskScheduledId, false);
        break;
      case EventType.TaskFailed:
      case EventType.SubOrchestrationInstanceFailed:
        finish(event.TaskScheduledId, true);
        break;
      case EventType.TimerFired:
        finish(event.TimerId, false);
        break;
      case EventType.EventRaised:
        if (state.continueInput !== null) carriedOver.push(event);
        else raiseEvent(event.Name);
        break;
      case EventType.ExecutionTerminated:
        state.terminated ??= { reason: event.Input };
        break;
      case EventType.ExecutionSuspended:
        state.suspended = true;
        heldBack = new Map([...heldBack, ...unmatched]);
        unmatched = new Map();
        break;
      case EventType.ExecutionResumed: {
        state.suspended = false;
        unmatched = new Map([...unmatched, ...heldBack]);
        heldBack = new Map();
        const waiting = eventsWhileSuspended;
        eventsWhileSuspended = [];
        for (const event of waiting) dispatch(event);
        break;
      }
      default:
        break;
    }
  };

  const dispatch = (event: HistoryEvent): void => {
    const always =
      event.EventType === EventType.ExecutionResumed || event.EventType === EventType.ExecutionTerminated;
    if (!state.suspended || always) handle(event);
    else if (event.EventType !== EventType.ExecutionSuspended) eventsWhileSuspended.push(event);
  };

  for (const event of history) {
    if (event.EventType === EventType.OrchestratorStarted) now = event.Timestamp;
    else dispatch(event);
  }

  const scheduled = [...unmatched.values()].sort((a, b) => a.id - b.id);
  const { suspended, terminated, continueInput } = state;
  const result = (end: ReplayEnd, kept = scheduled): Replay => ({ end, scheduled: kept, nextId, suspended });
  if (terminated !== null) return result({ kind: "terminated", reason: terminated.reason }, []);
  if (!state.finished || openTasks.size > 0) return result({ kind: "open" });
  if (answer.error !== null) return result({ kind: "failed", error: answer.error });
  if (!answer.isDone) return result({ kind: "open" });
  if (continueInput !== null) {
    const dropped = [...bufferedEvents].filter(([, count]) => count > 0).map(([name]) => name);
    return result({ kind: "continuedAsNew", input: continueInput.input, carriedOver, dropped });
  }
  return result({ kind: "completed", output: answer.output });
}

interface Outcome {
  suspended: boolean;
  finished: boolean;
  terminated: { reason: string | null } | null;
  continueInput: { input: string | null } | null;
}

function inputText(input: unknown): string | null {
  return input === undefined ? null : JSON.stringify(input);
}

function activity(id: number, action: { functionName: string; input?: unknown }): Scheduled {
  return { kind: "activity", id, name: action.functionName, input: inputText(action.input) };
}

function subOrchestration(
  id: number,
  action: { functionName: string; instanceId?: string | undefined; input?: unknown },
): Scheduled {
  const instanceId = action.instanceId === undefined || action.instanceId === "" ? null : action.instanceId;
  return {
    kind: "subOrchestration",
    id,
    name: action.functionName,
    instanceId,
    input: inputText(action.input),
  };
}

/** The wait before the attempt after number `count` (from 0); 0 where the time for retries is over. */
export function retryDelay(options: RetryOptions, count: number, sinceFirst: number): number {
  if (options.retryTimeoutInMilliseconds !== undefined && sinceFirst >= options.retryTimeoutInMilliseconds) {
    return 0;
  }
  const delay = options.firstRetryIntervalInMilliseconds * (options.backoffCoefficient ?? 1) ** count;
  return Math.min(delay, options.maxRetryIntervalInMilliseconds ?? maximumShortTimerMilliseconds);
}

function match(
  unmatched: Map<number, Scheduled>,
  kind: Scheduled["kind"],
  id: number,
  name: string | null,
): void {
  const was = name === null ? `a timer with number ${id}` : `'${name}' with number ${id}`;
  const action = unmatched.get(id);
  if (action === undefined) {
    throw new NondeterminismError(
      `Non-Deterministic workflow detected: an earlier execution of this orchestration scheduled ${was}, but the ` +
        "current replay hasn't scheduled it. Was the orchestrator's code changed after the instance had started?",
    );
  }
  const isNow = action.kind === "timer" ? "a timer" : `the ${action.kind} '${action.name}'`;
  const sameName = action.kind === "timer" || action.name.toLowerCase() === name?.toLowerCase();
  if (action.kind !== kind || !sameName) {
    throw new NondeterminismError(
      `Non-Deterministic workflow detected: an earlier execution of this orchestration scheduled ${was}, but the ` +
        `current replay scheduled ${isNow} with this number. Was the orchestrator's code changed after the instance ` +
        "had started?",
    );
  }
  unmatched.delete(id);
}
