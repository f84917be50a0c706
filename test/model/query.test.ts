import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JUDGED_FUNCTIONS } from "../../model/query/functions.ts";
import { ROW_OPERATORS } from "../../model/query/operators.ts";
import { queryProblem, readQuery } from "../../model/query.ts";
import { builtInFunctions, madeOf, syntaxErrors } from "../kusto/parser.ts";

const ALLOWED = [
  "where State == 'TEXAS'",
  'where Text has_any ("a", "b") and Id !in (1, 2)',
  "filter Day between (datetime(2026-01-01) .. datetime(2026-02-01T00:00:00Z))",
  'extend Total = Id * 2, Bag = dynamic({"a":[1, {"b":null}]})',
  "extend Length = strlen(Text), Part = substring(Text, 0, 3)",
  "project Id, Text, Day",
  "project-away Notes, Tmp*",
  "project-keep Id, Text*",
  "project-rename Name = Text",
  "project-reorder Text, * asc",
  "parse Text with 'a=' A:long ',' *",
  "parse-where kind=regex Text with @'a=(\\d+)' A:long",
  "parse-kv Text as (a: long, b: string) with (pair_delimiter=';', kv_delimiter='=')",
  "mv-expand Item = Bag.items to typeof(long) limit 10",
  "as Narrowed",
];

