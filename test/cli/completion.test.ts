import { describe, expect, it } from "vitest";
import { command } from "./command.ts";

describe("completion", () => {
  it.concurrent.each(["bash", "zsh", "fish", "powershell"])(
    "has a script for %s that asks the command",
    async (shell) => {
      const { code, stdout } = await command(["completion", shell]);
      expect(code).toBe(0);
      expect(stdout).toContain(
        `${shell === "zsh" ? "#compdef kusto-copy" : `# ${shell} completion for kusto-copy`}`,
      );
      expect(stdout).toMatch(/kusto-copy complete/);
    },
  );

  it.concurrent.each([
    ["a verb", ["sta"], "status"],
    ["an option of a copy without its verb", ["--tables-i"], "--tables-include"],
    ["an option of a verb", ["resync", "--tab"], "--tables"],
    ["a verb about followers", ["follow", "at"], "attach"],
    ["an option of it", ["follow", "override", "--hot-t"], "--hot-tables"],
    ["a choice", ["plan", "--mode", ""], "backfill-and-new"],
  ])("completes %s", async (_, words, expected) => {
    const { stdout } = await command(["complete", "--", ...words]);
    expect(stdout.split("\n").map((line) => line.split("\t")[0])).toContain(expected);
  });
});
