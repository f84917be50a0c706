import { rm, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { historyText } from "../test/orchestrators/recording/format.ts";
import { historyFile, trials } from "../test/orchestrators/recording/index.ts";
import { recordHistory } from "../test/orchestrators/recording/record.ts";

const usage = `Records the histories of the orchestrators anew, from runs over activities that copy nothing.

  npm run histories -- [options]

  --only NAME   this one alone; may be given again
  --list        shows which there are
  --help

The tests replay test/orchestrators/histories/*.json. A history that is recorded anew since an orchestrator asks for
something else says that instances which are running need a task hub of their own (docs/deploy.md, Upgrades).
`;

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    list: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

async function record(names: readonly string[]): Promise<void> {
  for (const name of names) {
    const trial = trials[name];
    if (!trial) throw new Error(`There is no history ${name}. \`--list\` shows those there are.`);
    const text = historyText(await recordHistory(trial()));
    await rm(historyFile(name), { force: true });
    await writeFile(historyFile(name), text);
    process.stdout.write(`${name}  ${(text.length / 1000).toFixed(1)} kB\n`);
  }
}

if (values.help) process.stdout.write(usage);
else if (values.list) process.stdout.write(`${Object.keys(trials).join("\n")}\n`);
else {
  try {
    await record(values.only.length > 0 ? values.only : Object.keys(trials));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
