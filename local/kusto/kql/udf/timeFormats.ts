import {
  datetimeParts,
  TICKS_PER_DAY,
  TICKS_PER_HOUR,
  TICKS_PER_MINUTE,
  TICKS_PER_SECOND,
} from "../datetimeText.ts";

interface Fields {
  readonly year: number;
  readonly month: number;
  readonly day: bigint;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly fraction: bigint;
}

function pad(value: number | bigint, width: number): string {
  return value.toString().padStart(width, "0");
}

function element(run: string, f: Fields, date: boolean): string | undefined {
  const width = run.length;
  switch (run[0]) {
    case "y":
      return date ? (width <= 2 ? pad(f.year % 100, width) : pad(f.year, width)) : undefined;
    case "M":
      return date && width <= 2 ? pad(f.month, width) : undefined;
    case "d":
      return pad(f.day, width);
    case "H":
      return width <= 2 ? pad(f.hour, width) : undefined;
    case "h":
      return width <= 2 ? pad(date ? ((f.hour + 11) % 12) + 1 : f.hour, width) : undefined;
    case "m":
      return width <= 2 ? pad(f.minute, width) : undefined;
    case "s":
      return width <= 2 ? pad(f.second, width) : undefined;
    case "f":
      return width <= 7 ? pad(f.fraction, 7).slice(0, width) : undefined;
    case "F":
      return width <= 7 ? pad(f.fraction, 7).slice(0, width).replace(/0+$/, "") : undefined;
    case "t":
      return date && width === 2 ? (f.hour < 12 ? "AM" : "PM") : undefined;
    default:
      return undefined;
  }
}

function formatted(format: string, fields: Fields, date: boolean): string | null {
  let result = "";
  for (const match of format.matchAll(/([A-Za-z])\1*|[\s\S]/g)) {
    const run = match[0];
    if (!/[A-Za-z]/.test(run)) {
      result += run;
      continue;
    }
    const text = element(run, fields, date);
    if (text === undefined) return null;
    result += text;
  }
  return result;
}

/** `format_datetime()` with the specifiers of `query/format-datetime-function.md`. */
export function formatDatetime(ticks: bigint, format: string): string | null {
  const parts = datetimeParts(ticks);
  return formatted(format, { ...parts, day: BigInt(parts.day) }, true);
}

/** `format_timespan()` with the specifiers of `query/format-timespan-function.md`. */
export function formatTimespan(ticks: bigint, format: string): string | null {
  const size = ticks < 0n ? -ticks : ticks;
  const text = formatted(
    format,
    {
      year: 0,
      month: 0,
      day: size / TICKS_PER_DAY,
      hour: Number((size / TICKS_PER_HOUR) % 24n),
      minute: Number((size / TICKS_PER_MINUTE) % 60n),
      second: Number((size / TICKS_PER_SECOND) % 60n),
      fraction: size % TICKS_PER_SECOND,
    },
    false,
  );
  return text === null || ticks >= 0n ? text : `-${text}`;
}
