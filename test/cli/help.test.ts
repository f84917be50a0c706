import { describe, expect, it } from "vitest";
import { FOLLOW_VERBS } from "../../cli/follow/verbs.ts";
import { longOf } from "../../cli/program/forms.ts";
import { APP_OPTIONS, JOB_OPTIONS, OUTPUT_OPTIONS } from "../../cli/program/options.ts";
import { VERBS } from "../../cli/program/verbs.ts";
import { command } from "./command.ts";

describe("the help", () => {
  it("shows every verb with an example, a copy's options, and the exit codes", async () => {
    const { code, stdout } = await command(["--help"]);
    expect(code).toBe(0);
    for (const { name } of VERBS) expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
    for (const { flags } of JOB_OPTIONS) expect(stdout).toContain(longOf(flags));
    expect(stdout).toContain("--tables-include StormEvents US_States");
    expect(stdout).toMatch(/130 {2}interrupted/);
  });

  it.concurrent.each(VERBS)(
    "of $name has its examples and the options that change something",
    async ({ name, options, unused = [] }) => {
      const { code, stdout } = await command([name, "--help"]);
      expect(code).toBe(0);
      expect(stdout).toContain(`kusto-copy ${name === "copy" ? "-l" : name}`);
      const all = [...options, ...JOB_OPTIONS, ...OUTPUT_OPTIONS, ...APP_OPTIONS];
      const shown = all.filter((spec) => !unused.includes(spec));
      for (const { flags } of shown) expect(stdout).toMatch(new RegExp(`^ .*${longOf(flags)}\\b`, "m"));
      for (const { flags } of unused) expect(stdout).not.toMatch(new RegExp(`^ .*${longOf(flags)}\\b`, "m"));
    },
  );

  it.each(["status", "pause", "cancel"])("of %s has no option of how rows are copied", async (verb) => {
    const { stdout } = await command([verb, "--help"]);
    for (const option of ["--rpo", "--mode", "--export-slots", "--tables-include", "--continuous"])
      expect(stdout).not.toContain(option);
    for (const option of ["--lake", "--config", "--job", "--app", "--key", "--json"])
      expect(stdout).toContain(option);
  });
});

it.each(FOLLOW_VERBS)("the help of follow $name has its examples and options", async ({ name, options }) => {
  const { code, stdout } = await command(["follow", name, "--help"]);
  expect(code).toBe(0);
  expect(stdout).toContain(`kusto-copy follow ${name} --`);
  for (const { flags } of [...options, ...APP_OPTIONS]) expect(stdout).toContain(longOf(flags));
});
