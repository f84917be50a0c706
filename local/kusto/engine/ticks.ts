/** Ticks of 100 ns: how the engine keeps datetimes (since year 1) and timespans. */
const EPOCH_TICKS = 621_355_968_000_000_000n;
const TICKS_PER_MS = 10_000n;

export const TICKS_PER_SECOND = 10_000_000n;
export const TICKS_PER_MINUTE = 60n * TICKS_PER_SECOND;
export const TICKS_PER_HOUR = 60n * TICKS_PER_MINUTE;
export const TICKS_PER_DAY = 24n * TICKS_PER_HOUR;

export function ticksOfMs(ms: number): bigint {
  return EPOCH_TICKS + BigInt(Math.round(ms * 10_000));
}

export function msOfTicks(ticks: bigint): number {
  return Number((ticks - EPOCH_TICKS) / TICKS_PER_MS);
}

/**
 * ISO text of a datetime as Kusto's JSON answers print it: UTC, up to seven digits of a second, without
 * trailing zeros (`kusto/api/rest/response-http.md`).
 */
export function isoOfTicks(ticks: bigint): string {
  const seconds = ticks / TICKS_PER_SECOND;
  const fraction = ticks % TICKS_PER_SECOND;
  const ms = Number(seconds - EPOCH_TICKS / TICKS_PER_SECOND) * 1000;
  const iso = new Date(ms).toISOString().slice(0, 19);
  const digits = fraction === 0n ? "" : `.${fraction.toString().padStart(7, "0").replace(/0+$/, "")}`;
  return `${iso}${digits}Z`;
}

const ISO =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i;

/** Ticks of an ISO 8601 text (UTC where no offset is given), or undefined for what is none. */
export function ticksOfIso(text: string): bigint | undefined {
  const match = ISO.exec(text.trim());
  if (match === null) return undefined;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", zone = "Z"] = match;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  date.setUTCHours(Number(hour), Number(minute), Number(second), 0);
  const offset = /^([+-])(\d{2}):?(\d{2})$/.exec(zone);
  const shift =
    offset === null
      ? 0n
      : BigInt(Number(offset[2]) * 60 + Number(offset[3])) * (offset[1] === "-" ? -1n : 1n);
  return (
    EPOCH_TICKS +
    BigInt(date.getTime()) * TICKS_PER_MS +
    BigInt(fraction.padEnd(7, "0").slice(0, 7)) -
    shift * TICKS_PER_MINUTE
  );
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
  ms: TICKS_PER_MS,
  milli: TICKS_PER_MS,
  millis: TICKS_PER_MS,
  millisecond: TICKS_PER_MS,
  microsecond: 10n,
  tick: 1n,
};

/** Ticks of a timespan literal (`7d`, `1.5h`) or text (`d.hh:mm:ss.fffffff`), or undefined for what is none. */
export function ticksOfTimespan(text: string): bigint | undefined {
  const trimmed = text.trim();
  const literal = /^(-?)(\d+(?:\.\d+)?)([a-z]+)$/i.exec(trimmed);
  if (literal !== null) {
    const unit = UNITS[(literal[3] ?? "").toLowerCase()];
    if (unit === undefined) return undefined;
    const ticks = BigInt(Math.round(Number(literal[2]) * Number(unit)));
    return literal[1] === "-" ? -ticks : ticks;
  }
  const full = /^(-?)(?:(\d+)\.)?(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?$/.exec(trimmed);
  if (full !== null) {
    const ticks =
      BigInt(full[2] ?? 0) * TICKS_PER_DAY +
      BigInt(full[3] ?? 0) * TICKS_PER_HOUR +
      BigInt(full[4] ?? 0) * TICKS_PER_MINUTE +
      BigInt(full[5] ?? 0) * TICKS_PER_SECOND +
      BigInt((full[6] ?? "").padEnd(7, "0"));
    return full[1] === "-" ? -ticks : ticks;
  }
  if (/^-?\d+$/.test(trimmed)) return BigInt(trimmed) * TICKS_PER_DAY;
  return undefined;
}

/** Timespan text `[-][d.]hh:mm:ss[.fffffff]`. */
export function timespanOfTicks(ticks: bigint): string {
  const size = ticks < 0n ? -ticks : ticks;
  const days = size / TICKS_PER_DAY;
  const two = (value: bigint): string => value.toString().padStart(2, "0");
  const fraction = size % TICKS_PER_SECOND;
  return (
    (ticks < 0n ? "-" : "") +
    (days === 0n ? "" : `${days}.`) +
    `${two((size / TICKS_PER_HOUR) % 24n)}:${two((size / TICKS_PER_MINUTE) % 60n)}:${two((size / TICKS_PER_SECOND) % 60n)}` +
    (fraction === 0n ? "" : `.${fraction.toString().padStart(7, "0")}`)
  );
}
