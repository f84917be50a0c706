import { TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MINUTE, TICKS_PER_SECOND } from "./datetimeText.ts";

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;

/** A timespan as Kusto prints it: `[-][d.]hh:mm:ss[.fffffff]` (`query/totimespan-function.md`). */
export function timespanText(ticks: bigint): string {
  const size = ticks < 0n ? -ticks : ticks;
  const days = size / TICKS_PER_DAY;
  const two = (value: bigint) => value.toString().padStart(2, "0");
  const fraction = size % TICKS_PER_SECOND;
  return [
    ticks < 0n ? "-" : "",
    days > 0n ? `${days}.` : "",
    `${two((size / TICKS_PER_HOUR) % 24n)}:${two((size / TICKS_PER_MINUTE) % 60n)}:${two((size / TICKS_PER_SECOND) % 60n)}`,
    fraction > 0n ? `.${fraction.toString().padStart(7, "0")}` : "",
  ].join("");
}

const UNITS: Readonly<Record<string, bigint>> = {
  d: TICKS_PER_DAY,
  day: TICKS_PER_DAY,
  days: TICKS_PER_DAY,
  h: TICKS_PER_HOUR,
  hr: TICKS_PER_HOUR,
  hrs: TICKS_PER_HOUR,
  hour: TICKS_PER_HOUR,
  hours: TICKS_PER_HOUR,
  m: TICKS_PER_MINUTE,
  min: TICKS_PER_MINUTE,
  minute: TICKS_PER_MINUTE,
  minutes: TICKS_PER_MINUTE,
  s: TICKS_PER_SECOND,
  sec: TICKS_PER_SECOND,
  second: TICKS_PER_SECOND,
  seconds: TICKS_PER_SECOND,
  ms: 10_000n,
  milli: 10_000n,
  millis: 10_000n,
  millisec: 10_000n,
  millisecond: 10_000n,
  milliseconds: 10_000n,
  micro: 10n,
  micros: 10n,
  microsec: 10n,
  microsecond: 10n,
  microseconds: 10n,
  nano: 0n,
  nanos: 0n,
  nanosecond: 0n,
  nanoseconds: 0n,
  tick: 1n,
  ticks: 1n,
};

/** Value of a decimal number times a unit, cut to whole ticks. */
function scaled(digits: string, unit: bigint): bigint {
  const [whole = "0", fraction = ""] = digits.split(".");
  const scale = 10n ** BigInt(fraction.length);
  return (BigInt(`${whole}${fraction}` || "0") * unit) / scale;
}

function bounded(ticks: bigint): bigint | undefined {
  return ticks < MIN || ticks > MAX ? undefined : ticks;
}

/** Days stand before a point, or before a colon where all the other parts follow. */
const CLOCK =
  /^(-)?(?:(\d+)(?:\.|:(?=\d{1,2}:\d{1,2}:)))?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7})\d*)?)?$/;
const WITH_UNIT = /^(-)?\s*(\d+(?:\.\d*)?|\.\d+)\s*([a-z]+)?$/i;

/** Reads a timespan: the clock form, a number with its unit, or a number of days; undefined for other texts. */
export function timespanTicks(text: string): bigint | undefined {
  const trimmed = text.trim();
  const clock = CLOCK.exec(trimmed);
  if (clock !== null) {
    const [hour, minute, second] = [Number(clock[3]), Number(clock[4]), Number(clock[5] ?? 0)];
    if (hour > 23 || minute > 59 || second > 59) return undefined;
    const ticks =
      BigInt(clock[2] ?? 0) * TICKS_PER_DAY +
      BigInt(hour) * TICKS_PER_HOUR +
      BigInt(minute) * TICKS_PER_MINUTE +
      BigInt(second) * TICKS_PER_SECOND +
      BigInt((clock[6] ?? "").padEnd(7, "0"));
    return bounded(clock[1] === undefined ? ticks : -ticks);
  }
  const number = WITH_UNIT.exec(trimmed);
  if (number === null) return undefined;
  const name = (number[3] ?? "d").toLowerCase();
  const unit = UNITS[name];
  if (unit === undefined) return undefined;
  const ticks = name.startsWith("nano")
    ? scaled(number[2] ?? "0", 1n) / 100n
    : scaled(number[2] ?? "0", unit);
  return bounded(number[1] === undefined ? ticks : -ticks);
}
