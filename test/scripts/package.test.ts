import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join, posix } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { runCopy } from "../../local/demo/api.ts";
import { importsOf } from "../../scripts/package/appFiles.ts";
import { hostJson } from "../../scripts/package/hostJson.ts";
import { bodyOf, createIdTable, idsOf, loadIds, wholeRanges } from "../copy/drive.ts";
import { type ExtraHost, startExtraHost } from "../copy/hosts.ts";
import { type CopyStack, cursorsGiven, startCopyStack } from "../copy/support.ts";
import { makePackaged, type Packaged } from "./packaged.ts";

const root = join(import.meta.dirname, "..", "..");
const manifestSchema = z.looseObject({ main: z.string(), dependencies: z.record(z.string(), z.string()) });
const read = (folder: string, file: string): unknown => JSON.parse(readFileSync(join(folder, file), "utf8"));

/** Of the command line and of development: none of it belongs on a server. */
const NOT_DEPLOYED = [
  "commander",
  "cli-progress",
  "@bomb.sh/tab",
  "@duckdb",
  "azurite",
  "vitest",
  "typescript",
];
/** Zipped megabytes that the package stays under. */
const MOST_MEGABYTES = 12;

async function gitLines(folder: string, ...flags: string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)("git", flags, { cwd: folder, maxBuffer: 1e8 });
  return stdout.split("\n").filter((line) => line !== "");
}

describe("the app's package", () => {
  let packaged: Packaged;
  beforeAll(async () => {
    packaged = await makePackaged();
  });
  afterAll(() => packaged.remove());

  it("holds built JavaScript of what is deployed, and nothing of local/, the command line, tests or sources", () => {
    const own = packaged.files.filter((file) => !file.startsWith("node_modules/"));
    const folders = new Set(own.map((file) => file.split("/").slice(0, 2).join("/")));
    expect(own.filter((file) => /\.(ts|map)$/.test(file))).toEqual([]);
    expect([...folders].filter((folder) => /dist\/(local|cli|test|scripts)/.test(folder))).toEqual([]);
    expect([...folders]).toEqual(
      expect.arrayContaining([
        ...[
          "dist/functions",
          "dist/orchestrators",
          "dist/activities",
          "dist/model",
          "dist/kusto",
          "dist/lake",
        ],
        ...["host.json", "package.json", "package-lock.json"],
      ]),
    );
    expect(own.filter((file) => file.includes("local.settings"))).toEqual([]);
  });

  it("has the packages that the deployed code imports, in the versions of package-lock.json, and no other", () => {
    const { dependencies } = manifestSchema.parse(read(packaged.folder, "package.json"));
    const all = manifestSchema.parse(read(root, "package.json")).dependencies;
    const imported = new Set(
      packaged.files
        .filter((file) => file.startsWith("dist/") && file.endsWith(".js"))
        .flatMap((file) => importsOf(readFileSync(join(packaged.folder, file), "utf8")))
        .filter((name) => !/^(\.|node:)/.test(name))
        .map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0]),
    );
    expect(Object.keys(dependencies).toSorted()).toEqual([...imported].toSorted());
    for (const [name, version] of Object.entries(dependencies)) {
      expect([name, version]).toEqual([name, all[name]]);
      expect(read(packaged.folder, `node_modules/${name}/package.json`)).toMatchObject({ version });
    }
    const unwanted = NOT_DEPLOYED.filter((name) =>
      packaged.files.some((file) => file.startsWith(`node_modules/${name}/`)),
    );
    expect(unwanted).toEqual([]);
  });

  it("is small, and says how small", () => {
    expect(packaged.zipBytes / 1_000_000).toBeLessThan(MOST_MEGABYTES);
    expect(packaged.printed).toMatch(
      new RegExp(`zip +${(packaged.zipBytes / 1_000_000).toFixed(2).replace(".", "\\.")} MB`),
    );
  });

  it("loads no client of a cluster, a queue or a topic when a worker starts", () => {
    const loaded = new Set<string>();
    const waiting = ["dist/functions/index.js"];
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      const text = readFileSync(join(packaged.folder, file), "utf8").replace(/\bimport\([^)]*\)/g, "");
      for (const name of importsOf(text)) {
        const path = name.startsWith(".") ? posix.join(posix.dirname(file), name) : name;
        if (loaded.has(path)) continue;
        loaded.add(path);
        if (name.startsWith(".")) waiting.push(path);
      }
    }
    expect(loaded).toContain("durable-functions");
    for (const name of ["azure-kusto-data", "azure-kusto-ingest", "@azure/eventgrid", "@azure/arm-kusto"]) {
      expect([...loaded]).not.toContain(name);
    }
  });

  it("names the Durable Task Scheduler in host.json where it is made for it", async () => {
    const schema = z.looseObject({ extensions: z.looseObject({ durableTask: z.looseObject({}) }) });
    const durableTask = async (backend: "storage" | "scheduler") =>
      schema.parse(JSON.parse(Buffer.from(await hostJson(root, backend)).toString())).extensions.durableTask;
    expect(await durableTask("scheduler")).toEqual({
      ...(await durableTask("storage")),
      storageProvider: {
        type: "azureManaged",
        connectionStringName: "DURABLE_TASK_SCHEDULER_CONNECTION_STRING",
      },
    });
  });

  it("is what `func azure functionapp publish` sends from the project's root, but for packages of development", async () => {
    const ignoring = ["-X", join(root, ".funcignore")];
    const list = (...flags: string[]) =>
      gitLines(root, "ls-files", ...flags, ...ignoring, "--", ".", ":!node_modules", ":!build");
    const tracked = new Set(await list("-c"));
    const ignored = new Set(await list("-c", "-i"));
    const untracked = await list("-o");
    const sent = [...[...tracked].filter((file) => !ignored.has(file)), ...untracked].toSorted();
    const own = packaged.files.filter((file) => !file.startsWith("node_modules/"));
    expect(own.filter((file) => !sent.includes(file))).toEqual([]);
    expect(sent.filter((file) => !/^dist\/[^/]+\/.*\.js$/.test(file) && !own.includes(file))).toEqual([]);
    expect(sent.filter((file) => /^dist\/(local|cli)\//.test(file))).toEqual([]);
    // Nor does it leave behind a part of a package: their folders may have the names of the project's.
    await gitLines(packaged.folder, "init", "--quiet");
    expect(
      await gitLines(packaged.folder, "ls-files", "-o", "-i", ...ignoring, "--", "node_modules"),
    ).toEqual([]);
    await rm(join(packaged.folder, ".git"), { recursive: true });
  });

  describe("unzipped in an empty folder", () => {
    let copies: CopyStack;
    let host: ExtraHost;
    beforeAll(async () => {
      copies = await startCopyStack({
        host: false,
        without: ["arm"],
        sourceDatabases: ["Packed"],
        destinationDatabases: ["Packed"],
      });
      host = await startExtraHost(copies.stack, { app: packaged.folder });
    });
    afterAll(async () => {
      await host?.stop();
      await copies?.stop();
    });

    it("starts with its own packages, and copies", async () => {
      await createIdTable(copies.source, "Packed", "Events");
      await loadIds(copies.stack.urls.sourceKusto, "Packed", "Events", [0, 100]);
      await cursorsGiven();
      const done = await runCopy(host.url, () => undefined, bodyOf(copies.stack, "Packed", "Packed"));
      expect(done).toMatchObject({ state: "succeeded", error: null });
      expect(await idsOf(copies.destination, "Packed", "Events")).toEqual(wholeRanges([0, 100]));
    });
  });
});
