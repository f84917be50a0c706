/** DuckDB literals of values that get lost easily, by Kusto type, in the physical form of local/kusto/catalog.ts. */

function text(value: string): string {
  // U+0000 can't stand in a SQL text; everything else can.
  return `'${value.replaceAll("'", "''")}'`;
}

const MAX_TICKS = 3_155_378_975_999_999_999n;

export const values: Readonly<Record<string, readonly string[]>> = {
  bool: ["NULL", "true", "false"],
  int: ["NULL", "0", "-1", "2147483647", "(-2147483648)"],
  long: [
    "NULL",
    "0",
    "9007199254740993",
    "9223372036854775807",
    "(-9223372036854775807)",
    "(-9223372036854775807 - 1)",
  ],
  real: [
    "NULL",
    "0.0::DOUBLE",
    "'-0.0'::DOUBLE",
    "'nan'::DOUBLE",
    "'inf'::DOUBLE",
    "'-inf'::DOUBLE",
    "1.7976931348623157e308::DOUBLE",
    "5e-324::DOUBLE",
    "2.2250738585072014e-308::DOUBLE",
    "(0.1::DOUBLE + 0.2::DOUBLE)",
    "1e15::DOUBLE",
    "123456789012345680.0::DOUBLE",
    "(1.0::DOUBLE / 3)",
    "(-1e-7)::DOUBLE",
  ],
  decimal: [
    "NULL",
    "'0'",
    "'1'",
    "'-1'",
    "'0.1'",
    "'9999999999999999999999999999999999'",
    "'0.1234567890123456789012345678901234'",
    "'-12345678901234567.89012345678901234'",
  ],
  datetime: [
    "NULL",
    "0",
    "1",
    String(MAX_TICKS),
    String(MAX_TICKS - 1n),
    "621355968000000000",
    "638000000000000001",
    "638000000000000010",
    "499163040000000007",
  ],
  timespan: [
    "NULL",
    "0",
    "1",
    "(-1)",
    "864000000000",
    "(-864000000001)",
    "9223372036854775807",
    "(-9223372036854775807)",
    "35999999999",
  ],
  guid: [
    "NULL",
    "'00000000-0000-0000-0000-000000000000'",
    "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
    "'74be27de-1e4e-49d9-b579-fe0b331d3642'",
  ],
  string: [
    "''",
    text(" "),
    text("  leading and trailing  "),
    text('"'),
    text('""'),
    text('a "quoted" word'),
    text("it's, with commas, and 'quotes'"),
    text("line one\nline two"),
    text("carriage\rreturn"),
    text("both\r\nends\r\n"),
    text("\n"),
    text("\ttab\t"),
    text("back\\slash\\n"),
    text("null"),
    text("NULL"),
    text("NaN"),
    text("123"),
    text("2026-01-01T00:00:00Z"),
    text('{"a":1}'),
    text("ünïcödé ✓ 日本語 🚀 \u202e right to left"),
    text("e\u0301 is not \u00e9"),
    text("\ufeffbyte order mark"),
    text("\u2028\u2029\u0085"),
    text("\u0001\u001f\u007f"),
    `repeat(${text("x")}, 1000000)`,
    `repeat(${text('ü,"\n')}, 150000)`,
  ],
  dynamic: [
    "NULL",
    text("{}"),
    text("[]"),
    text("true"),
    text("1"),
    text('"1"'),
    text("1.0"),
    text("9007199254740993"),
    text("123456789012345678901234567890"),
    text("1e400"),
    text("0.1"),
    text('"2026-01-01T00:00:00Z"'),
    text('"true"'),
    text('"null"'),
    text('""'),
    text('"a \\"quoted\\" text, with \\n and \\\\"'),
    text('"74be27de-1e4e-49d9-b579-fe0b331d3642"'),
    text("[1,2,3]"),
    text("[3,2,1]"),
    text('[null,{"a":null},[]]'),
    text('{"b":1,"a":2,"c":{"z":1,"y":[{"q":1,"p":2}]}}'),
    text('{"a":{"x":1},"b":{"y":2}}'),
    text('{"a":{"y":2},"b":{"x":1}}'),
    text('{"with space":1,"with.dot":2,"with\'quote":3,"with\\"quote":4,"":5,"ü":6}'),
    text('{"long":9223372036854775807,"big":18446744073709551615,"text":"9007199254740993"}'),
    text(`{"deep":${"[".repeat(40)}1${"]".repeat(40)}}`),
  ],
};

/** The value at a place of a type's list, which begins anew at its end. */
export function pick(type: string, i: number): string {
  const list = values[type] ?? [];
  return list[i % list.length] ?? "NULL";
}

const DUCK: Readonly<Record<string, string>> = {
  bool: "BOOLEAN",
  int: "INTEGER",
  long: "BIGINT",
  real: "DOUBLE",
  datetime: "BIGINT",
  timespan: "BIGINT",
};

/** A value as `load` takes it. */
export function cast(type: string, literal: string): string {
  return `CAST(${literal} AS ${DUCK[type] ?? "VARCHAR"})`;
}
