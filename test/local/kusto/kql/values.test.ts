import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalDecimal, decimalKey, parseDecimal } from "../../../../local/kusto/kql/decimal.ts";
import {
  datetimeText,
  datetimeTicks,
  MAX_DATETIME_TICKS,
  realText,
  realValue,
  timespanText,
  timespanTicks,
} from "../../../../local/kusto/kql/values.ts";
import { connection, value } from "./harness.ts";

const ticks = fc.bigInt({ min: 0n, max: MAX_DATETIME_TICKS });
const spans = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const decimals = fc
  .tuple(fc.bigInt({ min: -(10n ** 34n) + 1n, max: 10n ** 34n - 1n }), fc.integer({ min: -60, max: 30 }))
  .map(([digits, exponent]) => `${digits}e${exponent}`);

describe("texts of values", () => {
  it("keeps every tick of a datetime", () => {
    fc.assert(fc.property(ticks, (t) => void expect(datetimeTicks(datetimeText(t))).toBe(t)));
    expect(datetimeText(0n)).toBe("0001-01-01T00:00:00.0000000Z");
    expect(datetimeText(MAX_DATETIME_TICKS)).toBe("9999-12-31T23:59:59.9999999Z");
  });

  it("keeps every tick of a timespan", () => {
    fc.assert(fc.property(spans, (t) => void expect(timespanTicks(timespanText(t))).toBe(t)));
  });

  it("keeps every bit of a real", () => {
    fc.assert(fc.property(fc.double(), (r) => void expect(Object.is(realValue(realText(r)), r)).toBe(true)));
  });

  it("gives equal decimals one text, and no other decimal that text", () => {
    fc.assert(
      fc.property(decimals, (text) => {
        const canonical = canonicalDecimal(text);
        expect(canonical).toBeDefined();
        expect(canonicalDecimal(canonical ?? "")).toBe(canonical);
        expect(parseDecimal(canonical ?? "")).toEqual(parseDecimal(text));
      }),
    );
  });

  it("sorts decimals by their keys as by their values", () => {
    const integers = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
    const key = (n: bigint) => {
      const parsed = parseDecimal(n.toString());
      return parsed === undefined ? "" : decimalKey(parsed);
    };
    fc.assert(fc.property(integers, integers, (a, b) => void expect(key(a) < key(b)).toBe(a < b)));
  });

  it.each([
    ["2014-05-25T08:20:03.123456Z", "2014-05-25T08:20:03.1234560Z"],
    ["2014-11-08 15:55", "2014-11-08T15:55:00.0000000Z"],
    ["2014-11-08", "2014-11-08T00:00:00.0000000Z"],
    ["Sat, 8 Nov 14 15:05:02 GMT", "2014-11-08T15:05:02.0000000Z"],
    ["Saturday, 08-Nov-14 15:05", "2014-11-08T15:05:00.0000000Z"],
    ["02/17/2016 08:40:01", "2016-02-17T08:40:01.0000000Z"],
    ["2020-01-01T00:00:00+02:00", "2019-12-31T22:00:00.0000000Z"],
  ])("reads the datetime format %s", (text, expected) => {
    const read = datetimeTicks(text);
    expect(read === undefined ? undefined : datetimeText(read)).toBe(expected);
  });

  it.each(["2014-13-01", "0000-01-01", "yesterday", "10000-01-01", ""])(
    "takes %j for no datetime",
    (text) => {
      expect(datetimeTicks(text)).toBeUndefined();
    },
  );
});

describe("texts that queries make are those of the shared conversions", () => {
  const sample = <T>(arbitrary: fc.Arbitrary<T>) => fc.sample(arbitrary, { numRuns: 200, seed: 7 });

  it("for datetimes", async () => {
    for (const t of [0n, 1n, MAX_DATETIME_TICKS, ...sample(ticks).slice(0, 5)]) {
      expect(await value(`tostring(todatetime(long(${t})))`)).toBe(datetimeText(t));
    }
  });

  it("for timespans", async () => {
    for (const t of [-(2n ** 63n) + 1n, -1n, 0n, 2n ** 63n - 1n, ...sample(spans).slice(0, 5)]) {
      expect(await value(`tostring(totimespan(long(${t})))`)).toBe(timespanText(t));
    }
  });

  it("for reals, as DuckDB prints them", async () => {
    const reals = [
      0,
      -0,
      1,
      0.1,
      1e15,
      1e16,
      1e-4,
      1e-5,
      5e-324,
      1.7976931348623157e308,
      ...sample(fc.double({ noNaN: true, noDefaultInfinity: true })),
    ];
    const list = reals.map((r, i) => `(${i}, '${realText(r)}'::DOUBLE)`).join(", ");
    const result = await connection.runAndReadAll(
      `SELECT r::VARCHAR FROM (VALUES ${list}) AS given(i, r) ORDER BY i`,
    );
    expect(result.getRows().map((row) => row[0])).toEqual(reals.map(realText));
  });
});
