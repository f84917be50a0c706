import { describe, expect, it } from "vitest";
import { ACTIVITY } from "../../activities/contract.ts";
import { run } from "./runFakeCopy.ts";

describe("the orchestration of a copy", () => {
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
