import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { copyProject } from "./guards/copy.ts";
import { guards } from "./guards/entries/index.ts";
import { type Guard, problemsOf } from "./guards/guard.ts";
import { type Tried, tryUntouched, tryWithout } from "./guards/tryout.ts";

const usage = `Takes each guard of the product away, one at a time, and sees a test fail for it.

  npm run test:guards -- [options]

  --only NAME   this guard alone; may be given again
  --list        shows the guards and the tests that watch them, and runs nothing
  --json        prints what came of each as JSON
  --help

It works on a copy of the project in a temporary folder. The tests run untouched once; then each guard is taken away, the
copy built, and its tests run until one fails by what it expects. The exit code is 1 where no test noticed a removal.
`;

const root = resolve(import.meta.dirname, "..");
const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    list: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
// A reader that goes away, as `| head` does, is no failure.
process.stdout.on("error", () => process.exit());
const say = (text: string): void => void process.stdout.write(`${text}\n`);
/** Where JSON goes to the output, what is under way doesn't. */
const tell = (text: string): void => void (values.json ? process.stderr : process.stdout).write(`${text}\n`);

function chosen(): Guard[] {
  const unknown = values.only.filter((name) => !guards.some((guard) => guard.name === name));
  if (unknown.length > 0)
    throw new Error(`There is no guard ${unknown.join(", ")}. \`--list\` shows those there are.`);
  return values.only.length === 0 ? [...guards] : guards.filter((guard) => values.only.includes(guard.name));
}

function list(some: readonly Guard[]): void {
  if (values.json) say(JSON.stringify(some, undefined, 2));
  for (const guard of values.json ? [] : some) {
    say(`${guard.name}: ${guard.promise}`);
    for (const file of new Set(guard.edits.map((edit) => edit.file))) say(`  in ${file}`);
    for (const test of guard.tests) say(`  watched by ${test.file} > ${test.name}`);
  }
}

function row(tried: Tried, width: number): string {
  const what = tried.end === "caught" ? (tried.test ?? "") : `${tried.end.toUpperCase()} ${tried.message}`;
  const seconds = `${tried.seconds.toFixed(1)} s`.padStart(8);
  return `${tried.guard.padEnd(width)}  ${seconds}  ${tried.files.join(", ")}\n${" ".repeat(width + 12)}${what}`;
}

async function tryAll(some: readonly Guard[]): Promise<boolean> {
  const problems = (await Promise.all(some.map((guard) => problemsOf(guard, root)))).flat();
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const copy = await copyProject(root);
  const leave = (): void => void copy.remove().then(() => process.exit(130));
  process.once("SIGINT", leave);
  process.once("SIGTERM", leave);
  try {
    const began = Date.now();
    const wrong = await tryUntouched(copy, some);
    if (wrong.length > 0)
      throw new Error(`With nothing taken away the tests don't pass:\n${wrong.join("\n")}`);
    tell(`untouched: all pass (${Math.round((Date.now() - began) / 1000)} s)`);
    const width = Math.max(...some.map((guard) => guard.name.length));
    const all: Tried[] = [];
    for (const guard of some) {
      const tried = await tryWithout(copy, guard);
      all.push(tried);
      tell(row(tried, width));
    }
    if (values.json) say(JSON.stringify(all, undefined, 2));
    const named = (end: Tried["end"]) => all.filter((tried) => tried.end === end).map((tried) => tried.guard);
    const [unnoticed, broken] = [named("unnoticed"), named("broken")];
    if (unnoticed.length > 0) tell(`No test noticed the removal of: ${unnoticed.join(", ")}.`);
    if (broken.length > 0) tell(`Broke otherwise than by what a test expects: ${broken.join(", ")}.`);
    tell(`${named("caught").length} of ${all.length} removals noticed.`);
    return unnoticed.length + broken.length === 0;
  } finally {
    process.off("SIGINT", leave);
    process.off("SIGTERM", leave);
    await copy.remove();
  }
}

if (values.help) say(usage);
else {
  try {
    if (values.list) list(chosen());
    else if (!(await tryAll(chosen()))) process.exitCode = 1;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
