import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { type Guard, type WatchingTest, without } from "./guard.ts";
import { type Ran, readReport } from "./outcome.ts";

const run = promisify(execFile);

/** A copy of the project in a folder of its own, in which guards are taken away and put back. */
export interface ProjectCopy {
  readonly takeAway: (guard: Guard) => Promise<void>;
  readonly putBack: () => Promise<void>;
  /** Builds it, types unchecked, and runs these tests. */
  readonly test: (
    tests: readonly WatchingTest[],
    options: { readonly untilOneFails: boolean },
  ) => Promise<Ran>;
  /** Ends what runs in it, and removes it. */
  readonly remove: () => Promise<void>;
}

/** Copies what git knows or would take; packages are those of the project itself. */
export async function copyProject(root: string): Promise<ProjectCopy> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "kusto-copy-guards-")));
  const listed = await run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    maxBuffer: 1e8,
  });
  for (const file of new Set(listed.stdout.split("\0"))) {
    if (file === "" || file === "node_modules" || !existsSync(join(root, file))) continue;
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await cp(join(root, file), join(folder, file));
  }
  await symlink(await realpath(join(root, "node_modules")), join(folder, "node_modules"));
  const packages = join(folder, "node_modules");
  const report = join(folder, "report.json");
  /** Files as they were: the project itself may be worked on meanwhile. */
  const taken = new Map<string, string>();
  let running: { readonly child: ChildProcess; readonly ended: Promise<void> } | undefined;

  return {
    takeAway: async (guard) => {
      for (const file of new Set(guard.edits.map((edit) => edit.file))) {
        const text = await readFile(join(folder, file), "utf8");
        taken.set(file, text);
        await writeFile(join(folder, file), without(guard, file, text));
      }
    },
    putBack: async () => {
      for (const [file, text] of taken) await writeFile(join(folder, file), text);
      taken.clear();
    },
    test: async (tests, { untilOneFails }) => {
      const unbuilt = await build(packages, folder);
      if (unbuilt !== undefined) return { passed: [], failed: [], broken: [unbuilt] };
      await rm(report, { force: true });
      const names = [...new Set(tests.map((test) => escaped(test.name)))].join("|");
      const flags = [
        ...["run", ...new Set(tests.map((test) => test.file))],
        ...["--testNamePattern", names, "--reporter", "json", "--outputFile", report],
        ...(untilOneFails ? ["--bail", "1"] : []),
      ];
      const vitest = join(packages, "vitest", "vitest.mjs");
      const child = spawn(process.execPath, [vitest, ...flags], { cwd: folder, stdio: "ignore" });
      running = { child, ended: ended(child) };
      await running.ended;
      return readReport(await readFile(report, "utf8"), folder);
    },
    remove: async () => {
      running?.child.kill("SIGINT");
      await running?.ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Why the copy can't be built, if so. */
async function build(packages: string, folder: string): Promise<string | undefined> {
  try {
    await run(join(packages, ".bin", "tsc"), ["-p", "tsconfig.build.json", "--noCheck"], { cwd: folder });
    return undefined;
  } catch (error) {
    const told = typeof error === "object" && error !== null && "stdout" in error ? String(error.stdout) : "";
    return `It can't be built: ${told.trim() || String(error)}`;
  }
}

function escaped(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** Whether tests failed is in their report, not in how the process ends. */
function ended(child: ChildProcess): Promise<void> {
  return new Promise((done, failed) => {
    child.once("error", failed);
    child.once("exit", () => done());
  });
}
