/**
 * Values as text in a data file, and the ticks or canonical text they stand for.
 * These take any documented spelling; the usual one of each type is converted in SQL (`fromText.ts`).
 */
const DAY = 864_000_000_000n;
const HOUR = 36_000_000_000n;
const MINUTE = 600_000_000n;
const SECOND = 10_000_000n;
const EPOCH = 621_355_968_000_000_000n;
const LAST_TICK = 3_155_378_975_999_999_999n;
const MIN_SPAN = -(2n ** 63n);
const MAX_SPAN = 2n ** 63n - 1n;

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const CLOCK = String.raw`(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?`;
const ZONE = String.raw`\s*(Z|GMT|UTC|[+-]\d{2}:?\d{2})?`;
const ISO = new RegExp(String.raw`^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:T|\s+)${CLOCK}${ZONE})?$`, "i");
const RFC = new RegExp(
  String.raw`^(?:[a-z]+,\s*)?(\d{1,2})[\s-]([a-z]{3})[\s-](\d{4}|\d{2})\s+${CLOCK}${ZONE}$`,
  "i",
);

function digits(text: string | undefined): bigint {
  return BigInt((text ?? "").padEnd(7, "0").slice(0, 7));
}

function zoneTicks(zone: string | undefined): bigint {
  const offset = /^([+-])(\d{2}):?(\d{2})$/.exec(zone ?? "");
  if (offset === null) return 0n;
  const ticks = BigInt(offset[2] ?? 0) * HOUR + BigInt(offset[3] ?? 0) * MINUTE;
  return offset[1] === "-" ? -ticks : ticks;
}

function ticksOf(
  year: number,
  month: number,
  day: number,
  clock: readonly (string | undefined)[],
): bigint | undefined {
  const [hour, minute, second, fraction, zone] = clock;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (year < 1 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  if (Number(hour ?? 0) > 23 || Number(minute ?? 0) > 59 || Number(second ?? 0) > 59) return undefined;
  const ofDay =
    BigInt(hour ?? 0) * HOUR + BigInt(minute ?? 0) * MINUTE + BigInt(second ?? 0) * SECOND + digits(fraction);
  const ticks = EPOCH + BigInt(date.getTime()) * 10_000n + ofDay - zoneTicks(zone);
  return ticks < 0n || ticks > LAST_TICK ? undefined : ticks;
}

/** Ticks of a datetime in a documented format (`kusto/query/scalar-data-types/datetime.md`), else undefined. */
export function datetimeTicks(text: string): bigint | undefined {
  const trimmed = text.trim();
  const iso = ISO.exec(trimmed);
  if (iso !== null) return ticksOf(Number(iso[1]), Number(iso[2]), Number(iso[3]), iso.slice(4));
  const rfc = RFC.exec(trimmed);
  if (rfc === null) return undefined;
  const month = MONTHS.indexOf((rfc[2] ?? "").toLowerCase()) + 1;
  const short = rfc[3]?.length === 2;
  const year = Number(rfc[3]) + (short ? (Number(rfc[3]) < 50 ? 2000 : 1900) : 0);
  return month === 0 ? undefined : ticksOf(year, month, Number(rfc[1]), rfc.slice(4));
}

const UNITS = new Map<string, bigint>([
  ["d", DAY],
  ["day", DAY],
  ["days", DAY],
  ["h", HOUR],
  ["hour", HOUR],
  ["hours", HOUR],
  ["m", MINUTE],
  ["min", MINUTE],
  ["minute", MINUTE],
  ["minutes", MINUTE],
  ["s", SECOND],
  ["sec", SECOND],
  ["second", SECOND],
  ["seconds", SECOND],
  ["ms", 10_000n],
  ["millisecond", 10_000n],
  ["milliseconds", 10_000n],
  ["microsecond", 10n],
  ["microseconds", 10n],
  ["tick", 1n],
  ["ticks", 1n],
]);

function spanOfUnits(sign: string | undefined, whole: string, fraction: string, unit: bigint): bigint {
  const scale = 10n ** BigInt(fraction.length);
  const ticks = (BigInt(whole + fraction) * unit) / scale;
  return sign === "-" ? -ticks : ticks;
}

function inSpanRange(ticks: bigint): bigint | undefined {
  return ticks < MIN_SPAN || ticks > MAX_SPAN ? undefined : ticks;
}

/** Ticks of a timespan: `[-][d.]hh:mm[:ss[.fffffff]]`, a number of days, or a number with a unit (`kusto/query/scalar-data-types/timespan.md`). */
export function timespanTicks(text: string): bigint | undefined {
  const trimmed = text.trim();
  const clock = /^(-)?(?:(\d{1,8})\.)?(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?$/.exec(trimmed);
  if (clock !== null) {
    const [, sign, days, hours, minutes, seconds, fraction] = clock;
    if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds ?? 0) > 59) return undefined;
    const ticks =
      BigInt(days ?? 0) * DAY +
      BigInt(hours ?? 0) * HOUR +
      BigInt(minutes ?? 0) * MINUTE +
      BigInt(seconds ?? 0) * SECOND +
      digits(fraction);
    return inSpanRange(sign === "-" ? -ticks : ticks);
  }
  const units = /^(-)?(\d{1,20})(?:\.(\d{1,20}))?\s*([a-z]*)$/i.exec(trimmed);
  if (units === null) return undefined;
  const unit = units[4] === "" ? DAY : UNITS.get((units[4] ?? "").toLowerCase());
  if (unit === undefined || (units[4] === "" && units[3] !== undefined)) return undefined;
  return inSpanRange(spanOfUnits(units[1], units[2] ?? "0", units[3] ?? "", unit));
}

