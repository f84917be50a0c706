import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { command } from "./command.ts";
import { ENDS, plain, WHOLE } from "./lines.ts";

const CLUSTER = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Kusto/clusters/c";

describe("what can't be understood", () => {
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    [
      "an unknown option, with what was meant",
      ["--lkae", "x"],
      /unknown option '--lkae'\n\(Did you mean --lake\?\)/,
    ],
    ["an unknown verb, with what was meant", ["coyp"], /unknown command 'coyp'\n\(Did you mean copy\?\)/],
    ["a verb that stands behind an option", ["--json", "plan"], /The verb comes first: kusto-copy plan/],
    ["what belongs to no option", ["copy", "stray"], /"stray" belongs to no option/],
    ["an option without its value", ["--db"], /option '--db <database>' argument missing/],
    [
      "a missing source, destination and database",
      WHOLE.slice(0, 2),
      /--source \(KUSTO_COPY_SOURCE\), --destination \(KUSTO_COPY_DESTINATION\), --db \(KUSTO_COPY_DATABASE\) are missing/,
    ],
    [
      "a wrong choice",
      [...WHOLE, "--mode", "forwards"],
      /Allowed choices are backfill, backfill-and-new, new/,
    ],
    ["a duration that is none", [...WHOLE, "--rpo", "soon"], /--rpo: "soon" is not a duration/],
    ["a horizon that is none", [...WHOLE, "-b", "then"], /--backfillHorizon: "then" is neither a date/],
    ["slots that are none", [...WHOLE, "--export-slots", "120%"], /--export-slots: .*percentage up to 100%/],
    ["a count that is none", [...WHOLE, "--window-rows", "many"], /--window-rows: Write a whole number\./],
    ["a query that would lose ingestion times", [...WHOLE, "--query", "| summarize count()"], /--query: /],
    ["a lake that is none", ["-l", "nowhere", ...ENDS], /--lake: /],
    [
      "a file that isn't there",
      ["--config", "/nowhere/jobs.yaml"],
      /--config: there is no file \/nowhere\/jobs\.yaml/,
    ],
    ["a job's name that can't be one", [...WHOLE, "--job", "a/b"], /--job: a name has/],
    ["a folder that isn't named", ["status"], /No lake folder is named: give --lake/],
    [
      "followers that aren't named",
      ["follow", "attach"],
      /--follower is missing; --leader is missing; --databases is missing/,
    ],
    ["a list of nobody", ["follow", "list"], /--follower to list what it follows, or --leader/],
    [
      "a span of an override that is none",
      ["follow", "override", "--follower", CLUSTER, "--databases", "D", "--hot", "soon"],
      /--hot, .*is no time span/,
    ],
    [
      "a principal without a role",
      ["follow", "override", "--follower", CLUSTER, "--databases", "D", "--add-principals", "jill"],
      /--add-principals: write it as <role>:<principal>/,
    ],
    [
      "an option of a job that a copy of an app doesn't heed",
      ["pause", "--app", "http://127.0.0.1:1", "--rpo", "5m", "-l", "https://a.blob.core.windows.net/c/f"],
      /--lake, --rpo can't be used by pause with --app/,
    ],
    [
      "an app that isn't one",
      ["status", "--app", "http://example.com"],
      /--app: the app must be reached by https/,
    ],
  ];
  it.concurrent.each(cases)("%s is told in a sentence, exit code 2", async (_, args, said) => {
    const { code, stdout, stderr } = await command(args);
    expect(stderr).toMatch(said);
    plain(stderr);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  it("every wrong option is named, and every wrong setting", async () => {
    const options = await command([
      ...["-l", "nowhere", "-s", "x y", "-d", "https://x;AppKey=k", "--db", "D"],
      ...["--mode", "forwards", "--rpo", "soon", "--export-slots", "120%"],
    ]);
    for (const option of ["--lake", "--source", "--destination", "--mode", "--rpo", "--export-slots"])
      expect(options.stderr).toContain(`${option}: `);
    plain(options.stderr);
    expect(options.code).toBe(2);
    const env = { KUSTO_COPY_HISTORY_KEPT: "long", KUSTO_COPY_RPO: "soon", KUSTO_COPY_LAKE: "nowhere" };
    const settings = await command(ENDS, { env });
    for (const name of Object.keys(env)) expect(settings.stderr).toContain(name);
    plain(settings.stderr);
    expect(settings.code).toBe(2);
  });

  it("a setting of the environment is named as such", async () => {
    const { code, stderr } = await command(WHOLE, { env: { KUSTO_COPY_HISTORY_KEPT: "long" } });
    expect(stderr).toMatch(/KUSTO_COPY_HISTORY_KEPT is not a duration/);
    expect(code).toBe(2);
  });

  it("every wrong field of a file is named by its place", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "jobs-")), "jobs.yaml");
    writeFileSync(file, "jobs:\n  storms:\n    rpo: never\n    tables: { includes: [A] }\n");
    const { code, stderr } = await command(["--config", file]);
    expect(stderr).toMatch(/jobs\.storms\.rpo: "never" is not a duration/);
    expect(stderr).toMatch(/jobs\.storms\.tables\.includes: There is no such field/);
    plain(stderr);
    expect(code).toBe(2);
  });

  it("a secret in it is not repeated", async () => {
    for (const args of [
      [...WHOLE.slice(0, 2), "-s", "https://x.kusto.windows.net;AppKey=gEheim123"],
      ["copy", "Data", "Source=https://x;AppKey=gEheim123"],
      ["-l", "https://a.blob.core.windows.net/c;gEheim123", ...ENDS],
    ]) {
      const { code, stdout, stderr } = await command(args);
      expect(code).toBe(2);
      expect(stdout + stderr).not.toContain("gEheim123");
    }
  });

  it("a Node that is too old is named, with what to do", async () => {
    const older =
      'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.9.0" } })';
    const { code, stderr } = await command(["--help"], {
      node: ["--import", `data:text/javascript,${older}`],
    });
    expect(stderr).toBe(
      "kusto-copy needs Node 22 or newer, and this is Node 20.9.0: install it from https://nodejs.org, then run the command again.\n",
    );
    expect(code).toBe(2);
  });
});
