import { notSupported } from "../../kustoError.ts";
import { convert } from "../conversions.ts";
import { quoted, type Scalar, scalar, stringOf } from "../sql.ts";
import { type Call, constantNumber, constantText, type ScalarFunction, typeOf } from "./call.ts";

const text = (sql: string): Scalar => scalar(sql, "string");

const ofText =
  (f: (sql: string) => string): ScalarFunction =>
  (call) =>
    text(f(call.arg(0, "string").sql));

function strcat(values: readonly Scalar[]): Scalar {
  const parts = values.map((v) => convert(v, "string"));
  const only = parts[0];
  if (only === undefined) return text("''");
  if (parts.every((p) => p.literal !== undefined)) {
    const value = parts.map((p) => p.literal).join("");
    return { ...text(quoted(value)), literal: value };
  }
  return parts.length === 1 ? only : text(`(${parts.map((p) => p.sql).join(" || ")})`);
}

const strcatDelim: ScalarFunction = (call) => {
  const [delimiter, ...values] = call.args();
  if (delimiter === undefined) return text("''");
  return strcat(values.flatMap((value, i) => (i === 0 ? [value] : [delimiter, value])));
};

/** Counts characters as `strlen()` does, by code points (`query/substring-function.md`). */
const substring: ScalarFunction = (call) => {
  const source = call.hoist(call.arg(0, "string")).sql;
  const start = call.arg(1, "long");
  const at =
    start.literal === undefined
      ? `CASE WHEN ${start.sql} < 0 THEN greatest(length(${source}) + ${start.sql}, 0) ELSE ${start.sql} END + 1`
      : start.literal.startsWith("-")
        ? `greatest(length(${source}) + ${start.sql}, 0) + 1`
        : `${BigInt(start.literal) + 1n}`;
  if (call.nodes.length < 3) return stringOf(`substr(${source}, ${at})`);
  const length = call.arg(2, "long");
  const size =
    length.literal !== undefined && !length.literal.startsWith("-")
      ? length.literal
      : `greatest(${length.sql}, 0)`;
  return start.literal !== undefined && length.literal !== undefined
    ? text(`substr(${source}, ${at}, ${size})`)
    : stringOf(`substr(${source}, ${at}, ${size})`);
};

const indexOf: ScalarFunction = (call) => {
  if (call.nodes.length > 3) throw notSupported("indexof() with a length or an occurrence");
  const source = call.hoist(call.arg(0, "string")).sql;
  const wanted = call.arg(1, "string").sql;
  if (call.nodes.length < 3) return scalar(`(instr(${source}, ${wanted}) - 1)`, "long", false);
  const start = call.arg(2, "long").sql;
  const at = `CASE WHEN ${start} < 0 THEN greatest(length(${source}) + ${start}, 0) ELSE ${start} END`;
  const found = `instr(substr(${source}, (${at}) + 1), ${wanted})`;
  return scalar(`CASE WHEN ${found} = 0 THEN -1 ELSE ${found} - 1 + (${at}) END`, "long");
};

const split: ScalarFunction = (call) => {
  const array = scalar(
    `kusto_split(${call.arg(0, "string").sql}, ${call.arg(1, "string").sql})`,
    "dynamic",
    false,
  );
  if (call.nodes.length < 3) return array;
  const index = call.arg(2, "long").sql;
  return scalar(`kusto_array_slice(${array.sql}, ${index}, ${index})`, "dynamic");
};

const extract: ScalarFunction = (call) => {
  const group = constantNumber(call, 1);
  if (group < 0 || group > 9) throw notSupported("extract() of a capture group beyond 9");
  const found = text(
    `regexp_extract(${call.arg(2, "string").sql}, ${quoted(constantText(call, 0))}, ${group})`,
  );
  const wanted = call.nodes[3];
  return wanted === undefined ? found : convert(found, typeOf(wanted));
};

const extractAll: ScalarFunction = (call) => {
  const groups = call.nodes.length > 2 ? call.arg(1, "dynamic").sql : "NULL::VARCHAR";
  const source = call.arg(call.nodes.length > 2 ? 2 : 1, "string").sql;
  return scalar(`kusto_extract_all(${call.arg(0, "string").sql}, ${groups}, ${source})`, "dynamic");
};

const trim =
  (start: boolean, end: boolean): ScalarFunction =>
  (call) => {
    const pattern = constantText(call, 0);
    let sql = call.arg(1, "string").sql;
    if (start) sql = `regexp_replace(${sql}, ${quoted(`^(?:${pattern})+`)}, '')`;
    if (end) sql = `regexp_replace(${sql}, ${quoted(`(?:${pattern})+$`)}, '')`;
    return text(sql);
  };

