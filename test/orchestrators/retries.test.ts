import type { OrchestrationContext, Task } from "durable-functions";
import { describe, expect, it } from "vitest";
import { ACTIVITY } from "../../activities/contract.ts";
import { tryOrchestration } from "../../local/host/tryOrchestrators.ts";
import { customStatusSchema } from "../../model/customStatus.ts";
import { copyJob } from "../../orchestrators/copyJob.ts";
import { fakeCopy, job } from "./fakeCopy.ts";
import { eachOnce, run } from "./runFakeCopy.ts";

describe("the orchestration of a copy", () => {
  it("counts what was refused and begun anew, and shows where it stands in few words", async () => {
    const { status } = await run({ tables: 1, windows: 4, trouble: eachOnce() });
    const shown = customStatusSchema.parse(status.customStatus);
    expect(shown).toMatchObject({ job: "tried", doing: "copying", committed: 2, lanes: [] });
    // Of each iteration's four windows, one is refused twice and one once, and that one and another go wrong once.
    expect(shown.refused).toBe(6);
    expect(shown.retried).toBe(4);
    expect(shown.retryReason).toMatch(/ failed$/);
    expect(JSON.stringify(shown).length).toBeLessThan(4000);
  });

  it("notes each step that was tried again in the log, and never an entry for each", async () => {
    let refusals = 0;
    const { status, bodies } = await run(
      {
        tables: 2,
        windows: 4,
        trouble: (flight) => {
          if (flight.stage !== "toExport" || (flight.tries ?? 0) >= 5) return undefined;
          refusals += 1;
          return "refused";
        },
        refuse: (name, count) =>
          (name === ACTIVITY.takeWindows && count <= 2) || (name === ACTIVITY.promoteTable && count <= 3)
            ? { kind: "failed", retryable: true, reason: "throttled" }
            : undefined,
      },
      { pollMs: 1 },
    );
    expect(status.runtimeStatus).toBe("Completed");
    const progress = bodies.filter((body) => body.kind === "progress");
    const told = progress.flatMap(({ retries }) => retries ?? []);
    const steps = (of: typeof told) => of.reduce((sum, each) => sum + each.steps, 0);
    expect(refusals).toBe(2 * 2 * 4 * 5);
    const promotions = told.filter(({ reason }) => reason === "throttled");
    expect(steps(promotions.filter(({ table }) => table !== undefined))).toBe(3);
    expect(steps(promotions.filter(({ table }) => table === undefined))).toBe(2);
    expect(steps(told)).toBe(refusals + 5);
    const own = progress.filter((each) => each.retries && each.exported.length + each.staged.length === 0);
    expect(own.length).toBeLessThan(refusals / 2);
  });

  it("parks a table that can't be copied, after its attempts, and commits the others", async () => {
    const attempts = new Set<number>();
    const { status, journal, parked } = await run({
      tables: 3,
      windows: 6,
      trouble: (flight) => {
        if (flight.window !== "1.1.2" || flight.stage !== "ingesting") return undefined;
        attempts.add(flight.attempt);
        return "wrong";
      },
    });
    expect(status.runtimeStatus).toBe("Completed");
    expect([...parked]).toEqual(["1 T1"]);
    expect([...attempts]).toEqual([1, 2, 3]);
    expect(journal).toContain("move 1 T0");
    expect(journal).not.toContain("move 1 T1");
    expect(journal).toContain("move 2 T1");
  });

  it("tries a refused step of the run again, and the promotion too", async () => {
    const { status, calls } = await run({
      tables: 1,
      windows: 2,
      refuse: (name, count) =>
        [ACTIVITY.planIteration, ACTIVITY.promoteTable, ACTIVITY.recordEntry].some((each) => each === name) &&
        count <= 2
          ? { kind: "failed", retryable: true, reason: "throttled" }
          : undefined,
    });
    expect(status.runtimeStatus).toBe("Completed");
    expect(calls.get(ACTIVITY.promoteTable)).toBe(4);
  });

  it("waits longer before each further try, and less where the job looks more often", async () => {
    const pausesAt = async (pollMs: number) => {
      const pauses = new Set<number>();
      const { activities } = fakeCopy({
        tables: 1,
        windows: 1,
        refuse: (name, count) =>
          name === ACTIVITY.planIteration && count <= 4
            ? { kind: "failed", retryable: true, reason: "throttled" }
            : undefined,
      });
      function* timed(context: OrchestrationContext): Generator<Task, unknown, unknown> {
        const create = context.df.createTimer.bind(context.df);
        context.df.createTimer = (at) => {
          const pause = at.getTime() - context.df.currentUtcDateTime.getTime();
          if (pause !== pollMs) pauses.add(pause);
          return create(at);
        };
        return yield* copyJob(context);
      }
      const input = { job: { ...job, pollMs } };
      const status = await tryOrchestration({ orchestrators: { timed }, activities, start: "timed", input });
      expect(status.runtimeStatus).toBe("Completed");
      return [...pauses];
    };
    const usual = await pausesAt(2000);
    expect(usual).toHaveLength(4);
    usual.forEach((pause, i) => {
      expect(pause).toBeGreaterThanOrEqual(1000 * 2 ** i);
      expect(pause).toBeLessThanOrEqual(2000 * 2 ** i);
    });
    // Spread by the step's name: a step of the whole run doesn't wait for round numbers.
    expect(usual.some((pause) => pause % 1000 !== 0)).toBe(true);
    expect(await pausesAt(10)).toEqual(usual.map((pause) => expect.closeTo(pause / 10, -1)));
  });
});
