import { timespanTicks } from "../kql/values.ts";

const CLOCK = /^(-)?(?:(\d{1,8})\.)?(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?$/;
const SMALLEST = -(2n ** 63n);

/** Ticks of a timespan field: the form that exports write, read directly, or any other documented one. */
export function timespanField(text: string): bigint | undefined {
  const match = CLOCK.exec(text);
  if (match === null) return timespanTicks(text);
  const [, minus, days = "0", hours, minutes, seconds, fraction = ""] = match;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const whole =
    BigInt(days) * 86_400n + BigInt(Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
  const size = whole * 10_000_000n + BigInt(fraction.padEnd(7, "0"));
  const ticks = minus === undefined ? size : -size;
  return ticks < SMALLEST || ticks >= -SMALLEST ? undefined : ticks;
}
