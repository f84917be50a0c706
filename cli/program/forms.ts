import { FOLLOW_OPTIONS } from "../follow/options.ts";
import { APP_OPTIONS, JOB_OPTIONS, type OptionSpec, OUTPUT_OPTIONS, VERB_OPTIONS } from "./options.ts";

const ALL: readonly OptionSpec[] = [
  ...JOB_OPTIONS,
  ...OUTPUT_OPTIONS,
  ...APP_OPTIONS,
  ...Object.values(VERB_OPTIONS),
  ...Object.values(FOLLOW_OPTIONS),
];

/** `--backfillHorizon` of `-b, --backfillHorizon <horizon>`. */
export function longOf(flags: string): string {
  return /--[A-Za-z-]+/.exec(flags)?.[0] ?? flags;
}

const SPELLINGS: ReadonlyMap<string, string> = new Map(
  ALL.flatMap(({ flags, alias }) => {
    const long = longOf(flags);
    const names = alias === undefined ? [long] : [long, longOf(alias)];
    return names.map((name): [string, string] => [name.toLowerCase(), long]);
  }),
);

/** Long options in the one spelling that commander knows: any case, and either form where there are two. */
export function canonical(args: readonly string[]): string[] {
  const end = args.indexOf("--");
  return args.map((arg, i) => {
    if (!arg.startsWith("--") || (end >= 0 && i >= end)) return arg;
    const equals = arg.indexOf("=");
    const name = equals < 0 ? arg : arg.slice(0, equals);
    const known = SPELLINGS.get(name.toLowerCase());
    return known === undefined ? arg : known + (equals < 0 ? "" : arg.slice(equals));
  });
}

/** A call that begins with an option is a copy: `kusto-copy -l … -s … -d …`. */
export function withVerb(args: readonly string[]): string[] {
  const [first] = args;
  const own = ["-h", "--help", "-V", "--version"];
  if (first === undefined) return ["copy"];
  return first.startsWith("-") && !own.includes(first) ? ["copy", ...args] : [...args];
}
