import type { OrchestrationContext, Task } from "durable-functions";
import { describe, expect, it } from "vitest";
import { ACTIVITY } from "../../activities/contract.ts";
import { tryOrchestration } from "../../local/host/tryOrchestrators.ts";
import { job } from "./fakeCopy.ts";
import { eachOnce, run } from "./runFakeCopy.ts";

describe("the orchestration of a copy", () => {
  it("stages each window once over many generations, and yields no task twice", async () => {
    const { status, journal, calls, staged } = await run({ tables: 3, windows: 16 });
    expect(status.runtimeStatus).toBe("Completed");
    expect(status.output).toEqual({ run: 0, committed: expect.arrayContaining([1, 2]) });
    expect(staged.size).toBe(2 * 3 * 16);
    expect([...staged.values()].every((times) => times === 1)).toBe(true);
    const total = [...calls.values()].reduce((sum, count) => sum + count, 0);
    // A generation ends after some 200 calls: there were several.
    expect(total).toBeGreaterThan(450);
    expect(calls.get(ACTIVITY.openRun)).toBe(1);
    for (const iteration of [1, 2]) {
      const told = journal.filter((each) => each.includes(` ${iteration}`) && !each.startsWith("progress"));
      expect(
        told.filter((each) => each.endsWith(` ${iteration}`) || each.startsWith(`move ${iteration} `)),
      ).toEqual([
        `plan ${iteration}`,
        `intended ${iteration}`,
        ...[0, 1, 2].map((table) => `move ${iteration} T${table}`),
        `promoted ${iteration}`,
        `iterationCommitted ${iteration}`,
        `cleaned ${iteration}`,
      ]);
    }
  });

  it("does so too where every window fails on its way", async () => {
    const { status, staged } = await run({ tables: 1, windows: 4, trouble: eachOnce() });
    expect(status.runtimeStatus).toBe("Completed");
    expect(staged.size).toBe(2 * 4);
  });

  it("while a backfill is under way, looks for what is new by when the destination stands, whatever was copied since", async () => {
    const { status, journal } = await run(
      {
        tables: 1,
        windows: 8,
        // The first forward iteration was of days: the destination stands as before it, at more than an RPO ago.
        countedFrom: (iteration) =>
          new Date(Date.now() - (iteration === 2 ? 2 * job.rpoMs : 0)).toISOString(),
      },
      { pollMs: 1 },
    );
    expect(status.runtimeStatus).toBe("Completed");
    const told = journal.filter((each) => /^(plan|iterationCommitted) /.test(each));
    expect(told).toEqual([
      "plan 1",
      "plan 2",
      "iterationCommitted 2",
      "plan 3",
      "iterationCommitted 3",
      "iterationCommitted 1",
    ]);
  });
});

describe("a run that shares its clusters", () => {
  it("takes no more slots than are its own, from the next look on", async () => {
    const atOnce: number[] = [];
    const { status } = await run(
      {
        tables: 1,
        windows: 12,
        slots: () => ({ export: 1, ingestion: 1, query: 1 }),
        polled: (flights) => atOnce.push(flights.filter((flight) => flight.stage === "exporting").length),
      },
      { pollMs: 1 },
    );
    expect(status.runtimeStatus).toBe("Completed");
    expect(Math.max(...atOnce.slice(0, 3))).toBeGreaterThan(1);
    expect(Math.max(...atOnce.slice(5))).toBe(1);
  });
});

describe("the check that keeps a task from being yielded twice", () => {
  function* rolling(context: OrchestrationContext): Generator<Task, string, unknown> {
    const tasks = [1, 2, 3].map((each) => context.df.callActivity("work", each));
    for (let left = tasks.length; left > 0; left--) {
      const first = yield context.df.Task.any(tasks);
      const at = tasks.findIndex((task) => Object.is(task, first));
      tasks.splice(at, 1);
    }
    return "done";
  }

  it("stops a rolling fan-out", async () => {
    const status = await tryOrchestration({
      orchestrators: { rolling },
      activities: { work: (input: number) => input },
      start: "rolling",
    });
    expect(status.runtimeStatus).toBe("Failed");
    expect(String(status.output)).toMatch(/second|twice|again/i);
  });
});
