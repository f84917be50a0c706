import { notSupported, semanticError } from "../../kustoError.ts";
import { convert } from "../conversions.ts";
import { commonType } from "../operatorsBinary.ts";
import { type Scalar, scalar, wrapLong } from "../sql.ts";
import type { Call, ScalarFunction } from "./call.ts";

const real = (sql: string): Scalar => scalar(sql, "real");

const ofReal =
  (name: string): ScalarFunction =>
  (call) =>
    real(`${name}(${call.arg(0, "real").sql})`);

/** Null outside of the function's domain, where DuckDB would stop. */
const within =
  (name: string, domain: (x: string) => string): ScalarFunction =>
  (call) => {
    const x = call.hoist(call.arg(0, "real")).sql;
    return real(`CASE WHEN ${domain(x)} THEN ${name}(${x}) END`);
  };

const bits =
  (symbol: string): ScalarFunction =>
  (call) =>
    scalar(`(${call.arg(0, "long").sql} ${symbol} ${call.arg(1, "long").sql})`, "long");

/** Shifts of more than 63 go round (`query/binary-shift-left-function.md`). */
const shift =
  (left: boolean): ScalarFunction =>
  (call) => {
    const value = call.arg(0, "long").sql;
    const by = call.hoist(call.arg(1, "long")).sql;
    const count = `(((${by} % 64) + 64) % 64)::INTEGER`;
    const moved = left
      ? wrapLong(`(${value}::HUGEINT & ((1::HUGEINT << (64 - ${count})) - 1)) * (1::HUGEINT << ${count})`)
      : `(${value} >> ${count})`;
    return scalar(`CASE WHEN ${by} >= 0 THEN ${moved} END`, "long");
  };

/** The nearest multiple of a size at or below a value (`query/bin-function.md`); null for a size that isn't positive. */
export function bin(call: Call): Scalar {
  const value = call.arg(0);
  const size =
    call.nodes.length > 1
      ? call.arg(1)
      : { sql: "1::BIGINT", type: "long" as const, nullable: false, literal: "1" };
  if (value.type === "datetime" || value.type === "timespan") {
    const step = size.type === "timespan" ? size : convert(size, "long");
    return {
      ...binLong({ ...value, type: "long" }, { ...step, type: "long" }, value.type === "datetime", call),
      type: value.type,
    };
  }
  const type = commonType(value.type, size.type);
  if (type === "decimal") {
    return scalar(
      `kusto_decimal_bin(${convert(value, "decimal").sql}, ${convert(size, "decimal").sql})`,
      "decimal",
    );
  }
  if (type === "int" || type === "long")
    return binLong(convert(value, "long"), convert(size, "long"), false, call);
  if (type !== "real" && type !== "dynamic")
    throw semanticError(`bin() is not defined for ${value.type} and ${size.type}`);
  const step = call.hoist(convert(size, "real"));
  const floored = `(floor(${convert(value, "real").sql} / ${step.sql}) * ${step.sql})`;
  return real(
    step.literal !== undefined && Number(step.literal) > 0
      ? floored
      : `CASE WHEN ${step.sql} > 0 THEN ${floored} END`,
  );
}

function binLong(value: Scalar, size: Scalar, positive: boolean, call: Call): Scalar {
  const step = call.hoist(size).sql;
  const constant = ticksOrLong(size);
  if (positive) {
    const floored = `((${value.sql} // ${step}) * ${step})`;
    return scalar(constant === "positive" ? floored : `CASE WHEN ${step} > 0 THEN ${floored} END`, "long");
  }
  const v = call.hoist(value).sql;
  const floored = `((${v}::HUGEINT - ((${v}::HUGEINT % ${step}) + ${step}) % ${step})::BIGINT)`;
  return scalar(constant === "positive" ? floored : `CASE WHEN ${step} > 0 THEN ${floored} END`, "long");
}

function ticksOrLong(size: Scalar): "positive" | undefined {
  return size.literal !== undefined && /[1-9]/.test(size.literal) && !size.literal.startsWith("-")
    ? "positive"
    : undefined;
}

function round(call: Call): Scalar {
  const value = call.arg(0);
  const places = call.nodes.length > 1 ? call.arg(1, "long").sql : "0::BIGINT";
  if (value.type === "decimal") return scalar(`kusto_decimal_round(${value.sql}, ${places})`, "decimal");
  return real(`round(${convert(value, "real").sql}, ${places}::INTEGER)`);
}

