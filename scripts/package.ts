import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { appFiles } from "./package/appFiles.ts";
import { type Entry, zipped } from "./package/archive.ts";
import { hostJson } from "./package/hostJson.ts";
import { manifest } from "./package/manifest.ts";
import { readPackages } from "./package/packages.ts";

const usage = `Makes the app's package: built JavaScript and the packages that it needs, in a folder and as a zip.

  npm run package -- [options]

  --out DIR                     where to (build)
  --backend storage|scheduler   where Durable Functions keeps what runs (storage)
`;

/** Jobs that go with the app, where somebody put them into the project's root. */
const JOBS = "jobs.yaml";

const { values } = parseArgs({
  options: {
    out: { type: "string", default: "build" },
    backend: { type: "string", default: "storage" },
    help: { type: "boolean", short: "h", default: false },
  },
});

async function makePackage(): Promise<void> {
  const root = resolve(import.meta.dirname, "..");
  const out = resolve(values.out);
  if (values.backend !== "storage" && values.backend !== "scheduler") {
    throw new Error(`--backend ${values.backend}: it is storage or scheduler.`);
  }
  if (!existsSync(join(root, "dist", "functions", "index.js"))) {
    throw new Error("The app isn't built: npm run build.");
  }
  const app = await appFiles(root);
  const packages = await readPackages(root, app.packages);
  const entries: Entry[] = [
    ...app.files,
    ...packages.files,
    { path: "host.json", data: await hostJson(root, values.backend) },
    ...(await manifest(root, app.packages, packages.installed)),
    ...(existsSync(join(root, JOBS)) ? [{ path: JOBS, data: await readFile(join(root, JOBS)) }] : []),
  ].toSorted((a, b) => (a.path < b.path ? -1 : 1));

  const folder = join(out, "package");
  await rm(folder, { recursive: true, force: true });
  for (const entry of entries) {
    const file = join(folder, entry.path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, entry.data);
  }
  const zip = zipped(entries);
  const archive = join(out, "kusto-copy.zip");
  await writeFile(archive, zip);

  const own = app.files.reduce((sum, entry) => sum + entry.data.length, 0);
  const all = entries.reduce((sum, entry) => sum + entry.data.length, 0);
  process.stdout.write(
    [
      `app       ${app.files.length} files, ${megabytes(own)}`,
      `packages  ${packages.installed.length} (${app.packages.join(", ")} and what they need), ${entries.length} files in all`,
      `unpacked  ${megabytes(all)}  ${folder}`,
      `zip       ${megabytes(zip.length)}  ${archive}`,
      "",
    ].join("\n"),
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(2)} MB`;
}

if (values.help) process.stdout.write(usage);
else {
  try {
    await makePackage();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