/** Each with a word of the reason that a person is given. */
const REFUSED: readonly (readonly [pipe: string, reason: RegExp])[] = [
  ["summarize count() by State", /summarize makes one row of many.*window/],
  ["distinct State", /distinct makes one row of many/],
  ["count", /count makes one row of many/],
  ["make-series count() default=0 on Day step 1d", /make-series makes one row of many/],
  ["top 5 by Id", /top makes one row of many/],
  ["top-nested 2 of State by count()", /top-nested makes one row of many/],
  ["take 10", /take chooses among the rows/],
  ["limit 10", /limit chooses among the rows/],
  ["sample 10", /sample chooses among the rows/],
  ["sort by Id", /sort lets a row depend on the rows around it/],
  ["order by Id", /order lets a row depend/],
  ["serialize", /serialize lets a row depend/],
  ["extend Row = row_number()", /row_number\(\) lets a row depend/],
  ["extend Before = prev(Id)", /prev\(\) lets a row depend/],
  ["extend Sum = row_cumsum(Id)", /row_cumsum\(\) lets a row depend/],
  ["join (Other) on Id", /join reads other data/],
  ["join kind=inner (Other | summarize by Id) on Id", /join reads other data/],
  ["lookup Other on Id", /lookup reads other data/],
  ["union Other", /union reads other data/],
  ["where Id in (Other)", /single name may be read as another table/],
  ["where Id !in~ ((Other))", /single name may be read as another table/],
  ["where Text has_any (['Other'])", /single name may be read as another table/],
  ["where Id in (union Other, More)", /union reads other data/],
  ["where Id in ((Other | project Id))", /query in brackets/],
  ["where Id in ((Other | summarize by Id))", /summarize makes one row/],
  ["where Id == toscalar(Other | count)", /./],
  ["where Id == toscalar(Other)", /toscalar\(\) reads other data/],
  ["where Id in (table('Other'))", /table\(\) reads other data/],
  ["where Id in (cluster('c').database('d').T)", /cluster\(\) reads other data/],
  ["where Id in (externaldata(Id: long)['https://x'])", /externaldata\(\) reads other data/],
  ["where Id in (materialized_view('Other'))", /materialized_view\(\) reads other data/],
  ["invoke f()", /invoke runs what this query doesn't show/],
  ["evaluate bag_unpack(Bag)", /evaluate runs what this query doesn't show/],
  ["mv-apply x = Bag on (summarize count())", /mv-apply holds a query of its own/],
  ["partition by State (take 1)", /partition holds a query of its own/],
  ["scan with (step s: true => x = 1;)", /./],
  ["where Day > now(-1d)", /now\(\) gives another moment.*datetime\(/],
  ["where Day > ago(30d)", /ago\(\) gives another moment.*datetime\(/],
  ["where rand() < 0.1", /rand\(\) gives another value.*hash_xxhash64/],
  ["extend Key = new_guid()", /new_guid\(\) gives another value/],
  ["extend Who = current_principal()", /current_principal\(\) depends on who asks/],
  ["where cursor_after('1')", /cursor_after\(\) is what the copy itself/],
  ["extend E = extent_id()", /extent_id\(\) changes when extents are merged/],
  ["where extent_tags() has 'x'", /extent_tags\(\) changes when extents are merged/],
  ["extend H = hash(Text)", /hash\(\) may give other values/],
  ["extend X = my_function(Id)", /my_function\(\) is not known.*stored function/],
  ["extend X = ['my function'](Id)", /name in quotes can't be called/],
  ["extend N = sum(Id)", /sum\(\) is computed over many rows/],
  ["mvexpand Bag", /mvexpand is an old form.*mv-expand/],
  ["render timechart", /render doesn't answer/],
  ["frobnicate Id", /frobnicate is not an operator.*There are: where/],
  ["Where Id == 1", /Where is not an operator/],
  ['where Day > datetime(") | count // ")', /datetime\(…\) takes a plain value/],
  ["extend F = {1}", /Braces/],
  ["where Text has h'secret'", /obfuscated/],
  ["where Text == 'a\nb'", /isn't closed on its line/],
  ["where (Id == 1", /bracket isn't closed/],
  ["where Id == 1)", /brackets don't match/],
  ["where Id == 1; Other", /semicolon/],
  ["where Id\u00a0== 1", /U\+00A0/],
  ["where Id == 1 // x\r| count", /line end/],
  ["", /operator has to follow each pipe/],
];

const allowed = fc.constantFrom(...ALLOWED);
const refused = fc.constantFrom(...REFUSED.map(([pipe]) => pipe));
const words = fc.constantFrom(
  "summarize",
  "| take 1",
  "join",
  "now()",
  "x | count",
  "let x = 1;",
  "rand()",
  ")]}",
);

describe("the pipes of a copy", () => {
  it.each(ALLOWED)("may be: | %s", (pipe) => {
    expect(readQuery(`| ${pipe}`)).toEqual({ ok: true, pipes: ` | ${pipe}` });
    expect(syntaxErrors(`T | ${pipe}`)).toEqual([]);
  });

  it.each(REFUSED)("are refused with the reason: | %s", (pipe, reason) => {
    expect(queryProblem(`| ${pipe}`)).toMatch(reason);
  });

  it("begin with a pipe, and an empty text is none", () => {
    expect(queryProblem("where State == 'TEXAS'")).toMatch(/begins with a pipe/);
    expect(queryProblem("StormEvents | where State == 'TEXAS'")).toMatch(/begins with a pipe/);
    expect(queryProblem("let x = 1")).toMatch(/begins with a pipe/);
    expect(readQuery(" \r\n // nothing\n")).toEqual({ ok: true, pipes: "" });
  });

  it("are refused wherever in them what is refused stands", () => {
    fc.assert(
      fc.property(
        fc.array(allowed, { maxLength: 4 }),
        refused,
        fc.array(allowed, { maxLength: 4 }),
        (before, pipe, after) => {
          expect(
            queryProblem([...before, pipe, ...after].map((each) => `| ${each}`).join(" ")),
          ).toBeDefined();
        },
      ),
    );
  });

  it("are judged by nothing that stands in a string, a comment or a name in brackets", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(words, fc.nat({ max: 7 })), { minLength: 1, maxLength: 5 }), (pieces) => {
        const text = pieces
          .map(([word, form]) => `| where Text != ${hidden(word, form)} // ${word}\n`)
          .join("");
        expect(readQuery(text)).toMatchObject({ ok: true });
        expect(madeOf(`T ${text}`)).toEqual({ operators: pieces.map(() => "FilterOperator"), functions: [] });
      }),
    );
  });

  it("are judged the same whatever white space and comments stand between", () => {
    const gap = fc.constantFrom(
      " ",
      "\n",
      "\r\n",
      "\t",
      "  ",
      " // | summarize count()\n",
      "//'\r\n",
      '\n// "\n',
    );
    const any = fc.oneof(
      allowed,
      refused.filter((pipe) => !/[\n\r\u00a0]|\/\//.test(pipe)),
    );
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 4 }), fc.infiniteStream(gap), (pipes, gaps) => {
        const plain = pipes.map((pipe) => `| ${pipe}`).join(" ");
        const spaced = plain.replaceAll(/'[^']*'|"[^"]*"|\(\d[^)]*\)| /g, (piece) =>
          piece === " " ? String(gaps.next().value) : piece,
        );
        expect(readQuery(spaced)).toEqual(readQuery(plain));
      }),
    );
  });

  it("are sent without comments, and read the same when they are read again", () => {
    fc.assert(
      fc.property(fc.array(allowed, { maxLength: 5 }), (pipes) => {
        const reading = readQuery(pipes.map((pipe) => `|${pipe} // why\n`).join(""));
        expect(reading).toEqual({ ok: true, pipes: pipes.map((pipe) => ` | ${pipe}`).join("") });
        if (reading.ok) expect(readQuery(reading.pipes)).toEqual(reading);
      }),
    );
  });

  it("hold nothing else by Microsoft's reading either, whatever text is let through", () => {
    const kinds = new Set([
      "FilterOperator",
      "ExtendOperator",
      "ProjectOperator",
      "ProjectAwayOperator",
      "ProjectKeepOperator",
      "ProjectRenameOperator",
      "ProjectReorderOperator",
      "ParseOperator",
      "ParseWhereOperator",
      "ParseKvOperator",
      "MvExpandOperator",
      "AsOperator",
    ]);
    expect(kinds.size).toBe(ROW_OPERATORS.size - 1);
    const scrap = fc.constantFrom(
      ..."a 1 1d T 'b' ( ) [ ] == =~ !~ , . | and in in~ !in has_any union summarize not( toscalar( f( count()".split(
        " ",
      ),
      ...[
        "datetime(",
        "dynamic(",
        "real(",
        "'",
        '"',
        "@'",
        "h'",
        "```",
        "~~~",
        "\\",
        "//",
        "\n",
        "\r",
        "\r\n",
        "\u2028",
      ],
      ...[
        "| where a == ",
        "| extend x = ",
        "| take 1",
        "| project-away a",
        "(T | take 1)",
        "(U)",
        "{",
        "}",
        ";",
      ],
    );
    let read = 0;
    fc.assert(
      fc.property(
        fc.array(scrap, { minLength: 1, maxLength: 8 }),
        fc.constantFrom("", " "),
        (pieces, between) => {
          const text = `| where a == ${pieces.join(between)}`;
          const reading = readQuery(text);
          if (!reading.ok) return;
          for (const each of [text, reading.pipes]) {
            const whole = `T ${each}\n| project a`;
            if (syntaxErrors(whole).length > 0) continue;
            read++;
            const { operators, functions } = madeOf(whole);
            expect(operators.filter((kind) => !kinds.has(kind))).toEqual([]);
            // What follows the pipes stays outside of them.
            expect(operators.at(-1)).toBe("ProjectOperator");
            expect(functions.map((name) => queryProblem(`| where ${name}()`)).filter(Boolean)).toEqual([]);
          }
        },
      ),
      { numRuns: 3000 },
    );
    expect(read).toBeGreaterThan(100);
  });

  it("know each function of the language, to let it through or to say why not", () => {
    const own =
      /^__|^(?:all|any|arrays|inner_nodes|labels|map|node_|nulls_last|bin_auto|datetime_list_timezones|assert)/;
    const unknown = builtInFunctions().filter(
      (name) => !own.test(name) && !JUDGED_FUNCTIONS.has(name) && name !== "ingestion_time",
    );
    expect([...new Set(unknown)]).toEqual([]);
  });

  it("have the ingestion time as long as the rows are the table's", () => {
    expect(
      queryProblem("| extend A = 1 | where A == 1 and ingestion_time() < datetime(2026-01-01)"),
    ).toBeUndefined();
    expect(
      queryProblem("| project Id, At = ingestion_time() | where At > datetime(2026-01-01)"),
    ).toBeUndefined();
    for (const before of ["project Id", "mv-expand Bag", "project-away Id", "parse Text with A 'x' *"]) {
      expect(queryProblem(`| ${before} | where ingestion_time() < datetime(2026-01-01)`)).toMatch(
        /ingestion_time\(\) is known.*before every operator/,
      );
    }
  });

  it("repeat nothing of a text that isn't one", () => {
    const secret = "Data Source=https://c.kusto.windows.net;AppClientId=x;AppKey=SECRET";
    expect(queryProblem(secret)).not.toContain("SECRET");
    expect(queryProblem(`| where Text has h'SECRET'`)).not.toContain("SECRET");
    expect(queryProblem(`| ${"SECRET".repeat(100)}`)?.length).toBeLessThan(300);
  });
});

/** A word where it means nothing. */
function hidden(word: string, form: number): string {
  const forms = [
    `'${word}'`,
    `"${word}"`,
    `@'it''s ${word}'`,
    `@"a\\""${word}"`,
    `'\\'${word}\\\\'`,
    `\`\`\`\n${word} ' "\n\`\`\``,
    `~~~${word}\n~~~`,
    `['${word}']`,
  ];
  return forms[form] ?? "''";
}
