import { describe, expect, it } from "vitest";
import { ACTIVITY } from "../../activities/contract.ts";
import { customStatusSchema } from "../../model/customStatus.ts";
import { run } from "./runFakeCopy.ts";

describe("the orchestration of a copy", () => {
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
});
