import { Command, InvalidArgumentError, Option } from "commander";
import { FOLLOW, FOLLOW_VERBS } from "../follow/verbs.ts";
import { BadUse } from "../output/badUse.ts";
import { EXIT_MEANINGS, type ExitCode } from "../output/exitCodes.ts";
import type { Io } from "../output/io.ts";
import { addCompletion } from "./completion.ts";
import { givenSchema } from "./given.ts";
import { APP_OPTIONS, JOB_OPTIONS, type OptionSpec, OUTPUT_OPTIONS } from "./options.ts";
import { VERBS, type Verb } from "./verbs.ts";

/** Stands in the help of a verb that leaves options of a copy unused. */
const UNUSED =
  "The other options of a copy may stand here, as in the command that copies: they change nothing.";

/** The command line: verbs, options, help. `done` hears the exit code of the verb that ran. */
export function buildProgram(io: Io, done: (code: ExitCode) => void): Command {
  const program = new Command("kusto-copy");
  program
    .description(
      "Copies tables between Kusto databases (Azure Data Explorer, Fabric Eventhouse): exactly, and restartable at any moment. Without a verb: copy.",
    )
    .usage("[verb] [options]")
    .version("0.1.0", "-V, --version", "the version")
    .helpOption("-h, --help", "this help; `kusto-copy <verb> --help` for a verb's")
    .helpCommand(false)
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.out.write(text),
      writeErr: (text) => void io.err.write(text),
    });
  for (const verb of VERBS) program.addCommand(verbCommand(verb, program, io, done));
  program.addCommand(followCommand(program, io, done));
  addCompletion(program);
  program.configureHelp({ subcommandTerm: (command) => command.name() });
  program.addHelpText(
    "after",
    () =>
      `\n${copyOptions(program)}\n${examples(VERBS.flatMap(({ examples }) => examples.slice(0, 1)))}\n${codes()}`,
  );
  return program;
}

function verbCommand(verb: Verb, program: Command, io: Io, done: (code: ExitCode) => void): Command {
  return leafCommand(verb, [...verb.options, ...JOB_OPTIONS], program, async (options) => {
    const given = givenSchema.parse(options);
    if (given.app === undefined) done(await verb.run(given, io));
    else done(await (await import("../app/verbs.ts")).runOnApp(verb.name, given, io));
  });
}

/** `kusto-copy follow <verb>`: databases shared between clusters of a region, without a copy. */
function followCommand(program: Command, io: Io, done: (code: ExitCode) => void): Command {
  const follow = new Command(FOLLOW);
  follow.copyInheritedSettings(program);
  follow
    .description(
      "share databases with clusters of the same region, without a copy: attach, list, verify, override, detach",
    )
    .usage("<verb> [options]")
    .helpOption("-h, --help", "this help; `kusto-copy follow <verb> --help` for a verb's")
    .helpCommand(false)
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .addHelpText(
      "after",
      () => `\n${examples(FOLLOW_VERBS.flatMap((verb) => verb.examples.slice(0, 1)))}\n${codes()}`,
    );
  for (const verb of FOLLOW_VERBS) {
    const command = leafCommand(verb, verb.options, program, async (options) => {
      const { followGivenSchema } = await import("../follow/options.ts");
      const { runFollow } = await import("../follow/run.ts");
      done(await runFollow(verb.name, followGivenSchema.parse(options), givenSchema.parse(options), io));
    });
    follow.addCommand(command);
  }
  return follow;
}

/** A command that does something: its own options, then those that all have. `act` gets them as commander has them. */
function leafCommand(
  {
    name,
    description,
    examples: shown,
    unused = [],
  }: Pick<Verb, "name" | "description" | "examples" | "unused">,
  options: readonly OptionSpec[],
  program: Command,
  act: (options: unknown) => Promise<void>,
): Command {
  const command = new Command(name);
  command.copyInheritedSettings(program);
  const also = unused.length === 0 ? "" : `${UNUSED}\n\n`;
  command
    .description(description)
    .usage("[options]")
    .helpOption("-h, --help", "this help")
    .argument("[unexpected...]")
    .addHelpText("after", () => `\n${also}${examples(shown)}\n${codes()}`);
  const taken = new Set([...options, ...OUTPUT_OPTIONS, ...APP_OPTIONS, ...unused]);
  for (const spec of taken) command.addOption(optionOf(spec).hideHelp(unused.includes(spec)));
  command.action(async (unexpected: string[], given: unknown) => {
    refuseUnexpected(unexpected);
    await act(given);
  });
  return command;
}

/** The options of a copy, as its own help has them: most calls are one, without the verb. */
function copyOptions(program: Command): string {
  const help = program.commands.find((command) => command.name() === "copy")?.helpInformation() ?? "";
  return help.slice(Math.max(0, help.search(/^This verb:/m)));
}

/** Commander's option of a spec, filed under its group in the help. */
export function optionOf(spec: OptionSpec): Option {
  const standard = spec.standard === undefined ? "" : ` (default: ${spec.standard})`;
  const option = new Option(spec.flags, `${spec.description}${standard}`).helpGroup(`${spec.group}:`);
  const { choices, setting } = spec;
  if (choices !== undefined) {
    option.choices(choices);
    option.argParser((value) => {
      const choice = value.toLowerCase();
      // What is wrong of a job is told together, when all of it is read.
      if (!choices.includes(choice) && setting === undefined)
        throw new InvalidArgumentError(`Allowed choices are ${choices.join(", ")}.`);
      return choice;
    });
  }
  return option;
}

/** What stands without an option is no part of any verb; it may be the rest of a secret, so that only a word is repeated. */
function refuseUnexpected([first]: readonly string[]): void {
  if (first === undefined) return;
  if (VERBS.some(({ name }) => name === first))
    throw new BadUse(`The verb comes first: kusto-copy ${first} …`);
  const said = /^[\w.*-]{1,40}$/.test(first) ? `"${first}"` : "A part of the command";
  throw new BadUse(
    `${said} belongs to no option. Put a connection string between quotation marks; kusto-copy --help shows examples.`,
  );
}

function examples(lines: readonly string[]): string {
  return `Examples:\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

function codes(): string {
  return `Exit codes:\n${EXIT_MEANINGS.map(({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}\n`).join("")}`;
}