function abs(call: Call): Scalar {
  const value = call.arg(0);
  if (value.type === "real") return real(`abs(${value.sql})`);
  if (value.type === "decimal") return scalar(`kusto_decimal(ltrim(${value.sql}, '-'))`, "decimal");
  if (value.type === "timespan") return scalar(`TRY_CAST(abs(${value.sql}::HUGEINT) AS BIGINT)`, "timespan");
  if (value.type === "int" || value.type === "long")
    return scalar(wrapLong(`abs(${value.sql}::HUGEINT)`), "long");
  return real(`abs(${convert(value, "real").sql})`);
}

export const mathFunctions: Readonly<Record<string, ScalarFunction>> = {
  bin,
  floor: bin,
  round,
  abs,
  sign: (call) => real(`sign(${call.arg(0, "real").sql})::DOUBLE`),
  ceiling: (call) => real(`ceil(${call.arg(0, "real").sql})`),
  sqrt: within("sqrt", (x) => `${x} >= 0`),
  exp: ofReal("exp"),
  exp2: (call) => real(`pow(2.0::DOUBLE, ${call.arg(0, "real").sql})`),
  exp10: (call) => real(`pow(10.0::DOUBLE, ${call.arg(0, "real").sql})`),
  log: within("ln", (x) => `${x} > 0`),
  log2: within("log2", (x) => `${x} > 0`),
  log10: within("log10", (x) => `${x} > 0`),
  pow: (call) => real(`pow(${call.arg(0, "real").sql}, ${call.arg(1, "real").sql})`),
  sin: ofReal("sin"),
  cos: ofReal("cos"),
  tan: ofReal("tan"),
  cot: ofReal("cot"),
  asin: within("asin", (x) => `${x} BETWEEN -1 AND 1`),
  acos: within("acos", (x) => `${x} BETWEEN -1 AND 1`),
  atan: ofReal("atan"),
  atan2: (call) => real(`atan2(${call.arg(0, "real").sql}, ${call.arg(1, "real").sql})`),
  degrees: ofReal("degrees"),
  radians: ofReal("radians"),
  gamma: (call) => real(`TRY(gamma(${call.arg(0, "real").sql}))`),
  pi: () => ({ ...real("pi()"), nullable: false }),
  isnan: (call) => scalar(`COALESCE(isnan(${call.arg(0, "real").sql}), false)`, "bool", false),
  isinf: (call) => scalar(`COALESCE(isinf(${call.arg(0, "real").sql}), false)`, "bool", false),
  isfinite: (call) => scalar(`COALESCE(isfinite(${call.arg(0, "real").sql}), false)`, "bool", false),
  rand: (call) => {
    if (call.nodes.length === 0) return { ...real("random()"), nullable: false };
    return real(`floor(random() * ${call.arg(0, "real").sql})`);
  },
  new_guid: () => ({ ...scalar("uuid()::VARCHAR", "guid"), nullable: false }),
  binary_and: bits("&"),
  binary_or: bits("|"),
  binary_xor: (call) => scalar(`xor(${call.arg(0, "long").sql}, ${call.arg(1, "long").sql})`, "long"),
  binary_not: (call) => scalar(`(~${call.arg(0, "long").sql})`, "long"),
  binary_shift_left: shift(true),
  binary_shift_right: shift(false),
  bitset_count_ones: (call) => scalar(`bit_count(${call.arg(0, "long").sql})::BIGINT`, "long"),
  bin_at: (call) => {
    const [value, size, fixed] = [call.arg(0), call.arg(1), call.arg(2)];
    if (size.literal === undefined) throw notSupported("bin_at() with a size that isn't constant");
    if (value.type === "real" || size.type === "real") {
      const f = convert(fixed, "real").sql;
      const s = convert(size, "real").sql;
      return real(`(${f} + floor((${convert(value, "real").sql} - ${f}) / ${s}) * ${s})`);
    }
    const [v, s, f] = [call.hoist(value).sql, size.sql, fixed.sql];
    const distance = `(${v}::HUGEINT - ${f}::HUGEINT)`;
    const rest = `((${distance} % ${s} + ${s}) % ${s})`;
    return scalar(`((${v}::HUGEINT - ${rest})::BIGINT)`, value.type === "int" ? "long" : value.type);
  },
};
