import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { OrchestrationContext, Task } from "durable-functions";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ACTIVITY } from "../../activities/contract.ts";
import { FOLLOWER_ACTIVITY } from "../../activities/followers/contract.ts";
import type { Trial } from "../../local/host/tryOrchestrators.ts";
import { historyText, type RecordedHistory } from "./recording/format.ts";
import { historyFile, readHistory, trials } from "./recording/index.ts";
import { recordHistory } from "./recording/record.ts";
import { OtherOrder, replayHistory } from "./recording/replay.ts";

const NAMES = Object.keys(trials);
const MOST_BYTES = 300_000;

function handlerOf({ orchestrators, start }: Trial) {
  const handler = orchestrators[start];
  if (!handler) throw new Error(`${start} is not there.`);
  return handler;
}

describe("a recorded history", () => {
  it.each(NAMES)("%s is replayed: each turn asks for what the history holds, in its order", async (name) => {
    const trial = trials[name]?.();
    if (!trial) throw new Error(`${name} is not there.`);
    await replayHistory(`histories/${name}.json`, readHistory(name), handlerOf(trial));
  });

  it("is there of each orchestrator, with each of its activities, in few bytes, and none is left over", () => {
    const folder = join(import.meta.dirname, "histories");
    expect(readdirSync(folder).toSorted()).toEqual(NAMES.map((name) => `${name}.json`).toSorted());
    const histories = NAMES.map(readHistory);
    const bytes = NAMES.reduce((sum, name) => sum + statSync(historyFile(name)).size, 0);
    expect(bytes).toBeLessThan(MOST_BYTES);
    const orchestrators = join(import.meta.dirname, "..", "..", "orchestrators");
    const registered = ["index.ts", "followers/index.ts"].flatMap((file) => [
      ...readFileSync(join(orchestrators, file), "utf8").matchAll(/df\.app\.orchestration\([^,]+, (\w+)\)/g),
    ]);
    const recorded = new Set(Object.values(trials).map((trial) => handlerOf(trial()).name));
    expect([...recorded].toSorted()).toEqual(registered.map((match) => match[1]).toSorted());
    const asked = new Set(
      histories.flatMap(({ executions }) =>
        executions.flatMap(({ turns }) =>
          turns.flatMap((turn) => turn.asked.flatMap((each) => (each[0] === "activity" ? [each[1]] : []))),
        ),
      ),
    );
    const activities = [...Object.values(ACTIVITY), ...Object.values(FOLLOWER_ACTIVITY)];
    expect(activities.filter((name) => !asked.has(name))).toEqual([]);
    const ends = histories.flatMap(({ executions }) => executions.map((each) => each.end[0]));
    expect([...new Set(ends)].toSorted()).toEqual(["completed", "continuedAsNew", "failed"]);
  });

  it("is the same each time it is recorded", async () => {
    const trial = trials["copy-retries"];
    if (!trial) throw new Error("It is not there.");
    const text = historyText(await recordHistory(trial()));
    expect(text).toBe(readFileSync(historyFile("copy-retries"), "utf8"));
  });
});

type Steps = Generator<Task, unknown, unknown>;

/** An orchestrator of a few steps, as it was recorded. */
function* recorded(context: OrchestrationContext): Steps {
  yield context.df.callActivity("first", 1);
  yield context.df.Task.all(["a", "b"].map((each) => context.df.callActivity("side", each)));
  yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 1000));
  yield context.df.callActivity("second", 2);
  return "done";
}

const changes: readonly [string, (context: OrchestrationContext) => Steps, RegExp][] = [
  [
    "two calls that changed places",
    function* (context) {
      yield context.df.callActivity("second", 2);
      yield context.df.callActivity("first", 1);
    },
    /turn 1, event 3 \(task 0\): the history holds first \(.*asks for second/,
  ],
  [
    "a call that changed places with another of the same activity, which the host doesn't see",
    function* (context) {
      yield context.df.callActivity("first", 1);
      yield context.df.Task.all(["b", "a"].map((each) => context.df.callActivity("side", each)));
    },
    /turn 2, event 7 \(task 1\): the history holds side \(.*asks for side.*recorded answer of another call/,
  ],
  [
    "one call more",
    function* (context) {
      yield context.df.callActivity("first", 1);
      yield context.df.Task.all(["a", "b", "c"].map((each) => context.df.callActivity("side", each)));
    },
    /turn 2, event 9 \(task 3\): the history holds nothing more.*asks for side/,
  ],
  [
    "a call that has another name",
    function* (context) {
      yield context.df.callActivity("First", 1);
      yield context.df.callActivity("other", 2);
    },
    /turn 1, event 3 \(task 0\): the history holds first \(.*asks for First/,
  ],
  [
    "a call that is left out",
    function* (context) {
      yield context.df.callActivity("first", 1);
      yield context.df.callActivity("side", "a");
    },
    /turn 2, event 8 \(task 2\): the history holds side \(.*asks for nothing more/,
  ],
  [
    "a timer of another time",
    function* (context) {
      yield context.df.callActivity("first", 1);
      yield context.df.Task.all(["a", "b"].map((each) => context.df.callActivity("side", each)));
      yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 2000));
    },
    /turn \d, event \d+ \(task 3\): the history holds a timer for .*asks for a timer for/,
  ],
  [
    "an earlier end",
    function* (context) {
      yield context.df.callActivity("first", 1);
      return "done";
    },
    /turn 2.*the history holds side \(.*asks for nothing more/,
  ],
  [
    "another answer at its end",
    function* (context) {
      yield* recorded(context);
      return "all";
    },
    /turn 5: the history ends completed \(.*ends completed \(/,
  ],
];

describe("a change of an orchestrator that its history doesn't follow is caught", () => {
  const trial: Trial = {
    orchestrators: { steps: recorded },
    activities: { first: () => 1, side: (each: string) => each, second: () => 2 },
    start: "steps",
    input: {},
  };
  let history: Promise<RecordedHistory> | undefined;
  const replay = async (handler: (context: OrchestrationContext) => Steps): Promise<string> => {
    history ??= recordHistory(trial);
    try {
      await replayHistory("histories/steps.json", await history, handler);
    } catch (error) {
      if (error instanceof OtherOrder) return error.message;
      throw error;
    }
    return "";
  };

  it.each(changes)("%s", async (_, changed, told) => {
    expect(await replay(recorded)).toBe("");
    const message = await replay(changed);
    expect(message).toMatch(/^histories\/steps\.json, execution 1 of steps, turn/);
    expect(message).toMatch(told);
    expect(message).toMatch(/npm run histories.*need their own task hub \(docs\/deploy\.md, Upgrades\)/);
  });

  it("with the place in the orchestrators that asks for something else", async () => {
    const name = "copy-first";
    const first = readHistory(name);
    const [execution] = first.executions;
    const turn = execution?.turns.find(({ asked }) =>
      asked.some((each) => each[1] === ACTIVITY.promoteTable),
    );
    if (!turn) throw new Error("Nothing is promoted in it.");
    const [, , input] = z.tuple([z.string(), z.string(), z.string()]).parse(turn.asked[0]);
    turn.asked[0] = ["activity", "moveTable", input];
    const handler = handlerOf(trials[name]?.() ?? trial);
    await expect(replayHistory("histories/copy-first.json", first, handler)).rejects.toThrow(
      /the history holds moveTable .*copyJob asks for promoteTable .* in together \(orchestrators\/calls\.ts:\d+\) < promote \(orchestrators\/promotion\.ts:\d+\) < promoteIntended/,
    );
  });
});
