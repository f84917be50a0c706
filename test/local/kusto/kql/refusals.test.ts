import { describe, expect, it } from "vitest";
import { catalogOf, EMPTY, relation, rows } from "./harness.ts";

const catalog = catalogOf([relation("T", "(SELECT 1::BIGINT AS a)", [["a", "long"]])]);

describe("what Kusto refuses is refused", () => {
  it.each([
    ["T | where", "Syntax error"],
    ["T | frobnicate a", "Syntax error"],
    ["Missing | count", "Semantic error"],
    ["T | where nothere == 1", "Semantic error"],
    ["T | where a == 'text'", "Semantic error"],
    ["T | extend x = no_such_function(a)", "Semantic error"],
    ["T | join (T) on b", "Semantic error"],
    ["T | summarize by dynamic([1])", "Semantic error"],
    ["T | sort by pack_array(a)", "Semantic error"],
    ["print 'a' < 'b'", "Semantic error"],
    ["print dynamic([1]) == dynamic([1])", "Semantic error"],
    ["print datetime(2024-02-30)", "Syntax error"],
    ["declare query_parameters(n: long); print n", "Semantic error"],
    ["1 + 1", "Semantic error"],
    ["print format_datetime(now(), 'yyyy qq')", "Semantic error"],
  ])("%s: %s", async (query, message) => {
    const failure: unknown = await rows(query, catalog).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "KustoError", status: 400, permanent: true });
    expect(String(failure)).toContain(message);
  });

  it.each([
    "T | evaluate bag_unpack(a)",
    "T | make-series count() on a step 1",
    "print hash_combine(1, 2)",
    "search 'x'",
    "print series_sum(dynamic([1]))",
    "print 1; print 2",
    "cluster('elsewhere').database('x').T",
  ])("says plainly that it does not know: %s", async (query) => {
    await expect(rows(query, catalog)).rejects.toMatchObject({ name: "KustoError" });
  });

  it.each([
    ["T | facet by a", "facet"],
    ["T | fork (count) (take 1)", "fork"],
    ["T | consume", "consume"],
    ["T | make-graph a --> a", "make-graph"],
    ["T | top-nested 1 of a by count()", "top-nested"],
    ["find 'x'", "find"],
  ])("names the operator that it does not know: %s", async (query, name) => {
    await expect(rows(query, catalog)).rejects.toMatchObject({
      message: `The operator '${name}' is not supported by the local Kusto.`,
    });
  });

  it("never hands an empty query to the database", async () => {
    await expect(rows("", EMPTY)).rejects.toMatchObject({ name: "KustoError" });
    await expect(rows("let x = 1;", EMPTY)).rejects.toMatchObject({ name: "KustoError" });
  });
});
