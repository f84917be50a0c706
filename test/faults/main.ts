import { parseArgs } from "node:util";
import { recordEffects, singleFaults, stormOf } from "./cases.ts";
import { deliveredTwice } from "./deliveries.ts";
import { runSingles } from "./pool.ts";
import { startStage } from "./stage.ts";
import { runStorms } from "./storms.ts";

const usage = `Breaks copies, and looks whether each keeps its promise (docs/reliability.md).

  npm run faults -- [options]

  --runs NUMBER    storms to run: several random faults in one copy of two iterations (50)
  --seed NUMBER    of the first storm; each one after it has the next (1)
  --places NUMBER  copies side by side in one app (12)
  --single         every single fault, as the tests do, in place of storms
  --only TEXT      single faults whose name holds the text
  --list           the names of the single faults (or of those with --only), and nothing is broken

  npm run faults -- --runs 1 --seed 4711        one storm again
  npm run faults -- --single --only promoted
`;

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "50" },
    seed: { type: "string", default: "1" },
    places: { type: "string", default: "12" },
    single: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    list: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  process.stderr.write(`--${name} is a whole number, and not ${text}.\n`);
  process.exit(2);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function main(): Promise<number> {
  const runs = wholeNumber("runs", values.runs);
  const seed = wholeNumber("seed", values.seed);
  const stage = await startStage(Math.min(99, Math.max(1, wholeNumber("places", values.places))));
  const began = Date.now();
  let done = 0;
  let broken = 0;
  const tell = (name: string, problems: readonly string[]) => {
    done += 1;
    if (problems.length === 0) {
      if (values.only !== "") print(`kept ${name}`);
      return;
    }
    broken += 1;
    print(`BROKEN ${name}\n${problems.map((each) => `  ${each}`).join("\n")}`);
  };
  const pace = () => `${Math.round((Date.now() - began) / 1000)} s`;
  try {
    const effects = await recordEffects(stage);
    print(`${new Set(effects.map((effect) => effect.name)).size} effects recorded (${pace()})`);
    if (values.single || values.list || values.only !== "") {
      const all = [...singleFaults(effects), ...deliveredTwice()];
      const cases = all.filter((each) => each.name.includes(values.only));
      if (cases.length === 0) {
        process.stderr.write(`No single fault has "${values.only}" in its name: --list shows the names.\n`);
        return 2;
      }
      if (values.list) {
        for (const each of cases) print(each.name);
        return 0;
      }
      await runSingles(stage, cases, (each, { problems, missed, weak }) => {
        tell(each.name, [
          ...problems,
          ...missed.map((what) => `it did not strike: ${what}`),
          ...weak.map((query) => `it asks for no strong consistency: ${query}`),
        ]);
        if (done % 20 === 0) print(`${done} of ${cases.length} single faults, ${broken} broken (${pace()})`);
      });
    } else {
      await runStorms(stage, effects, { runs, seed }, (outcomes) => {
        const first = outcomes[0]?.seed ?? seed;
        for (const { seed: own, problems } of outcomes) {
          if (problems.length > 0) print(JSON.stringify(stormOf(effects, own)));
          tell(
            `storm ${own}; again with its round: npm run faults -- --seed ${first} --runs ${outcomes.length} --places ${stage.places.length}`,
            problems,
          );
        }
        print(`${done} of ${runs} storms, ${broken} broken (${pace()})`);
      });
    }
  } finally {
    await stage.stop();
  }
  print(broken === 0 ? `All ${done} kept their promise.` : `${broken} of ${done} broke their promise.`);
  return broken === 0 ? 0 : 1;
}

process.exitCode = values.help ? 0 : await main();
if (values.help) print(usage.trimEnd());
