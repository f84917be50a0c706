import { describe, expect, it } from "vitest";
import { answer, rows } from "./harness.ts";

const FRUIT =
  "let T = datatable(name: string, n: long, r: real) ['pear', 2, 0.5, 'fig', 7, real(null), 'plum', long(null), 1.5, 'date', 2, real(nan)];";

describe("operators", () => {
  it("extend replaces a column by appending it (extend-operator.md)", async () => {
    expect(await answer(`${FRUIT} T | where n == 7 | extend name = toupper(name), m = n * 2`)).toMatchObject({
      names: ["n", "r", "name", "m"],
      rows: [["7", "null", "FIG", "14"]],
    });
  });

  it("sorts descending with nulls last unless told otherwise (sort-operator.md)", async () => {
    expect(await rows(`${FRUIT} T | sort by n, name asc | project name`)).toEqual([
      ["fig"],
      ["date"],
      ["pear"],
      ["plum"],
    ]);
    expect(await rows(`${FRUIT} T | sort by n asc, name asc | project name`)).toEqual([
      ["plum"],
      ["date"],
      ["pear"],
      ["fig"],
    ]);
    expect(await rows(`${FRUIT} T | sort by n asc nulls last, name desc | project name`)).toEqual([
      ["pear"],
      ["date"],
      ["fig"],
      ["plum"],
    ]);
  });

  it("sorts NaN between null and the numbers (sort-operator.md)", async () => {
    const query = (order: string) =>
      `datatable(x: real) [5, real(nan), real(-inf), real(null), 0, real(+inf), -5] | sort by x ${order}`;
    const flat = async (order: string) => (await rows(query(order))).map(([x]) => x);
    expect(await flat("asc nulls first")).toEqual([
      "null",
      "NaN",
      "-Infinity",
      "-5.0",
      "0.0",
      "5.0",
      "Infinity",
    ]);
    expect(await flat("asc nulls last")).toEqual([
      "-Infinity",
      "-5.0",
      "0.0",
      "5.0",
      "Infinity",
      "NaN",
      "null",
    ]);
    expect(await flat("desc nulls first")).toEqual([
      "null",
      "NaN",
      "Infinity",
      "5.0",
      "0.0",
      "-5.0",
      "-Infinity",
    ]);
    expect(await flat("desc")).toEqual(["Infinity", "5.0", "0.0", "-5.0", "-Infinity", "NaN", "null"]);
  });

  it("keeps the order through what follows, also when its key is gone", async () => {
    expect(
      await rows(
        `${FRUIT} T | sort by n desc, name asc | extend x = 1 | project name | where name != 'fig' | take 2`,
      ),
    ).toEqual([["date"], ["pear"]]);
    expect(await rows(`${FRUIT} T | top 1 by n | project name`)).toEqual([["fig"]]);
  });

  it("sorts decimals by value", async () => {
    expect(
      await rows("datatable(d: decimal) [decimal(10), decimal(-3), decimal(9.5)] | sort by d asc"),
    ).toEqual([["-3"], ["9.5"], ["10"]]);
  });

  it.each([
    ["project-away na*", ["n", "r"]],
    ["project-keep r, name", ["name", "r"]],
    ["project-rename fruit = name", ["fruit", "n", "r"]],
    ["project-reorder r, *", ["r", "name", "n"]],
    ["project n, name, strlen(name), n + 1", ["n", "name", "strlen_name", "Column1"]],
    [
      "summarize count(), sum(n), percentiles(n, 5, 95), arg_max(n, *) by bin(r, 1)",
      ["r", "count_", "sum_n", "percentile_n_5", "percentile_n_95", "n", "name", "r1"],
    ],
    ["distinct *", ["name", "n", "r"]],
    ["count", ["Count"]],
    ["getschema", ["ColumnName", "ColumnOrdinal", "DataType", "ColumnType"]],
  ])("%s has the columns %j", async (operator, names) => {
    expect((await answer(`${FRUIT} T | ${operator}`)).names).toEqual(names);
  });

  it("numbers rows and looks at their neighbours in order", async () => {
    expect(
      await rows(
        `${FRUIT} T | where isnotnull(n) | sort by n asc, name asc | extend i = row_number(), before = prev(name), after = next(n, 1, -1), total = row_cumsum(n) | project i, before, after, total`,
      ),
    ).toEqual([
      ["1", "", "2", "2"],
      ["2", "date", "7", "4"],
      ["3", "pear", "-1", "11"],
    ]);
  });

  it("ranges over numbers, moments and spans", async () => {
    expect(await rows("range x from 1 to 8 step 3")).toEqual([["1"], ["4"], ["7"]]);
    expect(await rows("range x from 3 to 1 step -1")).toEqual([["3"], ["2"], ["1"]]);
    expect(await rows("range d from datetime(2024-01-01) to datetime(2024-01-02) step 12h | count")).toEqual([
      ["3"],
    ]);
    expect(await rows("range x from 0.0 to 0.5 step 0.25 | count")).toEqual([["3"]]);
  });

  it("unions tables of unlike columns (union-operator.md)", async () => {
    expect(
      await answer(
        "let A = view() { print x = 1 }; let B = view() { print x = 'b', y = 2 }; union withsource=Table A, B | sort by Table asc",
      ),
    ).toMatchObject({
      names: ["Table", "x_long", "x_string", "y"],
      rows: [
        ["A", "1", "", "null"],
        ["B", "null", "b", "2"],
      ],
    });
    expect((await answer("union kind=inner (print x = 1, y = 2), (print x = 3)")).names).toEqual(["x"]);
  });

  it("uses a materialised or named result again", async () => {
    expect(
      await rows(
        "let m = materialize(range x from 1 to 3 step 1 | extend r = rand()); m | join kind=inner m on x, r | count",
      ),
    ).toEqual([["3"]]);
    expect(await rows("range x from 1 to 3 step 1 | as A | where x > 1 | union A | count")).toEqual([["5"]]);
    expect(
      await rows(
        "let big = toscalar(range x from 1 to 3 step 1 | summarize max(x)); range x from 1 to 5 step 1 | where x > big or x in ((range y from 1 to 1 step 1))",
      ),
    ).toEqual([["1"], ["4"], ["5"]]);
  });

  it("parses text by a pattern (parse-operator.md)", async () => {
    const text =
      "let T = datatable(s: string) ['Event: (name=A, total=27, at=02/17/2016 08:40:00)', 'Event: (name=B, total=x, at=02/17/2016 08:40:00)'];";
    expect(
      await rows(
        `${text} T | parse s with * 'name=' name ', total=' total: long ', at=' at: datetime ')' * | project name, total, at`,
      ),
    ).toEqual([
      ["A", "27", "2016-02-17T08:40:00.0000000Z"],
      ["", "null", "null"],
    ]);
    expect(
      await rows(
        `${text} T | parse kind=relaxed s with * 'name=' name ', total=' total: long ',' * | project name, total`,
      ),
    ).toEqual([
      ["A", "27"],
      ["B", "null"],
    ]);
    expect(
      await rows(`${text} T | parse-where s with * 'name=' name ', total=' total: long ',' * | project name`),
    ).toEqual([["A"]]);
  });
});

