import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FOLLOW_OPTIONS } from "../../cli/follow/options.ts";
import { FOLLOW_VERBS } from "../../cli/follow/verbs.ts";
import { type Committed, eventSchema, type Summary } from "../../cli/output/events.ts";
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
import { speaker } from "../../cli/progress/words.ts";
import { HOST_SETTING_NAMES, SETTING_NAMES } from "../../model/settings.ts";
import { command } from "./command.ts";

const OPTIONS: readonly OptionSpec[] = [
  ...JOB_OPTIONS,
  ...OUTPUT_OPTIONS,
  ...APP_OPTIONS,
  ...Object.values(VERB_OPTIONS),
  ...Object.values(FOLLOW_OPTIONS),
];
const CLUSTER = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Kusto/clusters/c";
const ENDS = ["-s", "http://127.0.0.1:1", "-d", "http://127.0.0.1:1", "--db", "D"];
const WHOLE = ["-l", "https://a.blob.core.windows.net/c/f", ...ENDS];

/** One sentence or two for a person, and nothing of the program's insides. */
function plain(stderr: string): void {
  expect(stderr).not.toMatch(/\bat .*\.(js|ts):\d+|node:internal|ZodError|undefined/);
  expect(stderr.trim().split("\n").length).toBeLessThanOrEqual(2);
}

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

describe("over a storage that answers", { timeout: 20_000 }, () => {
  let server: Server;
  let folder: string[];
  let refuses = (_path: string) => false;
  beforeAll(async () => {
    server = createServer(({ url = "" }, answer) => {
      const [status, code] = refuses(url) ? [403, "AuthorizationFailure"] : [404, "BlobNotFound"];
      const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>No.\nRequestId:1</Message></Error>`;
      answer.writeHead(status, { "content-type": "application/xml", "x-ms-error-code": code }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("The server has no port.");
    folder = [
      "-l",
      `http://127.0.0.1:${address.port}/account/copy/folder;${Buffer.from("key").toString("base64")}`,
    ];
  });
  afterAll(() => server.close());

  it.each(["status", "pause", "cancel"])(
    "the command line of a copy goes on working with %s",
    async (verb) => {
      refuses = () => false;
      const line = [...folder, ...ENDS, "--rpo", "5m", "--tables-include", "A", "--continuous", "-v", "-y"];
      const { code, stdout, stderr } = await command([verb, ...line]);
      expect(stderr).not.toContain("unknown option");
      expect(stdout + stderr).toMatch(/nothing was copied into this folder yet|holds no copy/);
      expect(code).toBe(verb === "status" ? 1 : 2);
    },
  );

  it("a refusal of a later look is told as that of the first: what, where, and what to do", async () => {
    refuses = (path) => path.includes("control");
    const { code, stdout, stderr } = await command(["status", ...folder]);
    expect(stderr).toMatch(/Storage answered 403: AuthorizationFailure.*copy.*Storage Blob Data Contributor/);
    plain(stderr);
    expect(stderr).not.toMatch(/RequestId|RestError/);
    expect([code, stdout]).toEqual([1, ""]);
  });
});

it.each(FOLLOW_VERBS)("the help of follow $name has its examples and options", async ({ name, options }) => {
  const { code, stdout } = await command(["follow", name, "--help"]);
  expect(code).toBe(0);
  expect(stdout).toContain(`kusto-copy follow ${name} --`);
  for (const { flags } of [...options, ...APP_OPTIONS]) expect(stdout).toContain(longOf(flags));
});

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

describe("tables that failed", () => {
  const at = "2024-01-01T00:00:00Z";
  const started = { event: "started", at, job: "default", source: "s", destination: "d", lake: "l" } as const;
  const committed: Committed = {
    event: "committed",
    at,
    job: "default",
    iteration: 1,
    lane: "backfill",
    tables: 0,
    rows: 0,
    bytes: 0,
    failed: [{ table: "A", error: "No such column." }],
    lagSeconds: 1,
  };
  const summary: Summary = {
    event: "summary",
    at,
    job: "default",
    outcome: "failed",
    exitCode: 1,
    iterations: [1],
    rows: 0,
    bytes: 0,
    seconds: 1,
    lagSeconds: null,
    tables: [
      {
        name: "A",
        state: "failed",
        windows: { total: 0, exported: 0, staged: 0, promoted: 0 },
        rows: 0,
        bytes: 0,
        retries: { steps: 0, attempts: 0, reason: null },
        error: "No such column.",
      },
    ],
    reason: null,
    next: null,
  };

  it("are named with the iteration, which is told as failed, without a lag, where nothing was copied", () => {
    const lines = speaker(false)(committed);
    expect(lines[0]).toBe("Iteration 1 (history) failed: nothing was copied.");
    expect(lines[1]).toBe("  A failed: the end tells why.");
  });

  it("have their reason told once by a copy that ends, and with the iteration by one that runs on", () => {
    const told = (continuous: boolean) => {
      const say = speaker(false);
      return [say({ ...started, continuous }), say(committed), say(summary)].map((lines) =>
        lines.join("\n").includes("No such column."),
      );
    };
    expect(told(false)).toEqual([false, false, true]);
    expect(told(true)).toEqual([false, true, true]);
  });
});

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
