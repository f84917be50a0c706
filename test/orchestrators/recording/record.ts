import { mock } from "node:test";
import { z } from "zod";
import type { DurableFunctions } from "../../../local/host/durable/decide.ts";
import { EventType, type HistoryEvent } from "../../../local/host/durable/events.ts";
import { type Change, openStore, type Store } from "../../../local/host/durable/store.ts";
import { takeTimeFrom } from "../../../local/host/time.ts";
import { type Trial, tryOrchestration } from "../../../local/host/tryOrchestrators.ts";
import {
  type Asked,
  BEGIN,
  type Came,
  digest,
  type End,
  type Execution,
  type RecordedHistory,
} from "./format.ts";

const ACTIVITY_MS = 40;
const TURN_MS = 10;

/** Runs an orchestrator to its end and records its history. Time is driven, so that each run gives the same one. */
export async function recordHistory(trial: Trial): Promise<RecordedHistory> {
  const clock = driveClock();
  try {
    const executions: Execution[] = [];
    const input: unknown = JSON.parse(JSON.stringify(trial.input ?? null));
    const recorder = { current: begun(input), executions, turnAt: 0 };
    const status = await tryOrchestration(trial, {
      store: recordingStore(openStore(null), recorder, clock),
      around: (functions) => timed(functions, recorder, clock),
    });
    if (status.runtimeStatus !== "Completed" && status.runtimeStatus !== "Failed")
      throw new Error(`${trial.start} is ${status.runtimeStatus}.`);
    return { orchestrator: trial.start, executions };
  } finally {
    clock.release();
  }
}

interface Recorder {
  current: Execution;
  readonly executions: Execution[];
  turnAt: number;
}

function begun(input: unknown): Execution {
  return { input: z.json().parse(input), turns: [], end: ["completed", ""] };
}

function recordingStore(inner: Store, recorder: Recorder, clock: Clock): Store {
  const take = (change: Change): void => {
    if (change.kind === "arrive" && change.event.EventType === EventType.TimerFired)
      clock.atLeast(Date.parse(change.event.FireAt));
    if (change.kind !== "turn" && change.kind !== "continue") return;
    const instance = inner.get(change.instanceId);
    if (!instance) throw new Error(`${change.instanceId} is not there.`);
    const came = (instance.fresh ?? instance.inbox.slice(0, change.taken)).flatMap(cameOf);
    const asked = change.kind === "turn" ? change.added.flatMap(askedOf) : [];
    recorder.current.turns.push({ at: recorder.turnAt, came, asked });
    const end = change.kind === "turn" ? endOf(change.added) : continuedWith(change.input);
    if (end === undefined) return;
    recorder.executions.push({ ...recorder.current, end });
    if (change.kind === "continue") recorder.current = begun(JSON.parse(change.input ?? "null"));
  };
  return {
    get: inner.get,
    all: inner.all,
    commit: (changes) => {
      for (const change of changes) take(change);
      inner.commit(changes);
    },
  };
}

const triggerSchema = z.object({
  history: z.array(z.object({ EventType: z.number(), Timestamp: z.string() })),
});

/** A turn and an activity take their time. */
function timed(functions: DurableFunctions, recorder: Recorder, clock: Clock): DurableFunctions {
  return {
    ...functions,
    runOrchestrator: (name, trigger) => {
      const { history } = triggerSchema.parse(JSON.parse(trigger));
      const started = history.findLast((event) => event.EventType === EventType.OrchestratorStarted);
      recorder.turnAt = Date.parse(started?.Timestamp ?? "") - BEGIN;
      clock.atLeast(Date.now() + TURN_MS);
      return functions.runOrchestrator(name, trigger);
    },
    runActivity: (name, input, instanceId) => {
      clock.atLeast(Date.now() + ACTIVITY_MS);
      return functions.runActivity(name, input, instanceId);
    },
  };
}

function cameOf(event: HistoryEvent): Came[] {
  switch (event.EventType) {
    case EventType.TaskCompleted:
      return [["done", event.TaskScheduledId, z.json().parse(JSON.parse(event.Result ?? "null"))]];
    case EventType.TaskFailed:
      return [["failed", event.TaskScheduledId, event.Reason, event.Details]];
    case EventType.TimerFired:
      return [["fired", event.TimerId]];
    case EventType.ExecutionStarted:
    case EventType.OrchestratorStarted:
    case EventType.OrchestratorCompleted:
      return [];
    default:
      throw new Error(`Histories of events of type ${event.EventType} aren't recorded.`);
  }
}

function askedOf(event: HistoryEvent): Asked[] {
  switch (event.EventType) {
    case EventType.TaskScheduled:
      return [["activity", event.Name, digest(event.Input)]];
    case EventType.TimerCreated:
      return [["timer", Date.parse(event.FireAt) - BEGIN]];
    case EventType.SubOrchestrationInstanceCreated:
      throw new Error("Histories of sub-orchestrations aren't recorded.");
    default:
      return [];
  }
}

function endOf(added: readonly HistoryEvent[]): End | undefined {
  for (const event of added) {
    if (event.EventType === EventType.ExecutionCompleted)
      return [event.OrchestrationStatus === "Completed" ? "completed" : "failed", digest(event.Result)];
  }
  return undefined;
}

function continuedWith(input: string | null): End {
  return ["continuedAsNew", digest(input)];
}

interface Clock {
  readonly atLeast: (ms: number) => void;
  readonly release: () => void;
}

/** Stops the process's time at the beginning of recorded time; it goes on only as it is told. */
function driveClock(): Clock {
  mock.timers.enable({ apis: ["Date"], now: BEGIN });
  takeTimeFrom(() => BigInt(Date.now()) * 10_000n);
  return {
    atLeast: (ms) => {
      if (ms > Date.now()) mock.timers.setTime(ms);
    },
    release: () => {
      takeTimeFrom();
      mock.timers.reset();
    },
  };
}
