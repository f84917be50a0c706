import {
  addDecimals,
  binDecimal,
  canonicalDecimal,
  type Decimal,
  decimalKey,
  decimalText,
  divideDecimals,
  moduloDecimals,
  multiplyDecimals,
  negateDecimal,
  parseDecimal,
  roundDecimal,
  truncateDecimal,
} from "../decimal.ts";
import { define } from "./define.ts";
import { inLong } from "./dynamicFunctions.ts";

function binary(name: string, body: (a: Decimal, b: Decimal) => Decimal | undefined) {
  return define(name, ["text", "text"], "text", (x, y) => {
    const a = parseDecimal(x);
    const b = parseDecimal(y);
    const result = a === undefined || b === undefined ? undefined : body(a, b);
    return result === undefined ? null : decimalText(result);
  });
}

function unary(name: string, body: (a: Decimal) => Decimal) {
  return define(name, ["text"], "text", (x) => {
    const a = parseDecimal(x);
    return a === undefined ? null : decimalText(body(a));
  });
}

function total(texts: readonly (string | null)[]): { sum: Decimal; count: number } {
  let sum: Decimal = { digits: 0n, exponent: 0 };
  let count = 0;
  for (const text of texts) {
    const value = text === null ? undefined : parseDecimal(text);
    if (value === undefined) continue;
    sum = addDecimals(sum, value);
    count++;
  }
  return { sum, count };
}

export const decimalFunctions = [
  define("kusto_decimal", ["text"], "text", (text) => canonicalDecimal(text) ?? null),
  define("kusto_decimal_key", ["text"], "text", (text) => {
    const value = parseDecimal(text);
    return value === undefined ? null : decimalKey(value);
  }),
  define("kusto_decimal_long", ["text"], "long", (text) => {
    const value = parseDecimal(text);
    return value === undefined || value.exponent > 20 ? null : inLong(truncateDecimal(value));
  }),
  define("kusto_decimal_round", ["text", "long"], "text", (text, places) => {
    const value = parseDecimal(text);
    return value === undefined ? null : decimalText(roundDecimal(value, Number(places)));
  }),
  define("kusto_decimal_sum", ["texts"], "text", (texts) => decimalText(total(texts).sum)),
  define("kusto_decimal_avg", ["texts"], "text", (texts) => {
    const { sum, count } = total(texts);
    const mean = divideDecimals(sum, { digits: BigInt(count), exponent: 0 });
    return mean === undefined ? null : decimalText(mean);
  }),
  unary("kusto_decimal_negate", negateDecimal),
  binary("kusto_decimal_add", addDecimals),
  binary("kusto_decimal_subtract", (a, b) => addDecimals(a, negateDecimal(b))),
  binary("kusto_decimal_multiply", multiplyDecimals),
  binary("kusto_decimal_divide", divideDecimals),
  binary("kusto_decimal_modulo", moduloDecimals),
  binary("kusto_decimal_bin", binDecimal),
];
