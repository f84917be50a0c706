import { describe, expect, it } from "vitest";
import { ACTIVITY } from "../../activities/contract.ts";
import { run } from "./runFakeCopy.ts";

describe("the orchestration of a copy", () => {
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
});

/** A poll that finds nothing new. */
function never() {
  return { outcomes: [] };
}

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
