import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Host } from "../../../local/host/startHost.ts";
import { readRecording } from "./recorded.ts";
import { startTestHost } from "./testHost.ts";

const patterns = readRecording(
  "patterns.json",
  z.array(
    z.object({
      pattern: z.string(),
      runtimeStatus: z.string(),
      output: z.unknown().optional(),
      executionsOfEachActivity: z.record(z.string(), z.number()).optional(),
      safe: z.boolean(),
    }),
  ),
).filter((pattern) => pattern.pattern !== "rounds");

let host: Host & { url: string };

beforeAll(async () => {
  host = await startTestHost();
});

afterAll(() => host.stop());

const stopped: Record<string, RegExp> = {
  anyThenAll:
    /the activity work\(.*"id":"a".*\) is in the Task\.any of yield 1 and again in the Task\.all of yield 2/,
  rollingAny:
    /the activity work\(.*"id":"b".*\) is in the Task\.any of yield 1 and again in the Task\.any of yield 2/,
  sameEventTaskInLoop: /the external event "stop" is in the Task\.any of yield 1 and again in the Task\.any/,
  failingOneOfAll: /no function implements the activity 'nope'.*running for ever/,
};

async function run(name: string, input?: unknown) {
  return host.client.waitForCompletion(host.client.startNew(name, { input }));
}

describe("a pattern that the real host runs rightly", () => {
  const safe = patterns.filter((pattern) => pattern.safe);
  it.each(safe)(
    "$pattern gives the same, each activity run as often",
    { timeout: 20_000 },
    async (pattern) => {
      const status = await run(pattern.pattern);
      expect(status.runtimeStatus).toBe(pattern.runtimeStatus);
      expect(status.output).toEqual(pattern.output);
      expect(globalThis.recordedWork.get(status.instanceId) ?? {}).toEqual(pattern.executionsOfEachActivity);
    },
  );

  it("a fresh task for the same event in each round", async () => {
    const id = host.client.startNew("freshEventTaskInLoop");
    await new Promise((resolve) => setTimeout(resolve, 500));
    host.client.raiseEvent(id, "stop", null);
    const status = await host.client.waitForCompletion(id);
    expect(status.runtimeStatus).toBe("Completed");
    expect(status.output).toBeGreaterThan(0);
  });
});

describe("a pattern that the real host runs wrongly is stopped, with the task by name", () => {
  const unsafe = patterns.filter((pattern) => !pattern.safe);
  it.each(unsafe)("$pattern", async (pattern) => {
    const message = stopped[pattern.pattern];
    if (message === undefined) throw new Error(`${pattern.pattern} is not known here`);
    const status = await run(pattern.pattern);
    expect(status.runtimeStatus).toBe("Failed");
    expect(status.output).toMatch(message);
    if (pattern.pattern !== "failingOneOfAll") expect(status.output).toMatch(/mixes up the results/);
  });

  it("a task yielded alone and then in a Task.all", async () => {
    const status = await run("yieldsOneThenAll");
    expect(status.output).toMatch(/"id":"a".*is in yield 1 and again in the Task\.all of yield 2/);
  });

  it("a sub-orchestrator that no function implements", async () => {
    const status = await run("callsUnknownChild");
    expect(status.output).toMatch(/no function implements the orchestrator 'nobody'/);
  });

  it("a custom status over 16 KB in UTF-16, and not one just under", async () => {
    expect((await run("bigStatus", 8190)).runtimeStatus).toBe("Completed");
    const status = await run("bigStatus", 8191);
    expect(status.runtimeStatus).toBe("Failed");
    expect(status.output).toMatch(/16 KB/);
  });
});

describe("sub-orchestrations with retries", () => {
  it("are tried as often as the options say", async () => {
    const status = await run("childWithRetry");
    expect(status.output).toBe("Orchestrator function 'child' failed: child failed \n");
    const children = host.client
      .list()
      .filter((item) => item.name === "child" && item.runtimeStatus === "Failed");
    expect(children).toHaveLength(3);
  });
});

describe("rewind", () => {
  it("runs a failed sub-orchestration again, and its parent goes on with its answer", async () => {
    const failed = await run("failsInChild");
    expect(failed.runtimeStatus).toBe("Failed");
    host.client.rewind(failed.instanceId, "again");
    const status = await host.client.waitForCompletion(failed.instanceId);
    expect(status).toMatchObject({ runtimeStatus: "Completed", output: "second" });
  });
});

describe("continue-as-new", () => {
  it("keeps the history short and the custom status, however often", async () => {
    const status = await run("countsDown", 20);
    expect(status).toMatchObject({ output: "down", input: 0, customStatus: { left: 1 } });
    const shown = host.client.getStatus(status.instanceId, { showHistory: true });
    expect(shown?.historyEvents?.length).toBeLessThan(8);
  });
});

describe("pace", () => {
  it("a hundred activities in one Task.all take well under a second", async () => {
    const begun = Date.now();
    expect((await run("many", 100)).output).toBe(100);
    expect(Date.now() - begun).toBeLessThan(1000);
  });

  it("a step of a chain takes some milliseconds", async () => {
    const begun = Date.now();
    expect((await run("steps", 50)).output).toBe((50 * 49) / 2);
    expect((Date.now() - begun) / 50).toBeLessThan(25);
  });
});
