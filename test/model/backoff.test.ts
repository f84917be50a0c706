import fc from "fast-check";
import { expect, test } from "vitest";
import { type Backoff, backoffMs } from "../../model/backoff.ts";

const kind = fc.constantFrom<Backoff>("window", "step");
const pollMs = fc.integer({ min: 1, max: 600_000 });
const tries = fc.integer({ min: 1, max: 60 });
const MOST: Readonly<Record<Backoff, number>> = { window: 60, step: 120 };
const FIRST: Readonly<Record<Backoff, number>> = { window: 1, step: 2 };

/** The longest that a pause may be, by its definition: from the first doubling to the bound. */
const longest = (of: Backoff, count: number, poll: number) =>
  Math.min(1000, 10 * poll) * Math.min(MOST[of], FIRST[of] * 2 ** (count - 1));

test("a pause is never nothing, lies between half of its step and the whole of it, and is bounded", () => {
  fc.assert(
    fc.property(kind, fc.string(), tries, pollMs, (of, name, count, poll) => {
      const pause = backoffMs(of, name, count, poll);
      const whole = longest(of, count, poll);
      expect(Number.isInteger(pause)).toBe(true);
      expect(pause).toBeGreaterThanOrEqual(Math.max(1, whole / 2));
      expect(pause).toBeLessThanOrEqual(whole);
      expect(pause).toBeLessThanOrEqual(of === "window" ? 60_000 : 120_000);
    }),
  );
});

test("a pause is the same whenever an orchestration is replayed", () => {
  fc.assert(
    fc.property(kind, fc.string(), tries, pollMs, (of, name, count, poll) => {
      expect(backoffMs(of, name, count, poll)).toBe(backoffMs(of, name, count, poll));
    }),
  );
});

test("on average pauses double until the bound, and stay there", () => {
  fc.assert(
    fc.property(kind, fc.string(), pollMs, (of, prefix, poll) => {
      const mean = (count: number) =>
        Array.from({ length: 400 }, (_, i) => backoffMs(of, `${prefix}.${i}`, count, poll)).reduce(
          (sum, each) => sum + each / 400,
          0,
        );
      const means = Array.from({ length: 12 }, (_, i) => mean(i + 1));
      // A pause that is spread evenly over half of its step is three quarters of it on average.
      means.forEach((each, i) => {
        const expected = 0.75 * longest(of, i + 1, poll);
        expect(Math.abs(each - expected) / expected).toBeLessThan(0.1);
      });
    }),
    { numRuns: 30 },
  );
});

test("what failed together comes back spread over the whole of the pause, and not in the same order each time", () => {
  fc.assert(
    fc.property(kind, fc.integer({ min: 1, max: 200 }), tries, (of, iteration, count) => {
      const whole = longest(of, count, 2000);
      const pauses = Array.from({ length: 200 }, (_, i) => backoffMs(of, `${iteration}.0.${i}`, count, 2000));
      const tenths = pauses.map((each) => Math.min(9, Math.floor(((each - whole / 2) / (whole / 2)) * 10)));
      for (let tenth = 0; tenth < 10; tenth++)
        expect(tenths.filter((each) => each === tenth).length).toBeGreaterThan(3);
      const next = Array.from({ length: 200 }, (_, i) =>
        backoffMs(of, `${iteration}.0.${i}`, count + 1, 2000),
      );
      const order = (list: readonly number[]) =>
        list.map((_, i) => i).toSorted((a, b) => (list[a] ?? 0) - (list[b] ?? 0));
      expect(order(next)).not.toEqual(order(pauses));
    }),
  );
});

test("a run that looks more often tries again sooner, in proportion; one that looks seldom waits no longer", () => {
  fc.assert(
    fc.property(kind, fc.string(), tries, (of, name, count) => {
      const usual = backoffMs(of, name, count, 2000);
      expect(backoffMs(of, name, count, 100)).toBe(usual);
      expect(backoffMs(of, name, count, 600_000)).toBe(usual);
      expect(Math.abs(backoffMs(of, name, count, 10) - usual / 10)).toBeLessThanOrEqual(1);
    }),
  );
});
