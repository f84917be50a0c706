import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** A text of a file and what takes its place. */
export interface Edit {
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

/** A test: its file, and its name or what its file has of it where the name is made from data. */
export interface WatchingTest {
  readonly file: string;
  readonly name: string;
}

/** What keeps a promise, the edits that take it away, and the tests of which one must fail then. */
export interface Guard {
  readonly name: string;
  readonly promise: string;
  readonly edits: readonly Edit[];
  readonly tests: readonly WatchingTest[];
}

/** What is wrong with the data of a guard: texts that aren't there once, tests that aren't there. */
export async function problemsOf(guard: Guard, root: string): Promise<string[]> {
  const problems: string[] = [];
  const read = async (file: string): Promise<string> => {
    try {
      return await readFile(join(root, file), "utf8");
    } catch {
      problems.push(`${guard.name}: there is no file ${file}.`);
      return "";
    }
  };
  if (guard.edits.length === 0) problems.push(`${guard.name}: it takes nothing away.`);
  if (guard.tests.length === 0) problems.push(`${guard.name}: no test watches it.`);
  for (const edit of guard.edits) {
    const times = (await read(edit.file)).split(edit.find).length - 1;
    if (times !== 1)
      problems.push(`${guard.name}: its text is ${times} times in ${edit.file}, not once: ${edit.find}`);
    if (edit.find === edit.replace) problems.push(`${guard.name}: an edit of ${edit.file} changes nothing.`);
  }
  for (const test of guard.tests) {
    if (!(await read(test.file)).includes(test.name))
      problems.push(`${guard.name}: ${test.file} has no test "${test.name}".`);
  }
  return problems;
}

/** The file's text after a guard's edits of it. */
export function without(guard: Guard, file: string, text: string): string {
  return guard.edits
    .filter((edit) => edit.file === file)
    .reduce((changed, edit) => changed.split(edit.find).join(edit.replace), text);
}