describe("expansion of dynamic values (mv-expand-operator.md, mv-apply-operator.md)", () => {
  it("makes rows of arrays and bags, none of an empty one, one of null", async () => {
    const T =
      "datatable(a: int, b: dynamic) [1, dynamic([10, 20]), 2, dynamic({'p':'x','q':2}), 3, dynamic([]), 4, dynamic(null)]";
    expect(await rows(`${T} | mv-expand b`)).toEqual([
      ["1", "10"],
      ["1", "20"],
      ["2", '{"p":"x"}'],
      ["2", '{"q":2}'],
      ["4", "null"],
    ]);
    expect(await rows(`${T} | where a == 2 | mv-expand kind=array b | project k = b[0], v = b[1]`)).toEqual([
      ['"p"', '"x"'],
      ['"q"', "2"],
    ]);
    expect(
      await rows(`${T} | where a == 1 | mv-expand with_itemindex=i b to typeof(long) | project b + 1, i`),
    ).toEqual([
      ["11", "0"],
      ["21", "1"],
    ]);
    expect(await rows(`${T} | where a == 1 | mv-expand b limit 1 | count`)).toEqual([["1"]]);
  });

  it("expands several columns side by side", async () => {
    expect(
      await rows("print b = dynamic({'p':'a','q':'b'}), c = dynamic([5, 4, 3]) | mv-expand b, c"),
    ).toEqual([
      ['{"p":"a"}', "5"],
      ['{"q":"b"}', "4"],
      ["null", "3"],
    ]);
  });

  it("casts elements and doesn't convert them", async () => {
    expect(await rows("print b = dynamic([1, '2', 3.9, null]) | mv-expand b to typeof(long)")).toEqual([
      ["1"],
      ["null"],
      ["3"],
      ["null"],
    ]);
  });

  it("applies a subquery to the elements of each row", async () => {
    const T = "datatable(i: int, a: dynamic) [0, dynamic([5, 1, 3]), 1, dynamic([4, 10, 8, 7])]";
    expect(
      await rows(
        `${T} | mv-apply e = a to typeof(long) on (top 2 by e | summarize Top2 = make_list(e)) | project i, Top2 | sort by i asc`,
      ),
    ).toEqual([
      ["0", "[5,3]"],
      ["1", "[10,8]"],
    ]);
    expect(
      await rows(
        `${T} | mv-apply with_itemindex=at v = a to typeof(long) on (where at >= 2) | project i, v, at | sort by i asc, at asc`,
      ),
    ).toEqual([
      ["0", "3", "2"],
      ["1", "8", "2"],
      ["1", "7", "3"],
    ]);
    expect(
      await rows(
        `${T} | mv-apply e = a to typeof(long) on (summarize s = sum(e), n = count()) | project s, n | sort by s asc`,
      ),
    ).toEqual([
      ["9", "3"],
      ["29", "4"],
    ]);
  });
});

