const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const FORMS = "90s, 5m, 2h, 1d, 1h30m, 00:05:00, 1.00:00:00 or PT5M";

const SIMPLE = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;
const SIMPLE_PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g;
const CLOCK = /^(?:(\d+)\.)?(\d{1,2}):([0-5]?\d)(?::([0-5]?\d)(?:\.(\d{1,7}))?)?$/;
const ISO =
  /^P(?:(\d+)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/**
 * Milliseconds of a duration as people write it: a Kusto timespan literal (`5m`, `90s`, `2h`, `1d`), the text form
 * `d.hh:mm:ss` (both in `kusto/query/scalar-data-types/timespan.md`), or ISO 8601 (`PT5M`). Years and months
 * have no fixed length and are refused.
 */
export function parseDuration(text: string): number {
  const value = text.trim();
  const ms = simpleForm(value.toLowerCase()) ?? clockForm(value) ?? isoForm(value.toUpperCase());
  if (ms === undefined || !Number.isSafeInteger(ms)) {
    throw new Error(`"${text}" is not a duration. Write it as ${FORMS}.`);
  }
  return ms;
}

/** The shortest of the forms that `parseDuration` reads: `5m`, `1d2h`, `1.5s` never, `1s500ms` instead. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) throw new Error(`${ms} is not a duration in milliseconds.`);
  let rest = Math.round(Math.abs(ms));
  if (rest === 0) return "0s";
  const sign = ms < 0 ? "-" : "";
  let text = "";
  for (const unit of ["d", "h", "m", "s", "ms"]) {
    const size = UNIT_MS[unit] ?? 1;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return `${sign}${text}`;
}

function simpleForm(value: string): number | undefined {
  if (!SIMPLE.test(value)) return undefined;
  let ms = 0;
  const seen = new Set<string>();
  for (const [, amount, unit] of value.matchAll(SIMPLE_PART)) {
    if (unit === undefined || seen.has(unit)) return undefined;
    seen.add(unit);
    ms += Number(amount) * (UNIT_MS[unit] ?? Number.NaN);
  }
  return Math.round(ms);
}

function clockForm(value: string): number | undefined {
  const match = CLOCK.exec(value);
  if (!match) return undefined;
  const [, days = "0", hours = "0", minutes = "0", seconds = "0", fraction = ""] = match;
  if (Number(hours) > 23) return undefined;
  const whole =
    Number(days) * 86_400_000 + Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1000;
  return whole + Math.round(Number(`0.${fraction || "0"}`) * 1000);
}

function isoForm(value: string): number | undefined {
  const match = ISO.exec(value);
  if (!match || match.slice(1).every((part) => part === undefined) || value.endsWith("T")) return undefined;
  const [, weeks = "0", days = "0", hours = "0", minutes = "0", seconds = "0"] = match;
  return Math.round(
    Number(weeks) * 604_800_000 +
      Number(days) * 86_400_000 +
      Number(hours) * 3_600_000 +
      Number(minutes) * 60_000 +
      Number(seconds) * 1000,
  );
}