function roundDigits(all: string, keep: number): string {
  const kept = BigInt(all.slice(0, keep));
  const rest = all.slice(keep);
  const half = `5${"0".repeat(rest.length - 1)}`;
  const up = rest > half || (rest === half && kept % 2n === 1n);
  return (up ? kept + 1n : kept).toString();
}

/**
 * Canonical text of a decimal: no exponent, no zeros that say nothing, at most 34 significant digits
 * (`kusto/query/scalar-data-types/decimal.md`); undefined for what is no number.
 */
export function decimalText(text: string): string | undefined {
  const match = /^([+-])?(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,5}))?$/i.exec(text.trim());
  if (match === null || `${match[2] ?? ""}${match[3] ?? ""}` === "") return undefined;
  const fraction = match[3] ?? "";
  let exponent = Number(match[4] ?? 0) - fraction.length;
  let all = `${match[2] ?? ""}${fraction}`.replace(/^0+/, "");
  if (all.length > 34) {
    exponent += all.length - 34;
    all = roundDigits(all, 34);
  }
  const short = all.replace(/0+$/, "");
  exponent += all.length - short.length;
  if (short === "") return "0";
  if (exponent > 6111 || exponent < -6176) return undefined;
  const sign = match[1] === "-" ? "-" : "";
  if (exponent >= 0) return `${sign}${short}${"0".repeat(exponent)}`;
  const padded = short.padStart(1 - exponent, "0");
  return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}

/** Canonical text of a guid, with or without hyphens, braces or parentheses; undefined for what is none. */
export function guidText(text: string): string | undefined {
  const bare = text
    .trim()
    .toLowerCase()
    .replace(/^\{(.*)\}$/, "$1")
    .replace(/^\((.*)\)$/, "$1");
  const match = /^([0-9a-f]{8})(-?)([0-9a-f]{4})\2([0-9a-f]{4})\2([0-9a-f]{4})\2([0-9a-f]{12})$/.exec(bare);
  return match === null ? undefined : `${match[1]}-${match[3]}-${match[4]}-${match[5]}-${match[6]}`;
}

/** The longest beginning of a text that is no longer than that many bytes of UTF-8 and cuts no character. */
export function cutText(text: string, bytes: number): string {
  const buffer = Buffer.from(text, "utf8");
  if (buffer.length <= bytes) return text;
  let end = bytes;
  while (end > 0 && ((buffer[end] ?? 0) & 0xc0) === 0x80) end--;
  return buffer.toString("utf8", 0, end);
}
