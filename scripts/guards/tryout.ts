import type { ProjectCopy } from "./copy.ts";
import type { Guard } from "./guard.ts";
import type { Ran } from "./outcome.ts";

/** What became of a guard's removal. */
export interface Tried {
  readonly guard: string;
  readonly promise: string;
  readonly files: readonly string[];
  /** `caught`: a test failed by what it expects. `unnoticed`: all passed. `broken`: something failed otherwise. */
  readonly end: "caught" | "unnoticed" | "broken";
  /** The test that failed. */
  readonly test: string | null;
  /** The first line of how it failed, or what broke. */
  readonly message: string;
  readonly seconds: number;
}

/** Runs all tests of the guards with nothing taken away; answers why they can't show anything, if so. */
export async function tryUntouched(copy: ProjectCopy, guards: readonly Guard[]): Promise<string[]> {
  const ran = await copy.test(
    guards.flatMap((guard) => guard.tests),
    { untilOneFails: false },
  );
  return [
    ...ran.broken,
    ...ran.failed.map(({ name, message }) => `${name}: ${message}`),
    ...guards.flatMap((guard) =>
      guard.tests
        .filter(({ name }) => !ran.passed.some((each) => each.includes(name)))
        .map(({ file, name }) => `${guard.name}: no test of ${file} ran that is named "${name}".`),
    ),
  ];
}

/** Takes a guard away, runs its tests until one fails, and puts it back. */
export async function tryWithout(copy: ProjectCopy, guard: Guard): Promise<Tried> {
  const began = Date.now();
  let ran: Ran;
  try {
    await copy.takeAway(guard);
    ran = await copy.test(guard.tests, { untilOneFails: true });
  } finally {
    await copy.putBack();
  }
  return {
    guard: guard.name,
    promise: guard.promise,
    files: [...new Set(guard.edits.map((edit) => edit.file))],
    ...endOf(ran),
    seconds: Math.round((Date.now() - began) / 100) / 10,
  };
}

function endOf(ran: Ran): Pick<Tried, "end" | "test" | "message"> {
  const seen = ran.failed.find((test) => test.expected);
  if (seen) return { end: "caught", test: seen.name, message: seen.message };
  const [other] = ran.failed;
  if (other) return { end: "broken", test: other.name, message: other.message };
  const [broken] = ran.broken;
  if (broken !== undefined || ran.passed.length === 0)
    return { end: "broken", test: null, message: broken ?? "No test ran." };
  return { end: "unnoticed", test: null, message: `${ran.passed.length} passed without it.` };
}
