import fc from "fast-check";
import { expect, test } from "vitest";
import { entrySchema } from "../../model/checkpoint/entries.ts";
import { stateSchema } from "../../model/checkpoint/state.ts";
import { addedRetries, noRetries, parkedReason, shortReason, sumOfRetries } from "../../model/retries.ts";
import {
  canonical,
  entryAt,
  logOf,
  opening,
  planned,
  reset,
  retried,
  stateOf,
} from "./checkpoint/sampleLog.ts";

const retries = fc.record({
  steps: fc.nat({ max: 1000 }),
  attempts: fc.nat({ max: 1000 }),
  reason: fc.option(fc.string({ minLength: 1 })),
});

test("counts add up in any grouping, and the last reason is told", () => {
  fc.assert(
    fc.property(retries, retries, retries, (a, b, c) => {
      expect(addedRetries(addedRetries(a, b), c)).toEqual(addedRetries(a, addedRetries(b, c)));
      expect(sumOfRetries([a, undefined, b])).toEqual(addedRetries(a, b));
      expect(addedRetries(noRetries, a)).toEqual(a);
      expect(addedRetries(a, b).reason).toBe(b.reason ?? a.reason);
    }),
  );
});

test("what was tried again survives a restart: it is in the log, and in the state that is kept of it", () => {
  const begun = [opening, planned(1, "backfill", { tables: { T: 2, U: 1 } })];
  const state = stateOf([
    ...begun,
    retried(1, [{ table: "T", steps: 2, reason: "Throttled." }]),
    reset(1, "1.0.1", 1),
    { ...opening, instance: "copy:2" },
    retried(1, [
      { table: "T", steps: 1, reason: "Throttled again." },
      { steps: 3, reason: "The lake didn't answer." },
    ]),
    {
      kind: "progress",
      iteration: 1,
      exported: [],
      staged: [],
      reset: [],
      parked: [{ table: "T", reason: "Enough.", window: "1.0.1" }],
    },
  ]);
  expect({ ...state.open.backfill?.retries }).toEqual({ T: { steps: 3, attempts: 2, reason: "Enough." } });
  expect(state.open.backfill?.waits).toEqual({ steps: 3, attempts: 0, reason: "The lake didn't answer." });
  const kept = stateSchema.parse(JSON.parse(JSON.stringify(state)));
  expect(canonical(kept)).toBe(canonical(state));
});

test("a log from before retries were counted is read as it is, and nothing is made up", () => {
  const [, , progress] = logOf([opening, planned(1, "backfill", { tables: { T: 1 } }), reset(1, "1.0.0", 1)]);
  const old: unknown = JSON.parse(JSON.stringify(progress));
  expect(entrySchema.parse(old)).not.toHaveProperty("retries");
  const state = stateOf([opening, planned(1, "backfill", { tables: { T: 1 } })]);
  expect(state.open.backfill).not.toHaveProperty("retries");
  expect(entryAt(2, 0, reset(1, "1.0.0", 1))).not.toHaveProperty("retries");
});

test("a reason that is only counted is kept short; one that parks a table says which window, how often, and what is next", () => {
  expect(shortReason("x".repeat(5000))).toHaveLength(300);
  expect(shortReason("Throttled.")).toBe("Throttled.");
  expect(parkedReason("3.0.1", 5, "Throttled")).toBe(
    "Window 3.0.1 failed 5 times, the last time: Throttled. The table stays where it was; the next iteration tries it again.",
  );
  expect(parkedReason("3.0.1", 1, "Denied.")).toBe(
    "Window 3.0.1 failed: Denied. The table stays where it was; the next iteration tries it again.",
  );
});
