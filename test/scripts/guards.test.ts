import { join } from "node:path";
import { expect, it } from "vitest";
import { guards } from "../../scripts/guards/entries/index.ts";
import { problemsOf, without } from "../../scripts/guards/guard.ts";
import { isExpectation, readReport } from "../../scripts/guards/outcome.ts";

const root = join(import.meta.dirname, "..", "..");

it.each(guards.map((guard) => [guard.name, guard] as const))(
  "the guard %s can be taken away: each text is in its file once, and each test is there",
  async (_, guard) => {
    expect(await problemsOf(guard, root)).toEqual([]);
  },
);

it("no two guards have one name", () => {
  const names = guards.map((guard) => guard.name);
  expect(names).toEqual([...new Set(names)]);
});

it("a guard whose text or test isn't there is told by file and name", async () => {
  const guard = {
    name: "none",
    promise: "",
    edits: [
      { file: "package.json", find: "no such text", replace: "" },
      { file: "no/such.ts", find: "x", replace: "" },
    ],
    tests: [{ file: "test/docs.test.ts", name: "no such test" }],
  };
  const told = (await problemsOf(guard, root)).join("\n");
  expect(told).toMatch(/0 times in package\.json/);
  expect(told).toMatch(/no file no\/such\.ts/);
  expect(told).toMatch(/has no test "no such test"/);
});

it("the text that takes a guard's place is taken as it is", () => {
  const edits = [
    { file: "a.ts", find: "is(x)", replace: "$& $1" },
    { file: "b.ts", find: "y", replace: "" },
  ];
  expect(without({ name: "", promise: "", edits, tests: [] }, "a.ts", "if (is(x)) y")).toBe("if ($& $1) y");
});

it.each([
  [true, "AssertionError: expected 2 to be 1\n    at /tmp/g/test/a.test.ts:1:1"],
  [true, "Error: Property failed after 3 tests\n{ seed: 1 }\n    at /tmp/g/node_modules/fast-check/x.js:1:1"],
  [true, "Error: It was not refused\n    at refusal (/tmp/g/test/lake/log.test.ts:1:1)"],
  [false, "Error: It broke\n    at write (/tmp/g/lake/log.ts:1:1)\n    at /tmp/g/test/lake/log.test.ts:1:1"],
  [false, "Error: Test timed out in 5000ms.\n    at /tmp/g/test/a.test.ts:1:1"],
  [false, "TypeError: x is not a function\n    at /tmp/g/test/a.test.ts:1:1"],
  [false, "SyntaxError: Unexpected token\n    at /tmp/g/test/a.test.ts:1:1"],
])("that a failure is of an expectation is %s: %s", (is, message) => {
  expect(isExpectation(message, "/tmp/g")).toBe(is);
});

it("a file that can't be run at all is no test that failed", () => {
  const file = { name: "a.test.ts", message: "Failed to load", assertionResults: [] };
  const ran = readReport(JSON.stringify({ testResults: [file] }), "/tmp/g");
  expect(ran).toEqual({ passed: [], failed: [], broken: ["a.test.ts: Failed to load"] });
});
