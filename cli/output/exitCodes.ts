/** What the command's exit code says; `docs/command.md` and `--help` show this table. */
export const EXIT = {
  done: 0,
  failed: 1,
  badUse: 2,
  elsewhere: 3,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_MEANINGS: readonly { readonly code: ExitCode; readonly meaning: string }[] = [
  {
    code: EXIT.done,
    meaning: "done: all was copied, or source and destination are equal, or all checks passed",
  },
  { code: EXIT.failed, meaning: "something failed, differs, or was refused; the output says what and why" },
  { code: EXIT.badUse, meaning: "the command can't be understood: an option, a file or a setting is wrong" },
  {
    code: EXIT.elsewhere,
    meaning:
      "not done here: another run is at work in the lake folder or took it over, or the copy is paused or cancelled",
  },
  { code: EXIT.interrupted, meaning: "interrupted (Ctrl-C, SIGTERM): run it again to go on" },
];

/** The worst of several jobs' codes: interrupted, then failed, then bad use, then elsewhere. */
export function worst(codes: readonly ExitCode[]): ExitCode {
  const order = [EXIT.interrupted, EXIT.failed, EXIT.badUse, EXIT.elsewhere, EXIT.done];
  return order.find((code) => codes.includes(code)) ?? EXIT.done;
}
