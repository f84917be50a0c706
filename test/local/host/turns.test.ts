import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Host } from "../../../local/host/startHost.ts";
import { alike, readTurns, type Turn } from "./recorded.ts";
import { startTestHost } from "./testHost.ts";

const recorded = readTurns("orchestrator-turns.json");

/** Run one after the other, each as it was recorded. The local host stops anyActivities at its second yield. */
const plain = [
  "chain",
  "fan",
  "anyTimer",
  "timer",
  "fails",
  "catches",
  "retries",
  "retriesExhausted",
  "parent",
  "eternal",
  "anyActivities",
  "throwsAfter",
];

let host: Host & { url: string };

beforeAll(async () => {
  host = await startTestHost();
});

afterAll(() => host.stop());

async function start(name: string, id: string): Promise<void> {
  const response = await fetch(`${host.url}/api/start/${name}/${id}`, { method: "POST" });
  expect(response.status).toBe(202);
}

function sentTo(id: string): unknown[] {
  return globalThis.recordedTurns.filter((turn) => turn.input.instanceId === id);
}

/** Exactly what was sent and answered, by instance. */
function expectTurns(id: string, turns: readonly Turn[]): void {
  const sent = sentTo(id).map((turn) => JSON.parse(JSON.stringify(turn)));
  expect(sent).toHaveLength(turns.length);
  for (const [index, turn] of turns.entries()) {
    const { input, result, threw } = sent[index];
    expect(alike(input)).toEqual(alike(turn.input));
    expect(JSON.stringify(Object.keys(input))).toBe(JSON.stringify(Object.keys(turn.input)));
    expect(alike(result)).toEqual(alike(turn.result ?? null));
    expect(alike(threw)).toEqual(alike(turn.threw ?? null));
  }
}

function turnsOf(key: string): Turn[] {
  const turns = recorded.get(key);
  if (turns === undefined) throw new Error(`${key} was not recorded`);
  return turns;
}

describe("the local host sends an orchestrator what the real host sends", () => {
  it.each(plain)("%s", { timeout: 20_000 }, async (name) => {
    const id = `${name}-1`;
    await start(name, id);
    await host.client.waitForCompletion(id);
    const all = turnsOf(`${name} · ${id}`);
    if (name === "anyActivities") {
      expectTurns(id, all.slice(0, 2));
      return;
    }
    // The recording goes on with the same ids later: chain-1 started again, fails-1 rewound.
    const first = name === "chain" ? all.slice(0, 4) : name === "fails" ? all.slice(0, 2) : all;
    expectTurns(id, first);
  });

  it("sub-orchestrations, by a given id and by one from the parent's execution", () => {
    expectTurns("parent-1:c1", turnsOf("child · parent-1:c1"));
    const key = [...recorded.keys()].find((key) => /^child · [0-9a-f]{8}-/.test(key)) ?? "";
    const id = globalThis.recordedTurns.find(
      (turn) => turn.name === "child" && !turn.input.instanceId.includes("c1"),
    );
    expectTurns(id?.input.instanceId ?? "", turnsOf(key));
  });

  it("an id started again after its end, as a second generation", async () => {
    const before = sentTo("chain-1").length;
    await start("chain", "chain-1");
    await host.client.waitForCompletion("chain-1");
    const turns = globalThis.recordedTurns
      .filter((turn) => turn.input.instanceId === "chain-1")
      .slice(before);
    const again = turnsOf("chain · chain-1").slice(4);
    expect(turns.map((turn) => alike(JSON.parse(JSON.stringify(turn.input))))).toEqual(
      again.map((turn) => alike(turn.input)),
    );
  });

  it("a rewound instance, its failed task voided in the history", async () => {
    const before = sentTo("fails-1").length;
    host.client.rewind("fails-1", "again");
    await host.client.waitForCompletion("fails-1");
    const turns = globalThis.recordedTurns
      .filter((turn) => turn.input.instanceId === "fails-1")
      .slice(before);
    const again = turnsOf("fails · fails-1").slice(2);
    expect(turns.map((turn) => alike(JSON.parse(JSON.stringify(turn.input))))).toEqual(
      again.map((turn) => alike(turn.input)),
    );
  });

  it("an external event", async () => {
    await start("waits", "waits-1");
    await settled("waits-1");
    host.client.raiseEvent("waits-1", "go", { x: 1 });
    await host.client.waitForCompletion("waits-1");
    expectTurns("waits-1", turnsOf("waits · waits-1"));
  });

  it("a suspended instance, its event held until it is resumed", async () => {
    await start("waits", "waits-2");
    await settled("waits-2");
    host.client.suspend("waits-2", "why");
    await settled("waits-2");
    expect(host.client.getStatus("waits-2")?.runtimeStatus).toBe("Suspended");
    host.client.raiseEvent("waits-2", "go", { x: 2 });
    await settled("waits-2");
    host.client.resume("waits-2", "ok");
    await host.client.waitForCompletion("waits-2");
    expectTurns("waits-2", turnsOf("waits · waits-2"));
  });

  it("a terminated instance", async () => {
    await start("waits", "waits-3");
    await settled("waits-3");
    host.client.terminate("waits-3", "stop");
    const status = await host.client.waitForCompletion("waits-3");
    expect(status).toMatchObject({ runtimeStatus: "Terminated", output: "stop" });
    expectTurns("waits-3", turnsOf("waits · waits-3"));
  });
});

/** Until the instance's next turn is over. */
async function settled(id: string): Promise<void> {
  const before = sentTo(id).length;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(sentTo(id).length).toBeGreaterThanOrEqual(Math.max(before, 1));
}

describe("activities", () => {
  it("get their input and its copies in the metadata as from the real host", async () => {
    const { activities } = await import("./recordings/bindings.json", { with: { type: "json" } }).then(
      (module) => module.default,
    );
    expect(activities.length).toBeGreaterThan(10);
    for (const activity of activities) {
      const { instanceId } = activity.triggerMetadata;
      const same = globalThis.recordedActivities.filter(
        (run) =>
          run.name === activity.name && JSON.stringify(run.input ?? null) === JSON.stringify(activity.input),
      );
      const run = same.find((run) => run.triggerMetadata.instanceId === instanceId);
      expect(run, `${activity.name} of ${instanceId}`).toBeDefined();
      expect(run?.triggerMetadata).toEqual(activity.triggerMetadata);
    }
  });
});
