import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FOLLOW_OPTIONS } from "../../cli/follow/options.ts";
import { eventSchema } from "../../cli/output/events.ts";
import { EXIT_MEANINGS } from "../../cli/output/exitCodes.ts";
import { longOf } from "../../cli/program/forms.ts";
import {
  APP_OPTIONS,
  JOB_OPTIONS,
  type OptionSpec,
  OUTPUT_OPTIONS,
  VERB_OPTIONS,
} from "../../cli/program/options.ts";
import { VERBS } from "../../cli/program/verbs.ts";
import { HOST_SETTING_NAMES, SETTING_NAMES } from "../../model/settings.ts";

const OPTIONS: readonly OptionSpec[] = [
  ...JOB_OPTIONS,
  ...OUTPUT_OPTIONS,
  ...APP_OPTIONS,
  ...Object.values(VERB_OPTIONS),
  ...Object.values(FOLLOW_OPTIONS),
];

describe("docs/command.md", () => {
  const text = readFileSync(new URL("../../docs/command.md", import.meta.url), "utf8");

  it("has each option as it is defined, and no other", () => {
    const rows = text.split("\n").filter((line) => /^\| `-/.test(line));
    const expected = OPTIONS.map(({ flags, alias, description, standard, setting }) => {
      const names = alias === undefined ? `\`${flags}\`` : `\`${flags}\` (also \`${longOf(alias)}\`)`;
      const cells = [names, description, standard ?? "", setting === undefined ? "" : `\`${setting}\``];
      return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
    });
    expect(rows.toSorted()).toEqual(expected.toSorted());
  });

  it("has each exit code with its meaning, and each event", () => {
    for (const { code, meaning } of EXIT_MEANINGS) expect(text).toContain(`| ${code} | ${meaning} |`);
    for (const { shape } of eventSchema.options) {
      const row = text.split("\n").find((line) => line.startsWith(`| \`${shape.event.value}\` |`));
      for (const field of Object.keys(shape).filter((name) => !["event", "at", "job"].includes(name)))
        expect(row).toContain(`\`${field}\``);
    }
  });

  it("names each verb, and no setting that there isn't", () => {
    for (const { name } of VERBS) expect(text).toContain(`\`${name}\``);
    const known = [...SETTING_NAMES, ...HOST_SETTING_NAMES, "KUSTO_COPY_APP_KEY"];
    expect(
      [...new Set(text.match(/\bKUSTO_COPY_[A-Z_]*[A-Z]\b/g))].filter((name) => !known.includes(name)),
    ).toEqual([]);
  });
});
