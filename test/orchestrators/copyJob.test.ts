import type { OrchestrationContext, Task } from "durable-functions";
import { describe, expect, it } from "vitest";
import { ACTIVITY } from "../../activities/contract.ts";
import { tryOrchestration } from "../../local/host/tryOrchestrators.ts";
import { customStatusSchema } from "../../model/customStatus.ts";
import type { Job } from "../../model/job.ts";
import type { Flight } from "../../model/schedule.ts";
import { copyJob } from "../../orchestrators/copyJob.ts";
import { type FakeOptions, fakeCopy, job } from "./fakeCopy.ts";

async function run(options: FakeOptions, settings: Partial<Job> = {}) {
  const copy = fakeCopy(options);
  const status = await tryOrchestration({
    orchestrators: { copyJob },
    activities: copy.activities,
    start: "copyJob",
    input: { job: { ...job, ...settings } },
  });
  return { status, ...copy };
}

/** A poll that finds nothing new. */
function never() {
  return { outcomes: [] };
}

/** Of the windows some are refused twice on their way, and some attempts go wrong. */
function eachOnce(): (flight: Flight) => "refused" | "wrong" | undefined {
  const seen = new Set<string>();
  return (flight) => {
    const what = `${flight.window} ${flight.stage}`;
    if (seen.has(what) || flight.attempt > 1) return undefined;
    seen.add(what);
    const number = Number(flight.window.split(".").at(-1));
    if (flight.stage === "ingesting" && number % 3 === 0) return "wrong";
    return ["toExport", "toVerify"].includes(flight.stage) && number % 2 === 1 ? "refused" : undefined;
  };
}

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

  it("looks later each time at what a cluster refuses to tell, counts it once, and lets the rest go on", async () => {
    // The last wait is half a second: on a busy machine, too, others are looked at meanwhile.
    const POLL_MS = 5;
    const looks: { at: number; stages: Set<string> }[] = [];
    let refused = 0;
    const { status, bodies } = await run(
      {
        tables: 1,
        windows: 16,
        // What is ingested takes as long as exports are refused.
        running: ({ stage }) => stage === "ingesting" && refused < 5,
        polled: (flights) =>
          looks.push({ at: performance.now(), stages: new Set(flights.map(({ stage }) => stage)) }),
        unseen: () => {
          const stages = looks.at(-1)?.stages;
          if (stages?.has("exporting") !== true || refused >= 5) return [];
          // Exports are refused once some windows are ingested, as the two clusters are asked apart.
          if (refused === 0 && !stages.has("ingesting")) return [];
          refused += 1;
          return [{ stage: "exporting", reason: "throttled" }];
        },
      },
      { pollMs: POLL_MS, mode: "backfill" },
    );
    expect(status.runtimeStatus).toBe("Completed");
    expect(refused).toBe(5);
    const first = looks.findIndex(({ stages }) => stages.size === 2);
    const exports = looks.slice(first).filter(({ stages }) => stages.has("exporting"));
    for (let tries = 1; tries <= 5; tries++) {
      const waited = (exports[tries]?.at ?? 0) - (exports[tries - 1]?.at ?? 0);
      expect(waited).toBeGreaterThan(4 * POLL_MS * 2 ** (tries - 1));
    }
    // Meanwhile what is ingested was looked at, alone.
    const last = looks.indexOf(exports[5] ?? { at: 0, stages: new Set() });
    expect(looks.slice(first, last).some(({ stages }) => !stages.has("exporting"))).toBe(true);
    const told = bodies.flatMap((body) => (body.kind === "progress" ? (body.retries ?? []) : []));
    expect(told.every(({ table, reason }) => table === undefined && reason === "throttled")).toBe(true);
    expect(told.reduce((sum, { steps }) => sum + steps, 0)).toBe(5);
    const shown = customStatusSchema.parse(status.customStatus);
    expect(shown).toMatchObject({ refused: 5, retried: 0, retryReason: "throttled" });
  });

  it("counts a look that failed as a whole once, and gives no attempt up for it", async () => {
    const { status, bodies } = await run(
      {
        tables: 1,
        windows: 8,
        refuse: (name, count) =>
          name === ACTIVITY.pollOperations && count > 1 && count < 5
            ? { kind: "failed", retryable: true, reason: "busy" }
            : undefined,
      },
      { pollMs: 1, mode: "backfill" },
    );
    expect(status.runtimeStatus).toBe("Completed");
    const progress = bodies.filter((body) => body.kind === "progress");
    const told = progress.flatMap(({ retries }) => retries ?? []);
    expect(told.reduce((sum, { steps }) => sum + steps, 0)).toBe(3);
    expect(progress.flatMap(({ reset }) => reset)).toEqual([]);
  });

  it("fails with the reason where no look comes through any more, and gives no window up", async () => {
    const { status, journal, bodies } = await run(
      { tables: 1, windows: 2, unseen: () => [{ stage: "exporting", reason: "The source is gone." }] },
      { pollMs: 0.01, mode: "backfill" },
    );
    expect(status.runtimeStatus).toBe("Failed");
    expect(String(status.output)).toContain("The source is gone.");
    expect(journal.at(-1)).toBe("failed");
    const progress = bodies.filter((body) => body.kind === "progress");
    expect(progress.flatMap(({ reset, parked }) => [...reset, ...parked])).toEqual([]);
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

  it("ends, saying why, and writes nothing more where another run took over", async () => {
    const { status, journal } = await run({
      tables: 1,
      windows: 8,
      refuse: (name, count) =>
        name === ACTIVITY.verifyStaged && count > 3
          ? { kind: "stale", reason: "Another run took over." }
          : undefined,
    });
    expect(status.runtimeStatus).toBe("Failed");
    expect(String(status.output)).toContain("Another run took over.");
    expect(journal.at(-1)).toMatch(/^progress/);
    expect(journal.some((each) => /^(intended|move|failed)/.test(each))).toBe(false);
  });

  it("notes in the log why it failed", async () => {
    const { status, journal } = await run({
      tables: 1,
      windows: 2,
      refuse: (name) =>
        name === ACTIVITY.promoteTable ? { kind: "failed", retryable: false, reason: "Denied." } : undefined,
    });
    expect(status.runtimeStatus).toBe("Failed");
    expect(String(status.output)).toContain("Denied.");
    expect(journal.at(-1)).toBe("failed");
  });

  it("notes why a table is out before it fails of another one's promotion", async () => {
    const out = { table: "T0", reason: "The cluster refuses it." };
    const { bodies, journal } = await run({
      tables: 2,
      windows: 1,
      refuse: (name, count) => {
        if (name !== ACTIVITY.promoteTable) return undefined;
        if (count > 1) return { kind: "failed", retryable: false, reason: "Denied." };
        return { kind: "done", value: { windows: [], stopped: [], withdrawn: [out] } };
      },
    });
    expect(bodies.find((body) => body.kind === "promoted")).toMatchObject({ windows: [], withdrawn: [out] });
    expect(journal.at(-1)).toBe("failed");
  });

  it("switches update policies on again that it switched off, though it failed before it took anything up", async () => {
    const { status, calls } = await run(
      {
        tables: 1,
        windows: 1,
        refuse: (name) =>
          name === ACTIVITY.createStatusView
            ? { kind: "failed", retryable: false, reason: "Denied." }
            : undefined,
      },
      { updatePolicies: "disable" },
    );
    expect(status.runtimeStatus).toBe("Failed");
    expect(calls.get(ACTIVITY.releaseUpdatePolicies)).toBe(1);
  });

  it("does so after a commit too where the job doesn't switch any off any more", async () => {
    const slots = { export: 4, ingestion: 4, query: 2 };
    const opened = { run: 0, next: 1, slots, open: [], toClean: [], known: false, lastReadAt: null };
    const released = async (policiesOff: boolean) => {
      const { calls } = await run({
        tables: 1,
        windows: 1,
        refuse: (name) =>
          name === ACTIVITY.openRun
            ? { kind: "done", value: { ...opened, lastDurationMs: 0, policiesOff } }
            : undefined,
      });
      return calls.get(ACTIVITY.releaseUpdatePolicies) ?? 0;
    };
    expect(await released(true)).toBeGreaterThan(1);
    expect(await released(false)).toBe(0);
  });
});

