import { parseAnswer } from "./actions.ts";
import { type HistoryEvent, shownEvent } from "./events.ts";
import { orchestratorFailure, stateOfFailure, thrownFrom } from "./failures.ts";
import type { Instance } from "./instance.ts";
import {
  NondeterminismError,
  RefusedOrchestrationError,
  type Replay,
  replayOrchestration,
} from "./replay.ts";
import { findSecondYield, secondYieldMessage } from "./secondYield.ts";

/** What the host runs for the engine. Texts are JSON. */
export interface DurableFunctions {
  hasActivity(name: string): boolean;
  hasOrchestrator(name: string): boolean;
  /** The result as JSON; null for none. */
  runActivity(name: string, input: string | null, instanceId: string): Promise<string | null>;
  /** The SDK's answer, as the object it is and as the JSON that a host is sent. */
  runOrchestrator(name: string, trigger: string): Promise<{ answer: unknown; text: string }>;
}

export interface Decision {
  replay: Replay | null;
  /** Set where the orchestration ends failed. */
  failure: { reason: string; details: string } | null;
  customStatus: string | null;
}

const customStatusLimit = 16 * 1024;

/** Runs one turn of an orchestrator over the history and says what follows from it. */
export async function decide(
  functions: DurableFunctions,
  instance: Instance,
  history: readonly HistoryEvent[],
): Promise<Decision> {
  const { name } = instance;
  const stop = (error: string): Decision => ({
    replay: null,
    failure: orchestratorFailure(name, error),
    customStatus: instance.customStatus,
  });
  if (!functions.hasOrchestrator(name)) {
    return stop(
      `no function implements the orchestrator '${name}'. The real host would leave the instance waiting for ever.`,
    );
  }
  let text: string;
  try {
    const ran = await functions.runOrchestrator(name, triggerText(instance, history));
    const second = findSecondYield(ran.answer);
    if (second !== null) return stop(secondYieldMessage(second));
    text = ran.text;
  } catch (error) {
    const state = stateOfFailure(thrownFrom(error).message);
    if (state === null) return stop(thrownFrom(error).message);
    text = state;
  }
  try {
    const answer = parseAnswer(text);
    const customStatus = answer.customStatus ?? instance.customStatus;
    if (answer.customStatus !== null && answer.customStatus.length * 2 > customStatusLimit) {
      return stop(
        `the custom status has ${answer.customStatus.length * 2} bytes in UTF-16, more than the 16 KB allowed. ` +
          "(The real host fails the orchestration here too, with a message about non-determinism.)",
      );
    }
    const replay = replayOrchestration(history, answer);
    for (const task of replay.scheduled) {
      if (task.kind === "activity" && !functions.hasActivity(task.name)) {
        return stop(
          `no function implements the activity '${task.name}' that it calls. ` +
            "The real host would leave the orchestration running for ever.",
        );
      }
      if (task.kind === "subOrchestration" && !functions.hasOrchestrator(task.name)) {
        return stop(
          `no function implements the orchestrator '${task.name}' that it calls. ` +
            "The real host would leave the orchestration running for ever.",
        );
      }
    }
    const failure = replay.end.kind === "failed" ? orchestratorFailure(name, replay.end.error) : null;
    return { replay, failure, customStatus };
  } catch (error) {
    if (error instanceof NondeterminismError) {
      return {
        replay: null,
        failure: { reason: error.message, details: error.message },
        customStatus: instance.customStatus,
      };
    }
    if (error instanceof RefusedOrchestrationError) return stop(error.message);
    return stop(`its answer can't be carried out: ${thrownFrom(error).message}`);
  }
}

const shownTexts = new WeakMap<HistoryEvent, string>();

/** Events don't change once they are in a history, so each is written once, not in every turn. */
function eventText(event: HistoryEvent): string {
  const known = shownTexts.get(event);
  if (known !== undefined) return known;
  const text = JSON.stringify(shownEvent(event));
  shownTexts.set(event, text);
  return text;
}

function triggerText(instance: Instance, history: readonly HistoryEvent[]): string {
  const rest = {
    instanceId: instance.instanceId,
    isReplaying: instance.history.length > 0,
    parentInstanceId: instance.parent?.OrchestrationInstance.InstanceId ?? null,
    upperSchemaVersion: 1,
    upperSchemaVersionNew: 3,
    longRunningTimerIntervalDuration: "3.00:00:00",
    maximumShortTimerDuration: "6.00:00:00",
    defaultHttpAsyncRequestSleepTimeMillseconds: 30000,
  };
  const events = history.map(eventText).join(",");
  return `{"history":[${events}],"input":${instance.input ?? "null"},${JSON.stringify(rest).slice(1)}`;
}
