import type { KustoType } from "../../catalog.ts";
import { semanticError } from "../../kustoError.ts";
import { convert, toElement } from "../conversions.ts";
import { columnScalar } from "../relation.ts";
import { quoted, type Scalar, scalar } from "../sql.ts";
import { type Node, nameOf } from "../syntax.ts";
import { type Call, type ScalarFunction, typeOf } from "./call.ts";

const dynamic = (sql: string): Scalar => scalar(sql, "dynamic");

/** A dynamic function of arrays: `kusto_x([a, b, …])`. */
const ofAll =
  (name: string): ScalarFunction =>
  (call) =>
    dynamic(
      `${name}([${call
        .args()
        .map((a) => convert(a, "dynamic").sql)
        .join(", ")}]::VARCHAR[])`,
    );

const ofOne =
  (name: string, type: KustoType): ScalarFunction =>
  (call) =>
    scalar(`${name}(${call.arg(0, "dynamic").sql})`, type);

/** Elements put one after the other as JSON text. */
export function arrayOf(items: readonly string[]): string {
  if (items.length === 0) return "'[]'";
  return `('[' || ${items.join(" || ',' || ")} || ']')`;
}

const packArray: ScalarFunction = (call) => ({
  ...dynamic(arrayOf(call.args().map(toElement))),
  nullable: false,
});

function bagOf(pairs: readonly (readonly [Scalar, Scalar])[]): Scalar {
  if (pairs.length === 0) return { ...dynamic("'{}'"), nullable: false };
  const entries = pairs.map(([name, value]) => {
    const key =
      name.literal !== undefined
        ? quoted(`${JSON.stringify(name.literal)}:`)
        : `(to_json(${convert(name, "string").sql})::VARCHAR || ':')`;
    return `${key} || ${toElement(value)}`;
  });
  const bag = `('{' || ${entries.join(" || ',' || ")} || '}')`;
  const names = pairs.map(([name]) => name.literal);
  const distinct = !names.includes(undefined) && new Set(names).size === names.length;
  return { ...dynamic(distinct ? bag : `kusto_compact(${bag})`), nullable: false };
}

const bagPack: ScalarFunction = (call) => {
  const args = call.args();
  if (args.length % 2 !== 0)
    throw semanticError(`${call.name}(): the function expects pairs of names and values`);
  const pairs: [Scalar, Scalar][] = [];
  for (let i = 0; i + 1 < args.length; i += 2) {
    const [name, value] = [args[i], args[i + 1]];
    if (name !== undefined && value !== undefined) pairs.push([name, value]);
  }
  return bagOf(pairs);
};

const packAll: ScalarFunction = (call) => {
  const columns = call.env.row?.relation.columns ?? [];
  const ignoreEmpty = call.nodes.length > 0 && call.arg(0).literal === "true";
  const named = columns.map((c): [Scalar, Scalar] => [
    { ...scalar(quoted(c.name), "string"), literal: c.name },
    columnScalar(c),
  ]);
  if (!ignoreEmpty) return bagOf(named);
  const entries = named.map(([name, value]) => {
    const empty = value.type === "string" ? `${value.sql} = ''` : `${value.sql} IS NULL`;
    return `CASE WHEN NOT (${empty}) THEN ${quoted(`${JSON.stringify(name.literal)}:`)} || ${toElement(value)} END`;
  });
  return {
    ...dynamic(
      `('{' || array_to_string(list_filter([${entries.join(", ")}], lambda x: x IS NOT NULL), ',') || '}')`,
    ),
    nullable: false,
  };
};

const extractJson: ScalarFunction = (call) => {
  const path = call.arg(0, "string");
  const value = dynamic(`kusto_extract_json(${path.sql}, ${call.arg(1, "string").sql})`);
  const wanted = call.nodes[2];
  return convert(value, wanted === undefined ? "string" : typeOf(wanted));
};

const sort =
  (descending: boolean): ScalarFunction =>
  (call) => {
    const nodes = [...call.nodes];
    const last = call.args().at(-1);
    const nullsLast = last?.type === "bool" ? last.sql : "true";
    if (last?.type === "bool") nodes.pop();
    const arrays = call
      .args()
      .slice(0, nodes.length)
      .map((a) => convert(a, "dynamic").sql);
    const sorted = `kusto_array_sort([${arrays.join(", ")}]::VARCHAR[], ${descending}, ${nullsLast})`;
    if (arrays.length === 1) return dynamic(`${sorted}[1]`);
    return dynamic(
      `('[' || array_to_string(list_transform(${sorted}, lambda x: COALESCE(x, 'null')), ',') || ']')`,
    );
  };

const MAX_ITEMS = 1_048_576;

