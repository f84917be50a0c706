import { describe, expect, it } from "vitest";
import type { Committed, Summary } from "../../cli/output/events.ts";
import { speaker } from "../../cli/progress/words.ts";

describe("tables that failed", () => {
  const at = "2024-01-01T00:00:00Z";
  const started = { event: "started", at, job: "default", source: "s", destination: "d", lake: "l" } as const;
  const committed: Committed = {
    event: "committed",
    at,
    job: "default",
    iteration: 1,
    lane: "backfill",
    tables: 0,
    rows: 0,
    bytes: 0,
    failed: [{ table: "A", error: "No such column." }],
    lagSeconds: 1,
  };
  const summary: Summary = {
    event: "summary",
    at,
    job: "default",
    outcome: "failed",
    exitCode: 1,
    iterations: [1],
    rows: 0,
    bytes: 0,
    seconds: 1,
    lagSeconds: null,
    tables: [
      {
        name: "A",
        state: "failed",
        windows: { total: 0, exported: 0, staged: 0, promoted: 0 },
        rows: 0,
        bytes: 0,
        retries: { steps: 0, attempts: 0, reason: null },
        error: "No such column.",
      },
    ],
    reason: null,
    next: null,
  };

  it("are named with the iteration, which is told as failed, without a lag, where nothing was copied", () => {
    const lines = speaker(false)(committed);
    expect(lines[0]).toBe("Iteration 1 (history) failed: nothing was copied.");
    expect(lines[1]).toBe("  A failed: the end tells why.");
  });

  it("have their reason told once by a copy that ends, and with the iteration by one that runs on", () => {
    const told = (continuous: boolean) => {
      const say = speaker(false);
      return [say({ ...started, continuous }), say(committed), say(summary)].map((lines) =>
        lines.join("\n").includes("No such column."),
      );
    };
    expect(told(false)).toEqual([false, false, true]);
    expect(told(true)).toEqual([false, true, true]);
  });
});
