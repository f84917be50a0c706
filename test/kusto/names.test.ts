import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  columnList,
  datetimeLiteral,
  guidList,
  guidLiteral,
  kustoType,
  longLiteral,
  nameList,
  obfuscated,
  quoteName,
  quoteString,
} from "../../kusto/names.ts";
import { literals, resultColumns, syntaxErrors } from "./parser.ts";

const anyText = fc.string({ unit: "binary", maxLength: 60 }).filter((text) => !/\p{Surrogate}/u.test(text));
const nasty = fc.string({
  unit: fc.constantFrom(...Array.from("'\"\\][{}()|;<>=\n\r\t\u0000 .,/*@h`abc-")),
  maxLength: 24,
});
const text = fc.oneof(anyText, nasty);
const name = text.filter((value) => value.length > 0);

const odd = [
  "where",
  "1day",
  "a b",
  "a.b",
  "a-b",
  "a']; .drop table X //",
  'a"]',
  "back\\slash\\",
  "Größe 表 😀",
  "['x']",
  "line\nbreak\r\ttab",
  "\u2028\u0000\u0085\ufeff",
];

describe("names in a command", () => {
  it.each(odd)("%j is read back by the parser as itself", (value) => {
    expect(resultColumns(`print ${quoteName(value)} = 1`)).toEqual([[value, "long"]]);
    expect(
      literals(`.create-merge table ${quoteName(value)} (${columnList([{ name: value, type: "long" }])})`),
    ).toEqual([value, value]);
  });

  it("no name can say anything but itself", () => {
    fc.assert(
      fc.property(name, (value) => {
        const query = `union ${quoteName(value)}, ${quoteName("B")}`;
        expect(syntaxErrors(query)).toEqual([]);
        expect(literals(query)).toEqual([value, "B"]);
      }),
      { numRuns: 300 },
    );
  });

  it("not in a command either, whose grammar is another and slower to parse", () => {
    fc.assert(
      fc.property(name, (value) => {
        const command = `.drop tables ${nameList([value, "B"])} ifexists`;
        expect(syntaxErrors(command)).toEqual([]);
        expect(literals(command)).toEqual([value, "B"]);
      }),
      { numRuns: 10 },
    );
  });

  it("an empty name, one of more than 1024 characters and half a surrogate pair are refused", () => {
    expect(() => quoteName("")).toThrow(/empty/);
    expect(() => quoteName("x".repeat(1025))).toThrow(/1024/);
    expect(() => quoteName("a\ud83d")).toThrow(/surrogate/);
    expect(() => nameList([])).toThrow(/empty/);
  });
});

describe("values in a command", () => {
  it.each(odd)("the string %j is read back by the parser as itself", (value) => {
    expect(literals(`print x = ${quoteString(value)}`)).toEqual([value]);
  });

  it("no string can say anything but itself, obfuscated or not", () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        const query = `print a = ${quoteString(one)}, b = ${obfuscated(other)}`;
        expect(syntaxErrors(query)).toEqual([]);
        expect(literals(query)).toEqual([one, other]);
      }),
      { numRuns: 300 },
    );
  });

  it("a literal that may carry a secret is marked for obfuscation", () => {
    expect(obfuscated("https://a;key")).toBe("h'https://a;key'");
  });

  it("a literal never spans lines", () => {
    fc.assert(fc.property(text, (value) => !/[\n\r\u2028\u2029\u0085]/.test(quoteString(value))));
  });

  it("datetimes keep the tick, guids and numbers are nothing else", () => {
    expect(datetimeLiteral(0n)).toBe("datetime(0001-01-01T00:00:00.0000000Z)");
    expect(datetimeLiteral(639_028_224_001_234_567n)).toMatch(/\.1234567Z\)$/);
    expect(guidLiteral("AE6CD250-BE62-4978-90F2-5CB7A10D16D7")).toBe(
      "guid(ae6cd250-be62-4978-90f2-5cb7a10d16d7)",
    );
    expect(() => guidLiteral("x) | take 1")).toThrow(/not a guid/);
    expect(() => guidList([])).toThrow(/empty/);
    expect(() => longLiteral(1.5)).toThrow(/whole/);
    expect(() => kustoType("long); .drop")).toThrow(/not a Kusto type/);
  });
});
