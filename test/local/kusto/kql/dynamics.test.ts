import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson, type Json, parseJson, printJson } from "../../../../local/kusto/kql/json.ts";
import { rows, value } from "./harness.ts";

describe("dynamic values (scalar-data-types/dynamic.md)", () => {
  it.each([
    ["dynamic({'a':{'b':[1,{'c':'x'}]}}).a.b[1]['c']", '"x"'],
    ["tostring(dynamic({'a':{'b':[1,{'c':'x'}]}}).a.b[1]['c'])", "x"],
    ["dynamic([1,2,3])[-1]", "3"],
    ["dynamic([1,2,3])[5]", "null"],
    ["dynamic({'a':1})[strcat('a','')]", "1"],
    ["toint(parse_json('[100,101,102]')[1])", "101"],
    ["todatetime(parse_json('{\"a b\":\"2015-01-01\"}')['a b'])", "2015-01-01T00:00:00.0000000Z"],
    ["tolong(dynamic(1.9))", "1"],
    ["tolong(parse_json('9223372036854775807'))", "9223372036854775807"],
    [
      'parse_json(\'{"n": 123456789012345678901234567890.10, "m" : 1e3}\')',
      '{"n":123456789012345678901234567890.10,"m":1e3}',
    ],
    ["parse_json('not json')", '"not json"'],
    ["parse_json('null')", "null"],
    ["tostring(parse_json('\"21\"'))", "21"],
    ["tostring(dynamic(null))", ""],
    ['tostring(dynamic([1, "a", null]))', '[1,"a",null]'],
    ["dynamic({'a':1}) == dynamic({'a':1})", "error"],
    ["dynamic({'a':5}).a == 5", "true"],
    ["dynamic({'a':'x'}).a == 'x'", "true"],
    ["dynamic({'a':2}).a + 1", "3"],
    [
      "pack_array(1, 'a', 1.5, true, int(null), datetime(2020-01-01), 1h)",
      '[1,"a",1.5,true,null,"2020-01-01T00:00:00.0000000Z","01:00:00"]',
    ],
    ["bag_pack('Level', 'Information', 'Id', 1)", '{"Level":"Information","Id":1}'],
    ["bag_keys(dynamic({'a':1, 'b':{'c':2}}))", '["a","b"]'],
    ["bag_merge(dynamic({'A1':12,'B1':2}), dynamic({'A1':81,'D1':4}))", '{"A1":12,"B1":2,"D1":4}'],
    ["bag_remove_keys(dynamic({'a':1,'b':{'x':1,'y':2}}), dynamic(['a','$.b.x']))", '{"b":{"y":2}}'],
    ["bag_has_key(dynamic({'k':{'p':1}}), '$.k.p')", "true"],
    ["bag_set_key(dynamic({'a':1}), 'b', 2)", '{"a":1,"b":2}'],
    ["array_length(dynamic([1,2,3]))", "3"],
    ["array_length(parse_json('{}'))", "null"],
    ["array_concat(dynamic([1,2]), dynamic([3]))", "[1,2,3]"],
    ["array_sort_asc(dynamic(['blue','yellow','green',null]))", '["blue","green","yellow",null]'],
    ["array_sort_desc(dynamic([1,10,2]))", "[10,2,1]"],
    ["array_slice(dynamic([1,2,3,4,5]), -3, -2)", "[3,4]"],
    ["array_reverse(dynamic([1,2,3]))", "[3,2,1]"],
    ["array_index_of(dynamic(['a','b']), 'b')", "1"],
    ["array_sum(dynamic([1,2,3.5]))", "6.5"],
    ["array_split(dynamic([1,2,3,4,5]), 2)", "[[1,2],[3,4,5]]"],
    ["set_union(dynamic([1,2]), dynamic([2,3]))", "[1,2,3]"],
    ["set_intersect(dynamic([1,2,3]), dynamic([2,3,4]))", "[2,3]"],
    ["set_difference(dynamic([1,2,3]), dynamic([2]))", "[1,3]"],
    ["set_has_element(dynamic(['this','is']), 'is')", "true"],
    ["zip(dynamic([1,3,5]), dynamic([2,4,6]))", "[[1,2],[3,4],[5,6]]"],
    ["range(1, 8, 3)", "[1,4,7]"],
    ["range(1h, 3h)", '["01:00:00","02:00:00","03:00:00"]'],
    ["repeat(1, 3)", "[1,1,1]"],
    ["strcat_array(dynamic([1,2,3]), '->')", "1->2->3"],
    ['treepath(parse_json(\'{"a":"b", "c":123}\'))', `["['a']","['c']"]`],
    [
      "treepath(dynamic({'listProperty':[100,200,300,'abcde',{'x':'y'}]}))",
      `["['listProperty']","['listProperty'][0]","['listProperty'][0]['x']"]`,
    ],
    ["extract_json('$.a[1]', '{\"a\":[1,\"two\"]}')", "two"],
    ["extract_json('$.a', '{\"a\":7}', typeof(long))", "7"],
    ["2 in (dynamic([1,2]))", "true"],
    ["gettype(parse_json('[1]'))", "array"],
    ["gettype(parse_json('1.5'))", "double"],
    ["dynamic_to_json(dynamic({'b':1,'a':2}))", '{"a":2,"b":1}'],
  ])("%s is %s", async (expression, expected) => {
    if (expected === "error") await expect(value(expression)).rejects.toMatchObject({ name: "KustoError" });
    else expect(await value(expression)).toBe(expected);
  });

  it("follows a path that is computed for each row", async () => {
    const query = `
      print d = dynamic({"a":{"b c":[1,2]}, "e":"x"})
      | mv-expand path = treepath(d) to typeof(string)
      | project path, found = extract_json(strcat("$", path), tostring(d), typeof(string))`;
    expect(await rows(query)).toEqual([
      ["['a']", '{"b c":[1,2]}'],
      ["['a']['b c']", "[1,2]"],
      ["['a']['b c'][0]", "1"],
      ["['e']", "x"],
    ]);
  });
});

const key = fc.string({ unit: "binary", maxLength: 6 });
const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant<Json>({ kind: "null" }),
    fc.boolean().map((v): Json => ({ kind: "bool", value: v })),
    fc
      .bigInt({ min: -(10n ** 40n), max: 10n ** 40n })
      .map((n): Json => ({ kind: "number", text: n.toString() })),
    fc.string({ unit: "grapheme" }).map((v): Json => ({ kind: "string", value: v })),
    fc.array(tie("value"), { maxLength: 4 }).map((items): Json => ({ kind: "array", items })),
    fc
      .uniqueArray(fc.tuple(key, tie("value")), { maxLength: 4, selector: ([k]) => k })
      .map((entries): Json => ({ kind: "object", entries })),
  ),
})).value;

describe("the text of a dynamic value", () => {
  it("reads back as the same value, its numbers to the last digit", () => {
    fc.assert(fc.property(json, (v) => void expect(parseJson(printJson(v))).toEqual(v)));
  });

  it("is the same canonical text whatever the order of a bag's entries", () => {
    fc.assert(
      fc.property(json, (v) => {
        const reversed = (x: Json): Json => {
          if (x.kind === "array") return { kind: "array", items: x.items.map(reversed) };
          if (x.kind !== "object") return x;
          return { kind: "object", entries: x.entries.map(([k, i]) => [k, reversed(i)] as const).reverse() };
        };
        expect(canonicalJson(reversed(v))).toBe(canonicalJson(v));
      }),
    );
  });
});
