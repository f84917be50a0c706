import fc from "fast-check";
import { expect, it } from "vitest";
import {
  dayOfTicks,
  isoFromTicks,
  MAX_TICKS,
  msFromTicks,
  startOfDay,
  TICKS_PER_DAY,
  ticksFromIso,
  ticksFromMs,
  UNIX_EPOCH_TICKS,
} from "../../kusto/ticks.ts";

it("every tick of the years 1 to 9999 survives", () => {
  fc.assert(fc.property(fc.bigInt(0n, MAX_TICKS), (ticks) => ticksFromIso(isoFromTicks(ticks)) === ticks));
});

it.each([
  ["0001-01-01T00:00:00.0000000Z", 0n],
  ["0099-12-31T00:00:00Z", 98n * 365n * TICKS_PER_DAY + 24n * TICKS_PER_DAY + 364n * TICKS_PER_DAY],
  ["1970-01-01", UNIX_EPOCH_TICKS],
  ["1970-01-01 00:00:00.1234567", UNIX_EPOCH_TICKS + 1_234_567n],
  ["1970-01-01T01:00:00+01:00", UNIX_EPOCH_TICKS],
  ["9999-12-31T23:59:59.9999999Z", MAX_TICKS],
])("%s is %s", (text, ticks) => {
  expect(ticksFromIso(text)).toBe(ticks);
});

it.each([
  "",
  "2026",
  "2026-02-30",
  "2026-13-01",
  "2026-01-01T24:00:00Z",
  "2026-01-01T00:00:00.12345678Z",
  "0000-01-01",
])("%j is no moment", (text) => {
  expect(() => ticksFromIso(text)).toThrow();
});

it("milliseconds and days go by UTC", () => {
  expect(msFromTicks(ticksFromMs(1_700_000_000_123))).toBe(1_700_000_000_123);
  expect(msFromTicks(UNIX_EPOCH_TICKS - 1n)).toBe(-1);
  expect(dayOfTicks(ticksFromIso("2026-03-01T23:59:59.9999999Z"))).toBe("2026-03-01");
  expect(isoFromTicks(startOfDay(ticksFromIso("2026-03-01T23:59:59.9999999Z")))).toBe(
    "2026-03-01T00:00:00.0000000Z",
  );
});
