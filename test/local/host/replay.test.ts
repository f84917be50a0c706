import { describe, expect, it } from "vitest";
import { parseAnswer } from "../../../local/host/durable/actions.ts";
import type { HistoryEvent } from "../../../local/host/durable/events.ts";
import { stateOfFailure } from "../../../local/host/durable/failures.ts";
import { replayOrchestration, retryDelay, type Scheduled } from "../../../local/host/durable/replay.ts";
import { readTurns, type Turn } from "./recorded.ts";

/** Histories come out of JSON; their shape is what the recordings and these types agree on. */
function historyOf(turn: Turn): HistoryEvent[] {
  return JSON.parse(JSON.stringify(turn.input.history));
}

function answerOf(turn: Turn) {
  const state = turn.threw ? stateOfFailure(turn.threw.message) : JSON.stringify(turn.result);
  return parseAnswer(state ?? "");
}

function scheduledIn(events: readonly HistoryEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.EventType === 4) return [`activity ${event.EventId} ${event.Name}`];
    if (event.EventType === 7) return [`subOrchestration ${event.EventId} ${event.Name}`];
    return event.EventType === 10 ? [`timer ${event.EventId} ${event.FireAt.slice(0, 23)}`] : [];
  });
}

function textOf(task: Scheduled): string {
  return task.kind === "timer"
    ? `timer ${task.id} ${task.fireAt.slice(0, 23)}`
    : `${task.kind} ${task.id} ${task.name}`;
}

const recorded = [...readTurns("orchestrator-turns.json"), ...readTurns("pattern-turns.json")];

describe("what the real host scheduled after each recorded turn, the engine schedules", () => {
  it.each(recorded)("%s", (_, turns) => {
    let compared = 0;
    for (const [index, turn] of turns.entries()) {
      const history = historyOf(turn);
      const next = turns[index + 1];
      const after = next === undefined ? null : historyOf(next);
      const { end, scheduled } = replayOrchestration(history, answerOf(turn));
      const goesOn = after !== null && history.every((event, at) => after[at]?.EventType === event.EventType);
      if (goesOn && after.length > history.length) {
        const turnEnd = after.findIndex((event, at) => at >= history.length && event.EventType === 13);
        expect(scheduled.map(textOf)).toEqual(scheduledIn(after.slice(history.length, turnEnd)));
        expect(end.kind).toBe("open");
        compared++;
      } else if (next === undefined && !waitsForEver(turn)) {
        expect(end.kind).not.toBe("open");
      } else if (next !== undefined) {
        // A new execution, or a rewound one: this turn ended the one before.
        expect(end.kind).not.toBe("open");
      }
    }
    expect(compared).toBe(turns.filter((_, index) => continues(turns, index)).length);
  });
});

function waitsForEver(turn: Turn): boolean {
  return turn.input.instanceId === "dup-1";
}

function continues(turns: readonly Turn[], index: number): boolean {
  const [turn, next] = [turns[index], turns[index + 1]];
  if (turn === undefined || next === undefined) return false;
  return (
    next.input.history.length > turn.input.history.length &&
    turn.input.history.every((event, at) => next.input.history[at]?.EventType === event.EventType)
  );
}

describe("retries", () => {
  const options = { firstRetryIntervalInMilliseconds: 1000, maxNumberOfAttempts: 5 };

  it("wait as long each time without a coefficient, and up to the maximum with one", () => {
    expect([0, 1, 2].map((count) => retryDelay(options, count, 0))).toEqual([1000, 1000, 1000]);
    const growing = { ...options, backoffCoefficient: 3, maxRetryIntervalInMilliseconds: 5000 };
    expect([0, 1, 2].map((count) => retryDelay(growing, count, 0))).toEqual([1000, 3000, 5000]);
  });

  it("have no delay left once their time is over", () => {
    expect(retryDelay({ ...options, retryTimeoutInMilliseconds: 500 }, 0, 500)).toBe(0);
  });
});
