/** A decimal: `digits` times ten to the power of `exponent`, at most 34 significant digits, no trailing zeros. */
export interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

export const DECIMAL_DIGITS = 34;
const MAX_ADJUSTED = 6144;

function length(value: bigint): number {
  return (value < 0n ? -value : value).toString().length;
}

function divideRounded(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  const rest = value % divisor;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  const size = divisor < 0n ? -divisor : divisor;
  // Half goes to the even neighbour, as decimal128 rounds.
  if (twice < size || (twice === size && quotient % 2n === 0n)) return quotient;
  return value < 0n === divisor < 0n ? quotient + 1n : quotient - 1n;
}

/** Rounds to 34 digits and strips trailing zeros. */
export function decimal(digits: bigint, exponent: number): Decimal {
  let d = digits;
  let e = exponent;
  const excess = length(d) - DECIMAL_DIGITS;
  if (excess > 0) {
    d = divideRounded(d, 10n ** BigInt(excess));
    e += excess;
  }
  if (d === 0n) return { digits: 0n, exponent: 0 };
  while (d % 10n === 0n) {
    d /= 10n;
    e++;
  }
  return { digits: d, exponent: e };
}

const NUMBER = /^([+-])?(\d+\.?\d*|\.\d+)(?:e([+-]?\d{1,5}))?$/i;

/** Reads a decimal (`query/scalar-data-types/decimal.md`); undefined where the text is none or too large. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = NUMBER.exec(text.trim());
  if (match === null) return undefined;
  const [whole = "", fraction = ""] = (match[2] ?? "").split(".");
  const digits = BigInt(`${whole}${fraction}`);
  const value = decimal(match[1] === "-" ? -digits : digits, Number(match[3] ?? 0) - fraction.length);
  return Math.abs(value.exponent + length(value.digits) - 1) > MAX_ADJUSTED ? undefined : value;
}

/** The canonical text: one text for each number, so that equal decimals are equal texts. */
export function decimalText(value: Decimal): string {
  const sign = value.digits < 0n ? "-" : "";
  const digits = (value.digits < 0n ? -value.digits : value.digits).toString();
  const adjusted = value.exponent + digits.length - 1;
  if (adjusted < -DECIMAL_DIGITS || adjusted >= 2 * DECIMAL_DIGITS) {
    const rest = digits.slice(1);
    return `${sign}${digits[0]}${rest === "" ? "" : `.${rest}`}E${adjusted < 0 ? "" : "+"}${adjusted}`;
  }
  if (value.exponent >= 0) return `${sign}${digits}${"0".repeat(value.exponent)}`;
  const point = digits.length + value.exponent;
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** The canonical text of a decimal written in any way; undefined where the text is no decimal. */
export function canonicalDecimal(text: string): string | undefined {
  const value = parseDecimal(text);
  return value === undefined ? undefined : decimalText(value);
}

function aligned(a: Decimal, b: Decimal): [bigint, bigint, number] {
  // Far apart, the smaller one is below the last digit that is kept: shift it no further than that.
  const exponent = Math.min(a.exponent, b.exponent);
  return [
    a.digits * 10n ** BigInt(a.exponent - exponent),
    b.digits * 10n ** BigInt(b.exponent - exponent),
    exponent,
  ];
}

export function addDecimals(a: Decimal, b: Decimal): Decimal {
  const [x, y, exponent] = aligned(a, b);
  return decimal(x + y, exponent);
}

export function negateDecimal(a: Decimal): Decimal {
  return { digits: -a.digits, exponent: a.exponent };
}

export function multiplyDecimals(a: Decimal, b: Decimal): Decimal {
  return decimal(a.digits * b.digits, a.exponent + b.exponent);
}

/** Undefined for a division by zero. */
export function divideDecimals(a: Decimal, b: Decimal): Decimal | undefined {
  if (b.digits === 0n) return undefined;
  const shift = DECIMAL_DIGITS + 2 + length(b.digits);
  const scaled = a.digits * 10n ** BigInt(shift);
  const quotient = scaled / b.digits;
  // A digit that says that something follows keeps the rounding right.
  const sticky = scaled % b.digits === 0n ? 0n : scaled < 0n === b.digits < 0n ? 1n : -1n;
  return decimal(quotient * 10n + sticky, a.exponent - b.exponent - shift - 1);
}

export function compareDecimals(a: Decimal, b: Decimal): number {
  const [x, y] = aligned(a, b);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** The largest whole multiple of `step` not above the value; undefined where `step` is not positive. */
export function binDecimal(value: Decimal, step: Decimal): Decimal | undefined {
  if (step.digits <= 0n) return undefined;
  const [x, y, exponent] = aligned(value, step);
  const rest = ((x % y) + y) % y;
  return decimal(x - rest, exponent);
}

/** The rest of a division, never negative (`query/numerical-operators.md`); undefined for a division by zero. */
export function moduloDecimals(a: Decimal, b: Decimal): Decimal | undefined {
  if (b.digits === 0n) return undefined;
  const [x, y, exponent] = aligned(a, b);
  const size = y < 0n ? -y : y;
  return decimal(((x % size) + size) % size, exponent);
}

/** The whole part, and rounding to a number of digits after the point, half away from zero. */
export function roundDecimal(value: Decimal, places: number): Decimal {
  const drop = -value.exponent - places;
  if (drop <= 0) return value;
  const divisor = 10n ** BigInt(drop);
  const size = value.digits < 0n ? -value.digits : value.digits;
  const rounded = (size + divisor / 2n) / divisor;
  return decimal(value.digits < 0n ? -rounded : rounded, -places);
}

export function truncateDecimal(value: Decimal): bigint {
  return value.exponent >= 0
    ? value.digits * 10n ** BigInt(value.exponent)
    : value.digits / 10n ** BigInt(-value.exponent);
}

/** A text that sorts, as text, the way the numbers do. */
export function decimalKey(value: Decimal): string {
  if (value.digits === 0n) return "1";
  const negative = value.digits < 0n;
  const digits = (negative ? -value.digits : value.digits).toString();
  const adjusted = (value.exponent + digits.length - 1 + 10_000).toString().padStart(5, "0");
  const key = `${adjusted}${digits.padEnd(DECIMAL_DIGITS, "0")}`;
  if (!negative) return `2${key}`;
  return `0${[...key].map((digit) => (9 - Number(digit)).toString()).join("")}`;
}
