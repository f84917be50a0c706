import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";

// DuckDB runs each statement on a thread of Node's pool, which must be sized before its first use.
process.env.UV_THREADPOOL_SIZE ??= "16";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8080" },
    name: { type: "string", default: "source" },
    data: { type: "string" },
    databases: { type: "string", default: "Samples" },
    blob: { type: "string" },
    queue: { type: "string" },
    table: { type: "string" },
    "storage-account": { type: "string", default: "devstoreaccount1" },
    "storage-key": { type: "string" },
    nodes: { type: "string", default: "2" },
    cores: { type: "string", default: "8" },
    "export-slots": { type: "string", default: "4" },
    "ingestion-slots": { type: "string", default: "4" },
    "cursor-lag-ms": { type: "string", default: "50-200" },
    "maintenance-seconds": { type: "string", default: "10" },
    "follower-refresh-seconds": { type: "string", default: "2" },
  },
});

const settings = z
  .object({
    port: z.coerce.number().int().min(0).max(65_535),
    name: z.string().min(1),
    data: z.string().optional(),
    databases: z.string().transform((text) =>
      text
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== ""),
    ),
    blob: z.url().optional(),
    queue: z.url().optional(),
    table: z.url().optional(),
    "storage-account": z.string(),
    "storage-key": z.string().optional(),
    nodes: z.coerce.number().int().min(1),
    cores: z.coerce.number().int().min(1),
    "export-slots": z.coerce.number().int().min(1),
    "ingestion-slots": z.coerce.number().int().min(1),
    "cursor-lag-ms": z
      .string()
      .regex(/^\d+(-\d+)?$/)
      .transform((text): readonly [number, number] => {
        const [least = 0, most = least] = text.split("-").map(Number);
        return [least, most];
      }),
    "maintenance-seconds": z.coerce.number().min(0.05),
    "follower-refresh-seconds": z.coerce.number().min(0.05),
  })
  .parse(values);

const report = (error: unknown): void => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
};

// Loaded after the thread pool's size is set.
const { openEngine } = await import("./engine/engine.ts");
const { startServer } = await import("./server/http.ts");
const { translate } = await import("./kql/translate.ts");
const { registerFunctions } = await import("./kql/register.ts");
const { createDataPart } = await import("./data/dataPart.ts");
const { dataWithoutStorage } = await import("./engine/withoutStorage.ts");

const { blob, queue, table, data: folder } = settings;
const key = settings["storage-key"];
const given = [blob, queue, table, key].filter((item) => item !== undefined).length;
if (given !== 0 && given !== 4) throw new Error("--blob, --queue, --table and --storage-key go together.");
const endpoints = {
  account: settings["storage-account"],
  key: key ?? "",
  blob: blob ?? "",
  queue: queue ?? "",
  table: table ?? "",
};
const part = createDataPart({ cluster: settings.name, endpoints, report });
const data = given === 4 ? part : dataWithoutStorage(part);
if (folder !== undefined) mkdirSync(folder, { recursive: true });
const engine = await openEngine({
  name: settings.name,
  path: folder === undefined ? undefined : join(folder, "kusto.duckdb"),
  databases: settings.databases,
  nodes: settings.nodes,
  cores: settings.cores,
  exportSlots: settings["export-slots"],
  ingestionSlots: settings["ingestion-slots"],
  cursorLagMs: settings["cursor-lag-ms"],
  maintenanceMs: settings["maintenance-seconds"] * 1000,
  followerRefreshMs: settings["follower-refresh-seconds"] * 1000,
  language: { translate, registerFunctions },
  data,
  report,
});
const server = await startServer(engine, settings.port);
const stopData = await data.start(engine);
process.stdout.write(
  `${JSON.stringify({ ready: true, name: settings.name, port: server.port, url: server.url })}\n`,
);

let stopping = false;
const stop = (): void => {
  if (stopping) return;
  stopping = true;
  (async () => {
    await server.close();
    const stopped = stopData();
    // What waits on the clock, a delivery that comes late among it, would keep the process.
    engine.clock.stop();
    await stopped;
    await engine.close();
  })().then(
    () => process.exit(0),
    (error: unknown) => {
      report(error);
      process.exit(1);
    },
  );
};
process.once("SIGTERM", stop);
process.once("SIGINT", stop);
