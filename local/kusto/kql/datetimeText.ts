/** Ticks of 100 ns in the units that dates and time spans are written in. */
export const TICKS_PER_SECOND = 10_000_000n;
export const TICKS_PER_MINUTE = 600_000_000n;
export const TICKS_PER_HOUR = 36_000_000_000n;
export const TICKS_PER_DAY = 864_000_000_000n;
/** Ticks of 1970-01-01T00:00:00Z. */
export const UNIX_EPOCH_TICKS = 621_355_968_000_000_000n;
/** Ticks of 9999-12-31T23:59:59.9999999Z, the last moment (`query/scalar-data-types/datetime.md`). */
export const MAX_DATETIME_TICKS = 3_155_378_975_999_999_999n;

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Days from 0001-01-01 to a day of the Gregorian calendar. */
function dayNumber(year: number, month: number, day: number): number {
  const y = year - 1;
  let days = y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400);
  for (let m = 1; m < month; m++) days += daysInMonth(year, m);
  return days + day - 1;
}

/** Ticks of a moment given by its parts; undefined for a date that isn't. `seconds` may hold a fraction in ticks. */
export function ticksOf(
  year: number,
  month: number,
  day: number,
  hour = 0,
  minute = 0,
  second = 0,
  fraction = 0n,
): bigint | undefined {
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month))
    return undefined;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return undefined;
  return (
    BigInt(dayNumber(year, month, day)) * TICKS_PER_DAY +
    BigInt(hour) * TICKS_PER_HOUR +
    BigInt(minute) * TICKS_PER_MINUTE +
    BigInt(second) * TICKS_PER_SECOND +
    fraction
  );
}

function pad(value: number | bigint, width: number): string {
  return value.toString().padStart(width, "0");
}

export interface DateParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** Ticks below the second. */
  readonly fraction: bigint;
}

export function datetimeParts(ticks: bigint): DateParts {
  const date = new Date(
    Number(
      (ticks - UNIX_EPOCH_TICKS) / TICKS_PER_DAY -
        (ticks < UNIX_EPOCH_TICKS && ticks % TICKS_PER_DAY !== 0n ? 1n : 0n),
    ) * 86_400_000,
  );
  const time = ticks % TICKS_PER_DAY;
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: Number(time / TICKS_PER_HOUR),
    minute: Number((time / TICKS_PER_MINUTE) % 60n),
    second: Number((time / TICKS_PER_SECOND) % 60n),
    fraction: time % TICKS_PER_SECOND,
  };
}

/** A datetime as Kusto prints it: `2020-01-31T23:59:59.1234567Z`, always seven digits. */
export function datetimeText(ticks: bigint): string {
  const p = datetimeParts(ticks);
  return `${pad(p.year, 4)}-${pad(p.month, 2)}-${pad(p.day, 2)}T${pad(p.hour, 2)}:${pad(p.minute, 2)}:${pad(p.second, 2)}.${pad(p.fraction, 7)}Z`;
}

const ZONE = String.raw`\s*(Z|GMT|UTC|UT|[+-]\d{2}:?\d{2})?`;
const TIME = String.raw`(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d+))?)?\s*(AM|PM)?${ZONE}`;
const ISO = new RegExp(String.raw`^(\d{4})(?:[-./](\d{1,2})(?:[-./](\d{1,2}))?)?(?:[T ]\s*${TIME})?$`, "i");
const ISO_DATE_ZONE = /^(\d{4})-(\d{2})-(\d{2})(Z)$/i;
const SLASHED = new RegExp(String.raw`^(\d{1,2})[/-](\d{1,2})[/-](\d{4})(?:\s+${TIME})?$`, "i");
const NAMED = new RegExp(
  String.raw`^(?:[a-z]{3,9},?\s+)?(\d{1,2})[-\s]([a-z]{3,9})[-\s](\d{2}|\d{4})(?:\s+${TIME})?$`,
  "i",
);
const COMPACT = /^(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2})(\d{2})(\d{2}))?Z?$/i;

function fractionTicks(digits: string | undefined): bigint {
  return digits === undefined ? 0n : BigInt(digits.slice(0, 7).padEnd(7, "0"));
}

function zoneTicks(zone: string | undefined): bigint {
  if (zone === undefined || !/^[+-]/.test(zone)) return 0n;
  const digits = zone.replace(":", "");
  const minutes = BigInt(digits.slice(1, 3)) * 60n + BigInt(digits.slice(3, 5));
  return (digits.startsWith("-") ? -minutes : minutes) * TICKS_PER_MINUTE;
}

/** The parts that TIME matched, from `at` on. */
function withTime(
  year: number,
  month: number,
  day: number,
  match: RegExpExecArray,
  at: number,
): bigint | undefined {
  let hour = Number(match[at] ?? 0);
  const half = match[at + 4]?.toUpperCase();
  if (half !== undefined) {
    if (hour < 1 || hour > 12) return undefined;
    hour = (hour % 12) + (half === "PM" ? 12 : 0);
  }
  const ticks = ticksOf(
    year,
    month,
    day,
    hour,
    Number(match[at + 1] ?? 0),
    Number(match[at + 2] ?? 0),
    fractionTicks(match[at + 3]),
  );
  if (ticks === undefined) return undefined;
  const utc = ticks - zoneTicks(match[at + 5]);
  return utc < 0n || utc > MAX_DATETIME_TICKS ? undefined : utc;
}

/** Reads the formats of `query/scalar-data-types/datetime.md`; undefined where the text is none of them. */
export function datetimeTicks(text: string): bigint | undefined {
  const trimmed = text.trim();
  const iso = ISO.exec(trimmed);
  if (iso !== null) return withTime(Number(iso[1]), Number(iso[2] ?? 1), Number(iso[3] ?? 1), iso, 4);
  const dateZone = ISO_DATE_ZONE.exec(trimmed);
  if (dateZone !== null) return ticksOf(Number(dateZone[1]), Number(dateZone[2]), Number(dateZone[3]));
  const slashed = SLASHED.exec(trimmed);
  if (slashed !== null)
    return withTime(Number(slashed[3]), Number(slashed[1]), Number(slashed[2]), slashed, 4);
  const named = NAMED.exec(trimmed);
  if (named !== null) {
    const month = MONTHS.indexOf((named[2] ?? "").slice(0, 3).toLowerCase()) + 1;
    const short = Number(named[3]);
    const year = (named[3] ?? "").length === 4 ? short : short + (short < 50 ? 2000 : 1900);
    return withTime(year, month, Number(named[1]), named, 4);
  }
  const compact = COMPACT.exec(trimmed);
  if (compact !== null) {
    return ticksOf(
      Number(compact[1]),
      Number(compact[2]),
      Number(compact[3]),
      Number(compact[4] ?? 0),
      Number(compact[5] ?? 0),
      Number(compact[6] ?? 0),
    );
  }
  return undefined;
}
