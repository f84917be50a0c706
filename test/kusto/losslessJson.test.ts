import fc from "fast-check";
import { expect, it } from "vitest";
import { jsonText, parseJson, plainValue } from "../../kusto/losslessJson.ts";

it("reads whatever JSON writes", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      expect(plainValue(parseJson(text))).toEqual(JSON.parse(text));
    }),
  );
});

it("keeps numbers as they were written", () => {
  const text = '{"a":[9223372036854775807,-0.10,1e400],"b":1.0}';
  expect(jsonText(parseJson(text))).toBe(text);
});

it("reads a string of megabytes and a key that means something to JavaScript", () => {
  const long = '\\"x'.repeat(1_000_000);
  expect(jsonText(parseJson(`"${long}"`))).toHaveLength(long.length + 2);
  expect(jsonText(parseJson('{"__proto__":1}'))).toBe('{"__proto__":1}');
});

it.each(["", "[1,]", "{", '{"a" 1}', "nul", "01", '"abc', "[1] 2", "{a:1}", "1.", "-"])(
  "%j is refused",
  (text) => {
    expect(() => parseJson(text)).toThrow(/JSON/);
  },
);
