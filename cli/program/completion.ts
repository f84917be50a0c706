import tab from "@bomb.sh/tab/commander";
import type { Command } from "commander";

/** The verb that prints a shell's completion script. */
export const COMPLETION = "completion";

/** The verb that the scripts call for suggestions. */
export const SUGGESTIONS = "complete";

/**
 * Adds completion for bash, zsh, fish and PowerShell. The options of a copy are suggested without its verb too, as the
 * verb may be left out.
 */
export function addCompletion(program: Command): void {
  const root = tab(program, { completionCommandName: COMPLETION });
  const copy = root.commands.get("copy");
  for (const [name, option] of copy?.options ?? []) root.options.set(name, option);
}
