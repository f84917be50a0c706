/**
 * Moments as Kusto keeps them: ticks of 100 ns since 0001-01-01T00:00:00Z, up to the last tick of the year 9999
 * (`kusto/query/scalar-data-types/datetime.md`). A `Date` can't hold them.
 */
export const TICKS_PER_MS = 10_000n;
export const TICKS_PER_SECOND = 10_000_000n;
export const TICKS_PER_MINUTE = 60n * TICKS_PER_SECOND;
export const TICKS_PER_HOUR = 60n * TICKS_PER_MINUTE;
export const TICKS_PER_DAY = 24n * TICKS_PER_HOUR;

/** 1970-01-01 in ticks. */
export const UNIX_EPOCH_TICKS = 621_355_968_000_000_000n;
/** 9999-12-31T23:59:59.9999999Z. */
export const MAX_TICKS = 3_155_378_975_999_999_999n;

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?)?(Z|[+-]\d{2}:?\d{2})?$/i;

/** Ticks of an ISO 8601 text; without an offset it is UTC, as everywhere in Kusto. */
export function ticksFromIso(text: string): bigint {
  const match = ISO.exec(text.trim());
  if (!match) throw new Error(`"${text}" is not a datetime. Write it as 2026-01-31T23:59:59.1234567Z.`);
  const [
    ,
    year = "",
    month = "",
    day = "",
    hours = "00",
    minutes = "00",
    seconds = "00",
    fraction = "",
    zone = "Z",
  ] = match;
  const date = new Date(0);
  // Date.UTC would read the years 0 to 99 as 1900 to 1999.
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const valid =
    date.getUTCMonth() === Number(month) - 1 &&
    date.getUTCDate() === Number(day) &&
    Number(year) >= 1 &&
    Number(hours) < 24 &&
    Number(minutes) < 60 &&
    Number(seconds) < 60;
  if (!valid) throw new Error(`"${text}" is not a moment that exists.`);
  const ticks =
    UNIX_EPOCH_TICKS +
    BigInt(date.getTime()) * TICKS_PER_MS +
    BigInt(hours) * TICKS_PER_HOUR +
    BigInt(minutes) * TICKS_PER_MINUTE +
    BigInt(seconds) * TICKS_PER_SECOND +
    BigInt(fraction.padEnd(7, "0")) -
    offsetTicks(zone);
  return inRange(ticks, text);
}

/** ISO 8601 in UTC with seven digits of a second, the precision of a Kusto datetime. */
export function isoFromTicks(ticks: bigint): string {
  inRange(ticks, String(ticks));
  const seconds = ticks / TICKS_PER_SECOND;
  const date = new Date(Number(seconds - UNIX_EPOCH_TICKS / TICKS_PER_SECOND) * 1000);
  const fraction = String(ticks % TICKS_PER_SECOND).padStart(7, "0");
  return `${date.toISOString().slice(0, 19)}.${fraction}Z`;
}

/** Ticks of a Unix time in milliseconds. */
export function ticksFromMs(ms: number): bigint {
  return inRange(UNIX_EPOCH_TICKS + BigInt(Math.trunc(ms)) * TICKS_PER_MS, String(ms));
}

/** Unix time in milliseconds, what is under a millisecond cut off. */
export function msFromTicks(ticks: bigint): number {
  const sinceEpoch = ticks - UNIX_EPOCH_TICKS;
  const ms = sinceEpoch / TICKS_PER_MS;
  return Number(sinceEpoch < 0n && sinceEpoch % TICKS_PER_MS !== 0n ? ms - 1n : ms);
}

/** The UTC day of a moment, `yyyy-mm-dd`. */
export function dayOfTicks(ticks: bigint): string {
  return isoFromTicks(ticks).slice(0, 10);
}

/** The first tick of the UTC day of a moment. */
export function startOfDay(ticks: bigint): bigint {
  return ticks - (ticks % TICKS_PER_DAY);
}

function offsetTicks(zone: string): bigint {
  if (zone.toUpperCase() === "Z") return 0n;
  const digits = zone.replace(":", "");
  const minutes = BigInt(digits.slice(1, 3)) * 60n + BigInt(digits.slice(3, 5));
  return (digits.startsWith("-") ? -minutes : minutes) * TICKS_PER_MINUTE;
}

function inRange(ticks: bigint, text: string): bigint {
  if (ticks < 0n || ticks > MAX_TICKS) throw new Error(`"${text}" is outside the years 1 to 9999.`);
  return ticks;
}