/** `range(from, to, step)` (`query/range-function.md`): numbers, or moments, as an array. */
const range: ScalarFunction = (call) => {
  const from = call.hoist(call.arg(0));
  const to = call.arg(1);
  const time = from.type === "datetime" || from.type === "timespan";
  const step = call.nodes.length > 2 ? call.arg(2) : undefined;
  if (from.type === "real" || to.type === "real" || step?.type === "real") {
    const [a, b, s] = [
      convert(from, "real").sql,
      convert(to, "real").sql,
      step === undefined ? "1.0::DOUBLE" : convert(step, "real").sql,
    ];
    const item = toElement(scalar(`(${a} + i * ${s})`, "real", false));
    const count = `TRY_CAST(floor((${b} - ${a}) / ${s}) AS BIGINT)`;
    return dynamic(
      `('[' || array_to_string(list_transform(range(0, least(${count} + 1, ${MAX_ITEMS})), lambda i: ${item}), ',') || ']')`,
    );
  }
  const by = step === undefined ? (time ? "36000000000::BIGINT" : "1::BIGINT") : `${step.sql}::BIGINT`;
  const item = toElement(scalar("i", time ? from.type : "long", false));
  // An array is cut at its longest.
  const last = `(${from.sql}::HUGEINT + ${by}::HUGEINT * ${MAX_ITEMS - 1})`;
  const end = `(CASE WHEN ${by} > 0 THEN least(${to.sql}::HUGEINT, ${last}) ELSE greatest(${to.sql}::HUGEINT, ${last}) END)::BIGINT`;
  return dynamic(
    `('[' || array_to_string(list_transform(generate_series(${from.sql}::BIGINT, ${end}, ${by}), lambda i: ${item}), ',') || ']')`,
  );
};

const element = (call: Call, index: number): string => toElement(call.arg(index));

export const dynamicScalars: Readonly<Record<string, ScalarFunction>> = {
  pack_array: packArray,
  bag_pack: bagPack,
  pack: bagPack,
  pack_dictionary: bagPack,
  pack_all: packAll,
  bag_pack_columns: (call) =>
    bagOf(
      call.nodes.map((node: Node, i): [Scalar, Scalar] => {
        const name = nameOf(node);
        return [{ ...scalar(quoted(name), "string"), literal: name }, call.arg(i)];
      }),
    ),
  array_length: ofOne("kusto_json_length", "long"),
  arraylength: ofOne("kusto_json_length", "long"),
  array_concat: ofAll("kusto_array_concat"),
  array_sort_asc: sort(false),
  array_sort_desc: sort(true),
  array_reverse: ofOne("kusto_array_reverse", "dynamic"),
  array_sum: ofOne("kusto_array_sum", "real"),
  array_slice: (call) =>
    dynamic(
      `kusto_array_slice(${call.arg(0, "dynamic").sql}, ${call.arg(1, "long").sql}, ${call.arg(2, "long").sql})`,
    ),
  array_split: (call) =>
    dynamic(`kusto_array_split(${call.arg(0, "dynamic").sql}, ${call.arg(1, "dynamic").sql})`),
  array_rotate_left: (call) =>
    dynamic(`kusto_array_rotate(${call.arg(0, "dynamic").sql}, ${call.arg(1, "long").sql})`),
  array_rotate_right: (call) =>
    dynamic(`kusto_array_rotate(${call.arg(0, "dynamic").sql}, -(${call.arg(1, "long").sql}))`),
  array_index_of: (call) => {
    if (call.nodes.length > 2)
      throw semanticError("array_index_of(): the local Kusto knows two arguments only");
    return scalar(`kusto_array_index_of(${call.arg(0, "dynamic").sql}, ${element(call, 1)})`, "long");
  },
  array_iff: (call) =>
    dynamic(`kusto_array_iff(${call.arg(0, "dynamic").sql}, ${element(call, 1)}, ${element(call, 2)})`),
  set_union: ofAll("kusto_set_union"),
  set_intersect: ofAll("kusto_set_intersect"),
  set_difference: ofAll("kusto_set_difference"),
  set_has_element: (call) =>
    scalar(`kusto_set_has_element(${call.arg(0, "dynamic").sql}, ${element(call, 1)})`, "bool"),
  bag_keys: ofOne("kusto_json_names", "dynamic"),
  bag_merge: ofAll("kusto_bag_merge"),
  bag_has_key: (call) =>
    scalar(`kusto_bag_has_key(${call.arg(0, "dynamic").sql}, ${call.arg(1, "string").sql})`, "bool"),
  bag_set_key: (call) =>
    dynamic(
      `kusto_bag_set_key(${call.arg(0, "dynamic").sql}, ${call.arg(1, "string").sql}, ${element(call, 2)})`,
    ),
  bag_remove_keys: (call) =>
    dynamic(`kusto_bag_remove_keys(${call.arg(0, "dynamic").sql}, ${call.arg(1, "dynamic").sql})`),
  treepath: ofOne("kusto_treepath", "dynamic"),
  extract_json: extractJson,
  extractjson: extractJson,
  repeat: (call) => dynamic(`kusto_repeat(${element(call, 0)}, ${call.arg(1, "long").sql})`),
  zip: ofAll("kusto_zip"),
  range,
  strcat_array: (call) =>
    scalar(`COALESCE(kusto_join(${call.arg(0, "dynamic").sql}, ${call.arg(1, "string").sql}), '')`, "string"),
};
