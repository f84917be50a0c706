import fc from "fast-check";
import { expect, it } from "vitest";
import { formatDuration, parseDuration } from "../../model/durations.ts";

it.each([
  ["5m", 300_000],
  ["90s", 90_000],
  ["2h", 7_200_000],
  ["1d", 86_400_000],
  ["250ms", 250],
  ["1h30m", 5_400_000],
  ["1.5h", 5_400_000],
  [" 5M ", 300_000],
  ["00:05:00", 300_000],
  ["0:05", 300_000],
  ["1.00:00:00", 86_400_000],
  ["365000.00:00:00", 31_536_000_000_000],
  ["00:00:01.5", 1500],
  ["00:00:00.0010000", 1],
  ["PT5M", 300_000],
  ["P1DT2H", 93_600_000],
  ["PT0.5S", 500],
  ["P2W", 1_209_600_000],
])("%j is %i ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

it.each([
  "",
  "5",
  "m",
  "5x",
  "-5m",
  "5m5m",
  "24:00:00",
  "1:60:00",
  "P",
  "PT",
  "P1Y",
  "P1M",
  "five",
  "1e3s",
  "999999999999999999d",
])("%j is refused, with the text and the forms accepted", (text) => {
  expect(() => parseDuration(text)).toThrow(JSON.stringify(text).slice(1, -1));
  expect(() => parseDuration(text)).toThrow(/PT5M/);
});

it("what is formatted is read back as the same", () => {
  expect(formatDuration(0)).toBe("0s");
  expect(formatDuration(93_600_000)).toBe("1d2h");
  fc.assert(fc.property(fc.nat({ max: 10_000_000_000 }), (ms) => parseDuration(formatDuration(ms)) === ms));
});