describe("a run that is asked to end", () => {
  const eager = { pollMs: 1 };
  const commits = (journal: readonly string[]) =>
    journal.filter((each) => each.startsWith("iterationCommitted"));

  it("pauses when all that is on its way is in the log, and shows nothing of what isn't whole", async () => {
    const { status, journal, staged, calls } = await run(
      { tables: 2, windows: 24, asked: (count) => ({ wanted: count > 10 ? "pause" : "run", by: "me" }) },
      eager,
    );
    expect(status.runtimeStatus).toBe("Completed");
    expect(status.output).toEqual({ run: 0, committed: [], ended: "paused" });
    expect(journal.at(-1)).toBe("runEnded");
    expect(commits(journal)).toEqual([]);
    expect(calls.get(ACTIVITY.cancelExports)).toBeUndefined();
    // Each ingestion that was begun was waited for, and each export measured.
    expect(staged.size).toBe(calls.get(ACTIVITY.startIngestion));
    expect(calls.get(ACTIVITY.measureExport)).toBe(calls.get(ACTIVITY.startExport));
    expect(staged.size).toBeLessThan(2 * 24);
  });

  it("stops at once, and asks the source to stop its exports", async () => {
    const { status, journal } = await run(
      {
        tables: 2,
        windows: 24,
        asked: (count) => ({ wanted: count > 10 ? "stop" : "run" }),
        // Exports that take long.
        refuse: (name, count) =>
          name === ACTIVITY.pollOperations && count > 15 ? { kind: "done", value: never() } : undefined,
      },
      eager,
    );
    expect(status.output).toEqual({ run: 0, committed: [], ended: "stopped" });
    expect(journal.filter((each) => each.startsWith("cancel ")).length).toBeGreaterThan(0);
    expect(journal.at(-1)).toBe("runEnded");
  });

  it("cancels: gives up its iterations by a commit of what is shown, and cleans up", async () => {
    const { status, journal, promoted } = await run(
      { tables: 2, windows: 24, asked: (count) => ({ wanted: count > 10 ? "cancel" : "run", by: "me" }) },
      eager,
    );
    expect(status.output).toEqual({ run: 0, committed: [], ended: "cancelled" });
    expect(journal.slice(-7)).toEqual([
      "abandon 2",
      "iterationCommitted 2",
      "cleaned 2",
      "abandon 1",
      "iterationCommitted 1",
      "cleaned 1",
      "runEnded",
    ]);
    expect(promoted.size).toBe(0);
  });

  it("takes in what is to be resynchronised, once, before it plans", async () => {
    const { journal } = await run({
      tables: 1,
      windows: 1,
      asked: (_, looks) => ({ resyncs: looks === 1 ? [{ id: "r1", tables: ["T0"] }] : [] }),
    });
    expect(journal.slice(0, 2)).toEqual(["resync r1", "plan 1"]);
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

describe("windows that are shown one by one", () => {
  it("are each promoted once, before and at the commit, under an intent of their own", async () => {
    const { status, journal, promoted } = await run(
      { tables: 2, windows: 24 },
      { visibility: "window", pollMs: 1 },
    );
    expect(status.runtimeStatus).toBe("Completed");
    expect(promoted.size).toBe(2 * 2 * 24);
    const firstCommit = journal.findIndex((each) => each.startsWith("iterationCommitted"));
    const before = journal.slice(0, firstCommit).filter((each) => each.startsWith("intended"));
    expect(before.length).toBeGreaterThan(1);
  });

  it.each(["withdrawn", "stopped"] as const)(
    "of a table whose promotion is %s go on no further, and it is told by that reason alone",
    async (what) => {
      const out = { table: "T0", reason: "The cluster refuses it." };
      let looked: readonly Flight[] = [];
      let underWay: readonly Flight[] = [];
      let asked = false;
      const { status, bodies, journal, promoted } = await run(
        {
          tables: 2,
          windows: 12,
          polled: (flights) => {
            looked = flights;
          },
          // Exports that are still under way when it is promoted.
          unseen: (polls) => (polls > 2 && !asked ? [{ stage: "exporting", reason: "busy" }] : []),
          refuse: (name, count) => {
            if (name !== ACTIVITY.promoteTable || count > 1) return undefined;
            asked = true;
            // The forward lane, which goes first, is the second that was planned.
            underWay = looked.filter(({ iteration, table }) => iteration === 2 && table === "T0");
            return { kind: "done", value: { windows: [], stopped: [], withdrawn: [], [what]: [out] } };
          },
        },
        { visibility: "window", pollMs: 1 },
      );
      expect(status.runtimeStatus).toBe("Completed");
      expect(status.output).toMatchObject({ committed: expect.arrayContaining([1, 2]) });
      expect(underWay.length).toBeGreaterThan(0);
      // What its windows still export the source is asked to stop, and nothing else.
      const cancelled = journal.filter((each) => each.startsWith("cancel "));
      expect(cancelled.length).toBeGreaterThan(0);
      expect(cancelled.filter((each) => !each.startsWith("cancel 2.0."))).toEqual([]);
      const told = bodies.flatMap((body) =>
        body.kind === "progress" ? [...body.parked, ...body.reset] : [],
      );
      expect(told).toEqual([]);
      expect([...promoted].filter((window) => window.startsWith("2.0."))).toEqual([]);
      expect([...promoted].filter((window) => window.startsWith("2.1.")).length).toBe(12);
    },
  );
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
