import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { parseArgs, promisify } from "node:util";
import { z } from "zod";

/*
 * How long the app's modules take to load: the part of a cold start that is the app's own. Each measurement is a process
 * of its own; processor time tells more than the clock on a machine that does other things too.
 */

const { values } = parseArgs({
  options: {
    app: { type: "string", default: resolve(import.meta.dirname, "..") },
    times: { type: "string", default: "9" },
  },
});

const PROBE = `
const began = performance.now();
await import(process.argv[1]);
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({
  wall: performance.now() - began,
  cpu: (user + system) / 1000,
  memory: process.memoryUsage().rss / 1e6,
}));
`;

const measuredSchema = z.object({ wall: z.number(), cpu: z.number(), memory: z.number() });

/** What is measured: what a worker loads when it starts, and what its first calls load later. */
const PARTS: Readonly<Record<string, string>> = {
  "an empty module": "data:text/javascript,",
  "the app, as a worker starts": "dist/functions/index.js",
  "a cluster's client, by itself": "dist/kusto/client.js",
  "the queue's client, by itself": "dist/kusto/ingestClient.js",
};

async function measured(module: string): Promise<z.infer<typeof measuredSchema>> {
  const target = module.startsWith("data:") ? module : join(resolve(values.app), module);
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--input-type=module",
    "-e",
    PROBE,
    target,
  ]);
  const line = stdout.trim().split("\n").at(-1) ?? "";
  return measuredSchema.parse(JSON.parse(line));
}

function median(numbers: readonly number[]): string {
  const sorted = numbers.toSorted((a, b) => a - b);
  return (sorted[Math.floor(sorted.length / 2)] ?? Number.NaN).toFixed(0).padStart(6);
}

for (const [name, module] of Object.entries(PARTS)) {
  const all: z.infer<typeof measuredSchema>[] = [];
  for (let i = 0; i < Number(values.times); i++) all.push(await measured(module));
  const row = [
    `${median(all.map((each) => each.wall))} ms`,
    `${median(all.map((each) => each.cpu))} ms processor`,
    `${median(all.map((each) => each.memory))} MB`,
  ];
  process.stdout.write(`${name.padEnd(38)}${row.join("")}\n`);
}
