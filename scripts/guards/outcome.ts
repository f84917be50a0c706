import { z } from "zod";

/** A test that failed, and whether it failed as a test does: by what it expected, not by what broke under it. */
export interface FailedTest {
  readonly name: string;
  readonly expected: boolean;
  readonly message: string;
}

export interface Ran {
  readonly passed: readonly string[];
  readonly failed: readonly FailedTest[];
  /** Why a whole file could not be run. */
  readonly broken: readonly string[];
}

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      message: z.string(),
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()) }),
      ),
    }),
  ),
});

/** Reads vitest's JSON report. `folder` is where it ran. */
export function readReport(text: string, folder: string): Ran {
  const files = reportSchema.parse(JSON.parse(text)).testResults;
  const tests = files.flatMap((file) => file.assertionResults);
  return {
    passed: tests.filter((test) => test.status === "passed").map((test) => test.fullName),
    failed: tests
      .filter((test) => test.status === "failed")
      .map(({ fullName, failureMessages: [first = ""] }) => ({
        name: fullName,
        expected: isExpectation(first, folder),
        message: first.split("\n")[0] ?? "",
      })),
    broken: files.filter((file) => file.message !== "").map((file) => `${file.name}: ${file.message}`),
  };
}

/**
 * Whether a failure is of an expectation: an assertion, a property's counterexample, or an error that the test's own code
 * throws. What the product throws, a time limit, or code that can't run shows no loss: it only shows that something broke.
 */
export function isExpectation(message: string, folder: string): boolean {
  if (/^AssertionError\b/.test(message) || message.startsWith("Error: Property failed after")) return true;
  if (!/^Error: /.test(message) || /^Error: (Test|Hook) timed out/.test(message)) return false;
  const thrower = message.split("\n").find((line) => /^\s+at /.test(line) && line.includes(folder));
  return thrower?.includes(`${folder}/test/`) === true;
}
