import type { OrchestrationContext } from "durable-functions";
import { describe, expect, it } from "vitest";
import { tryOrchestration } from "../../../local/host/tryOrchestrators.ts";

const activities = { double: (n: number) => n * 2 };

describe("trying an orchestrator", () => {
  it("runs it over its activities, with timers that don't wait", async () => {
    const status = await tryOrchestration({
      orchestrators: {
        *sums(context: OrchestrationContext) {
          yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 86_400_000));
          const input: number[] = context.df.getInput() ?? [];
          return yield context.df.Task.all(input.map((n) => context.df.callActivity("double", n)));
        },
      },
      activities,
      start: "sums",
      input: [1, 2, 3],
    });
    expect(status).toMatchObject({ runtimeStatus: "Completed", output: [2, 4, 6] });
  });

  it("fails it where it yields a task a second time", async () => {
    const status = await tryOrchestration({
      orchestrators: {
        *rolls(context: OrchestrationContext) {
          const tasks = [1, 2].map((n) => context.df.callActivity("double", n));
          yield context.df.Task.any(tasks);
          return yield context.df.Task.all(tasks);
        },
      },
      activities,
      start: "rolls",
    });
    expect(status.runtimeStatus).toBe("Failed");
    expect(status.output).toMatch(/the activity double\(1\) is in the Task\.any of yield 1 and again/);
  });

  it("gives it events", async () => {
    const status = await tryOrchestration({
      orchestrators: {
        *waits(context: OrchestrationContext) {
          return yield context.df.waitForExternalEvent("go");
        },
      },
      activities: {},
      start: "waits",
      events: [{ name: "go", data: { now: true } }],
    });
    expect(status.output).toEqual({ now: true });
  });
});
