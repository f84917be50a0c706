import { describe, expect, it } from "vitest";
import { answer, rows } from "./harness.ts";

const TABLES = `
  let L = datatable(key: string, v: long) ['a', 1, 'b', 2, 'b', 3, 'c', 4];
  let R = datatable(key: string, w: long, v: long) ['b', 10, 11, 'c', 20, 21, 'c', 30, 31, 'd', 40, 41];`;

describe("join (join-operator.md)", () => {
  it.each([
    [
      "inner",
      [
        ["b", "2", "b", "10", "11"],
        ["b", "3", "b", "10", "11"],
        ["c", "4", "c", "20", "21"],
        ["c", "4", "c", "30", "31"],
      ],
    ],
    [
      "leftouter",
      [
        ["a", "1", "", "null", "null"],
        ["b", "2", "b", "10", "11"],
        ["b", "3", "b", "10", "11"],
        ["c", "4", "c", "20", "21"],
        ["c", "4", "c", "30", "31"],
      ],
    ],
    [
      "rightouter",
      [
        ["", "null", "d", "40", "41"],
        ["b", "2", "b", "10", "11"],
        ["b", "3", "b", "10", "11"],
        ["c", "4", "c", "20", "21"],
        ["c", "4", "c", "30", "31"],
      ],
    ],
    [
      "leftsemi",
      [
        ["b", "2"],
        ["b", "3"],
        ["c", "4"],
      ],
    ],
    ["leftanti", [["a", "1"]]],
    [
      "rightsemi",
      [
        ["b", "10", "11"],
        ["c", "20", "21"],
        ["c", "30", "31"],
      ],
    ],
    ["rightanti", [["d", "40", "41"]]],
  ])("of kind %s", async (kind, expected) => {
    const columns =
      kind.startsWith("right") && kind !== "rightouter"
        ? "key asc, w asc"
        : kind.includes("semi") || kind.includes("anti")
          ? "key asc, v asc"
          : "key asc, v asc, w asc";
    expect(await rows(`${TABLES} L | join kind=${kind} R on key | sort by ${columns}`)).toEqual(expected);
  });

  it("is innerunique by default: one row of the left side for each key", async () => {
    expect(await rows(`${TABLES} L | join R on key | summarize count() by key | sort by key asc`)).toEqual([
      ["b", "1"],
      ["c", "2"],
    ]);
  });

  it("keeps both sides of a fullouter join", async () => {
    expect(
      await rows(
        `${TABLES} L | join kind=fullouter R on key | summarize count(), countif(key == ''), countif(key1 == '')`,
      ),
    ).toEqual([["6", "1", "1"]]);
  });

  it("appends 1 to names that both sides have", async () => {
    expect((await answer(`${TABLES} L | join kind=inner R on key`)).names).toEqual([
      "key",
      "v",
      "key1",
      "w",
      "v1",
    ]);
    expect(
      (await answer(`${TABLES} L | join kind=inner (R | project key, v, v1 = w) on $left.key == $right.key`))
        .names,
    ).toEqual(["key", "v", "key1", "v2", "v1"]);
  });

  it("joins on columns of unlike names and on several", async () => {
    expect(
      await rows(
        `${TABLES} L | join kind=inner (R | project k = key, n = w / 5) on $left.key == $right.k, $left.v == $right.n | project key, v`,
      ),
    ).toEqual(
      [
        ["b", "2"],
        ["c", "4"],
      ].slice(0, 2),
    );
  });

  it("looks up columns of a dimension without its keys (lookup-operator.md)", async () => {
    expect(
      await answer(
        `${TABLES} L | lookup (R | project key, w) on key | where key in ('a', 'b') | sort by v asc`,
      ),
    ).toMatchObject({
      names: ["key", "v", "w"],
      rows: [
        ["a", "1", "null"],
        ["b", "2", "10"],
        ["b", "3", "10"],
      ],
    });
  });

  it("joins a table with itself", async () => {
    expect(await rows(`${TABLES} L | join kind=inner L on key | count`)).toEqual([["6"]]);
  });
});
