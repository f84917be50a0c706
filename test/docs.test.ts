import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { HOST_SETTING_NAMES, SETTING_NAMES } from "../model/settings.ts";

const settings = [...SETTING_NAMES, ...HOST_SETTING_NAMES].toSorted();
const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const namesIn = (text: string) => [...new Set(text.match(/\bKUSTO_COPY_[A-Z_]*[A-Z]\b/g))].toSorted();

it("the table of settings in docs/configuration.md has each setting, and no other", () => {
  const rows = read("docs/configuration.md")
    .split("\n")
    .flatMap((line) => /^\| `(KUSTO_COPY_[A-Z_]+)` \|/.exec(line)?.[1] ?? []);
  expect(rows.toSorted()).toEqual(settings);
});

it.each(["docs/configuration.md", "docs/architecture.md", "README.md", "local.settings.sample.json"])(
  "%s names no setting that there isn't",
  (path) => {
    expect(namesIn(read(path)).filter((name) => !settings.includes(name))).toEqual([]);
  },
);

it("docs/reliability.md names tests that are there", () => {
  const named = [...read("docs/reliability.md").matchAll(/\| `(test\/[^`]+)` > (.+) \|$/gm)];
  expect(named.length).toBeGreaterThan(30);
  for (const [, file = "", name = ""] of named) expect(`${file}: ${read(file)}`).toContain(name);
});