const replaceRegex: ScalarFunction = (call) =>
  text(
    `regexp_replace(${call.arg(0, "string").sql}, ${call.arg(1, "string").sql}, ${call.arg(2, "string").sql}, 'g')`,
  );

function countOf(call: Call): Scalar {
  const kind = call.nodes.length > 2 ? constantText(call, 2) : "normal";
  return scalar(
    `kusto_count_of(${call.arg(0, "string").sql}, ${call.arg(1, "string").sql}, ${kind === "regex"})`,
    "long",
    false,
  );
}

export const stringFunctions: Readonly<Record<string, ScalarFunction>> = {
  strcat: (call) => strcat(call.args()),
  strcat_delim: strcatDelim,
  strlen: (call) => scalar(`length(${call.arg(0, "string").sql})`, "long", false),
  string_size: (call) => scalar(`strlen(${call.arg(0, "string").sql})`, "long", false),
  substring,
  indexof: indexOf,
  tolower: ofText((s) => `lower(${s})`),
  toupper: ofText((s) => `upper(${s})`),
  reverse: ofText((s) => `reverse(${s})`),
  strrep: (call) => {
    const delimiter = call.nodes.length > 2 ? call.arg(2, "string").sql : "''";
    return text(
      `array_to_string(list_transform(range(${call.arg(1, "long").sql}), lambda i: ${call.arg(0, "string").sql}), ${delimiter})`,
    );
  },
  strcmp: (call) => {
    const [a, b] = [call.hoist(call.arg(0, "string")).sql, call.hoist(call.arg(1, "string")).sql];
    return scalar(`CASE WHEN ${a} < ${b} THEN -1 WHEN ${a} > ${b} THEN 1 ELSE 0 END::BIGINT`, "long", false);
  },
  split,
  extract,
  extract_all: extractAll,
  extractall: extractAll,
  trim: trim(true, true),
  trim_start: trim(true, false),
  trim_end: trim(false, true),
  replace_string: (call) =>
    text(`replace(${call.arg(0, "string").sql}, ${call.arg(1, "string").sql}, ${call.arg(2, "string").sql})`),
  replace_regex: replaceRegex,
  replace: (call) =>
    text(
      `regexp_replace(${call.arg(2, "string").sql}, ${call.arg(0, "string").sql}, ${call.arg(1, "string").sql}, 'g')`,
    ),
  countof: countOf,
  parse_url: (call) => scalar(`kusto_parse_url(${call.arg(0, "string").sql})`, "dynamic", false),
  parse_csv: (call) => scalar(`kusto_parse_csv(${call.arg(0, "string").sql})`, "dynamic", false),
  parse_path: (call) => scalar(`kusto_parse_path(${call.arg(0, "string").sql})`, "dynamic", false),
  parse_version: (call) => scalar(`kusto_parse_version(${call.arg(0, "string").sql})`, "decimal"),
  ipv4_is_in_range: (call) =>
    scalar(`kusto_ipv4_is_in_range(${call.arg(0, "string").sql}, ${call.arg(1, "string").sql})`, "bool"),
  ipv4_is_private: (call) => scalar(`kusto_ipv4_is_private(${call.arg(0, "string").sql})`, "bool"),
  translate: (call) =>
    text(
      `kusto_translate(${call.arg(0, "string").sql}, ${call.arg(1, "string").sql}, ${call.arg(2, "string").sql})`,
    ),
  url_encode: ofText((s) => `kusto_url_encode(${s})`),
  url_encode_component: ofText((s) => `kusto_url_encode_component(${s})`),
  url_decode: ofText((s) => `kusto_url_decode(${s})`),
  base64_encode_tostring: ofText((s) => `to_base64(encode(${s}))`),
  base64_encodestring: ofText((s) => `to_base64(encode(${s}))`),
  base64_decode_tostring: ofText((s) => `COALESCE(kusto_base64_decode(${s}), '')`),
  base64_decodestring: ofText((s) => `COALESCE(kusto_base64_decode(${s}), '')`),
  regex_quote: ofText((s) => `regexp_replace(${s}, '([.*+?^$\{}()|\\[\\]\\\\-])', '\\\\\\1', 'g')`),
  unicode_codepoints_from_string: (call) =>
    scalar(
      `('[' || array_to_string(list_transform(string_split(${call.arg(0, "string").sql}, ''), lambda x: unicode(x)::VARCHAR), ',') || ']')`,
      "dynamic",
      false,
    ),
};