describe("aggregations", () => {
  const T =
    "let T = datatable(k: string, v: long, s: string) ['a', 1, 'x', 'a', 5, 'y', 'b', long(null), 'z', 'b', 3, 'z'];";

  it.each([
    ["count()", "4"],
    ["countif(v > 1)", "2"],
    ["sum(v)", "9"],
    ["sumif(v, v > 1)", "8"],
    ["avg(v)", "3.0"],
    ["min(v)", "1"],
    ["max(s)", "z"],
    ["maxif(v, k == 'a')", "5"],
    ["dcount(s)", "3"],
    ["dcountif(s, k == 'b')", "1"],
    ["make_list(v)", "[1,5,3]"],
    ["make_list(v, 2)", "[1,5]"],
    ["make_list_with_nulls(v)", "[1,5,null,3]"],
    ["make_bag(bag_pack(s, v))", '{"x":1,"y":5,"z":null}'],
    ["percentile(v, 50)", "3"],
    ["stdev(v)", "2.0"],
    ["variance(v)", "4.0"],
    ["binary_all_or(v)", "7"],
    ["max(v) - min(v)", "4"],
    ["1 + count()", "5"],
    ["take_any(k) in ('a', 'b')", "true"],
    ["sum(1.0 / 0)", "Infinity"],
    ["array_sort_asc(make_set(s))", '["x","y","z"]'],
  ])("%s is %s", async (aggregation, expected) => {
    expect(await rows(`${T} T | summarize x = ${aggregation}`)).toEqual([[expected]]);
  });

  it("arg_max and arg_min answer values of one row and pass over nulls", async () => {
    expect(await rows(`${T} T | summarize arg_max(v, s) by k | sort by k asc`)).toEqual([
      ["a", "5", "y"],
      ["b", "3", "z"],
    ]);
    expect(await rows(`${T} T | summarize (low, at) = arg_min(v, s)`)).toEqual([["1", "x"]]);
    expect(await rows(`${T} T | where isnull(v) | summarize arg_max(v, s)`)).toEqual([["null", "z"]]);
  });

  it("a sum wraps as 64-bit numbers do", async () => {
    expect(await rows("datatable(v: long) [9223372036854775807, 1] | summarize sum(v)")).toEqual([
      ["-9223372036854775808"],
    ]);
  });

  it("adds decimals exactly", async () => {
    expect(
      await rows(
        "datatable(d: decimal) [decimal(0.1), decimal(0.2), decimal(1e-30)] | summarize sum(d), max(d), avg(d)",
      ),
    ).toEqual([["0.300000000000000000000000000001", "0.2", "0.1000000000000000000000000000003333"]]);
  });
});
