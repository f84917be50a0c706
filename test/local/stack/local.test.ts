import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Client, KustoConnectionStringBuilder } from "azure-kusto-data";
import { afterEach, expect, test } from "vitest";
import { checkPorts, freePorts, type Ports, portVariables } from "../../../local/stack/ports.ts";
import { localFile, nodeExecutable } from "../../../local/stack/siblings.ts";

const needed = [
  "sourceKusto",
  "destinationKusto",
  "arm",
  "events",
  "blob",
  "queue",
  "table",
  "lake",
] as const;
let running: ChildProcess | undefined;

afterEach(() => {
  running?.kill("SIGKILL");
});

async function startLocal(): Promise<{
  ports: Ports;
  ready: Promise<string>;
  exit: Promise<number | null>;
  child: ChildProcess;
}> {
  const ports = await freePorts();
  const environment = Object.fromEntries(needed.map((name) => [portVariables[name][0], String(ports[name])]));
  const child = spawn(nodeExecutable(), [localFile("main"), "--no-host"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...environment },
  });
  running = child;
  const exit = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  let output = "";
  const ready = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      output += `${line}\n`;
      if (/^ {2}Data {2}/.test(line)) resolve(output);
    });
    exit.then(() => reject(new Error(`It ended: ${output}`)));
  });
  return { ports, ready, exit, child };
}

test("it says where everything is, has sample tables in the source and none in the destination, and ends at Ctrl-C", async () => {
  const { ports, ready, exit, child } = await startLocal();
  const output = await ready;
  for (const name of ["sourceKusto", "destinationKusto", "arm", "events", "blob", "lake"] as const) {
    expect(output).toContain(`http://127.0.0.1:${ports[name]}`);
  }
  const client = (port: number) =>
    new Client(KustoConnectionStringBuilder.withTokenProvider(`http://127.0.0.1:${port}`, async () => ""));
  const tables = async (port: number) => {
    const [table] = (await client(port).executeMgmt("Samples", ".show tables")).primaryResults;
    return [...(table?.rows() ?? [])].map((row) => String(row.getValueAt(0))).sort();
  };
  expect(await tables(ports.sourceKusto)).toEqual([
    "airports",
    "earthquakes",
    "flights-10k",
    "movies",
    "seattle-weather",
  ]);
  expect(await tables(ports.destinationKusto)).toEqual([]);
  const query =
    "['flights-10k'] | summarize rows = count(), times = dcount(ingestion_time()), oldest = min(ingestion_time())";
  const [result] = (await client(ports.sourceKusto).executeQuery("Samples", query)).primaryResults;
  const [row] = [...(result?.rows() ?? [])];
  expect([row?.getValueAt(0), row?.getValueAt(1)]).toEqual([10_000, 10]);
  const databases = `http://127.0.0.1:${ports.arm}/subscriptions/s/resourceGroups/g/providers/Microsoft.Kusto/clusters/destination/databases?api-version=2024-04-13`;
  expect(await (await fetch(databases)).json()).toMatchObject({ value: [{ name: "destination/Samples" }] });
  child.kill("SIGINT");
  expect(await exit).toBe(0);
  await checkPorts(ports, needed);
});

test("it ends cleanly when it is told to while it starts", async () => {
  const { ports, ready, exit, child } = await startLocal();
  ready.catch(() => undefined);
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  child.kill("SIGTERM");
  expect(await exit).toBe(0);
  await checkPorts(ports, needed);
});

test("a signal to npm ends it too, though the shell between them doesn't pass it on", async () => {
  const folder = await mkdtemp(join(tmpdir(), "npm-local-"));
  const ports = await freePorts();
  const environment = Object.fromEntries(needed.map((name) => [portVariables[name][0], String(ports[name])]));
  const script = `true && "${nodeExecutable()}" "${localFile("main")}" --no-host`;
  await writeFile(join(folder, "package.json"), JSON.stringify({ scripts: { local: script } }));
  try {
    const npm = spawn("npm", ["run", "local"], {
      cwd: folder,
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...process.env, ...environment },
    });
    running = npm;
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: npm.stdout }).on("line", (line) => {
        if (/^ {2}Data {2}/.test(line)) resolve();
      });
      npm.once("exit", () => reject(new Error("It ended at its start")));
    });
    await expect(checkPorts(ports, needed)).rejects.toThrow();
    npm.kill("SIGTERM");
    await expect
      .poll(
        () =>
          checkPorts(ports, needed).then(
            () => "free",
            () => "taken",
          ),
        { timeout: 15_000, interval: 250 },
      )
      .toBe("free");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
