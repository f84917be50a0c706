import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { readSlots } from "../../kusto/reads.ts";
import { openLake } from "../../lake/lake.ts";
import { parseLake } from "../../lake/location.ts";
import { client } from "../demo/compare.ts";
import { count } from "../demo/progress.ts";
import { loadTables } from "../stack/samples.ts";
import { flights3m } from "../stack/sampleTables.ts";
import { type Stack, startStack } from "../stack/stack.ts";
import { storageAccount } from "../stack/storageAccount.ts";
import { runFloor } from "./floor.ts";
import { peakMemoryMb } from "./memory.ts";
import { readPlannedTables } from "./plannedTables.ts";

const DATABASE = "Samples";
const TABLE = "flights-3m";
const ALL_PARTS = 24;
const ROUNDS = 3;

interface Measured {
  readonly pipeline: number[];
  readonly floor: number[];
  readonly bare: number[];
}

async function bench(): Promise<void> {
  const databases = [
    "Few",
    ...Array.from({ length: ROUNDS }, (_, i) => [`Copy${i}`, `Floor${i}`, `Bare${i}`]).flat(),
  ];
  const stack = await startStack({
    host: true,
    sourceDatabases: [DATABASE, "Few"],
    destinationDatabases: databases,
    settings: {
      KUSTO_COPY_TICK: "0 0 0 1 1 *",
      KUSTO_COPY_POLL: "100ms",
      // As many hashes at once as the floor has: one for each export and each ingestion.
      KUSTO_COPY_QUERY_SLOTS: "8",
      KUSTO_COPY_WINDOW_ROWS: "125000",
    },
  });
  try {
    await loadTables(stack.urls.sourceKusto, "Few", [
      { ...flights3m(ALL_PARTS), parts: flights3m(ALL_PARTS).parts.slice(0, 2) },
    ]);
    await loadTables(stack.urls.sourceKusto, DATABASE, [flights3m(ALL_PARTS)]);
    await copy(stack, "Few", "Few");
    const few = await peakMemoryMb(stack.pids.host ?? 0);
    const measured: Measured = { pipeline: [], floor: [], bare: [] };
    let windows = 0;
    for (let i = 0; i < ROUNDS; i++) {
      measured.pipeline.push(await copy(stack, DATABASE, `Copy${i}`));
      const floor = await floorOptions(stack, `Copy${i}`);
      windows = floor.table.windows.length;
      measured.floor.push(
        await runFloor({ ...floor, destinationDatabase: `Floor${i}`, folder: `floor/${i}`, verify: true }),
      );
      measured.bare.push(
        await runFloor({ ...floor, destinationDatabase: `Bare${i}`, folder: `bare/${i}`, verify: false }),
      );
    }
    const all = await peakMemoryMb(stack.pids.host ?? 0);
    print(measured, windows, few, all);
  } finally {
    await stack.stop();
  }
}

/** Copies a database's tables by the app and answers the milliseconds from the request to its end. */
async function copy(stack: Stack, source: string, destination: string): Promise<number> {
  const began = Date.now();
  const answer = await fetch(`${stack.urls.functions}/api/copies`, {
    method: "POST",
    body: JSON.stringify({
      source: { database: source },
      destination: { database: destination },
      lake: `${stack.urls.lake}/copy/${destination}`,
    }),
  });
  const text = await answer.text();
  if (answer.status !== 202) throw new Error(`POST /api/copies answered ${answer.status}: ${text}`);
  const { statusUrl } = z.object({ statusUrl: z.string() }).parse(JSON.parse(text));
  for (;;) {
    const look = z
      .object({ state: z.string(), error: z.string().nullable() })
      .parse(await (await fetch(statusUrl)).json());
    if (look.state === "succeeded") return Date.now() - began;
    if (look.state !== "running") throw new Error(`The copy to ${destination} ${look.state}: ${look.error}`);
    await sleep(100);
  }
}

async function floorOptions(stack: Stack, copied: string) {
  const lake = openLake(parseLake(`${stack.urls.lake}/copy/${copied};${storageAccount.key}`));
  const table = (await readPlannedTables(lake)).find((each) => each.name === TABLE);
  if (!table) throw new Error(`The log of ${copied} plans no table ${TABLE}.`);
  const source = client(stack.urls.sourceKusto);
  const destination = client(stack.urls.destinationKusto);
  const [from, to] = [await readSlots(source, DATABASE), await readSlots(destination, copied)];
  return {
    source,
    destination,
    sourceDatabase: DATABASE,
    lake,
    table,
    exportSlots: from.export,
    ingestionSlots: to.ingestion,
  };
}

function print(measured: Measured, windows: number, few: number | undefined, all: number | undefined): void {
  const seconds = (times: readonly number[]) => times.map((ms) => (ms / 1000).toFixed(1)).join(" s, ");
  const pipeline = middle(measured.pipeline);
  const floor = middle(measured.floor);
  const bare = middle(measured.bare);
  process.stdout.write(
    `${[
      `${count(3_000_000)} rows of ${TABLE} in ${windows} windows, ${ROUNDS} rounds in turn`,
      `pipeline                        ${seconds(measured.pipeline)} s`,
      `floor (bare commands, hashed)   ${seconds(measured.floor)} s`,
      `floor without verification      ${seconds(measured.bare)} s`,
      `pipeline / floor                ${(pipeline / floor).toFixed(2)}`,
      `verification, share of floor    ${(((floor - bare) / floor) * 100).toFixed(0)} %`,
      `orchestration, log and status   ${((pipeline - floor) / 1000).toFixed(1)} s (${(((pipeline - floor) / windows) * 1).toFixed(0)} ms a window)`,
      few === undefined || all === undefined
        ? "peak memory of the app          not measured on this system"
        : `peak memory of the app          ${few.toFixed(0)} MB after ${count(250_000)} rows, ${all.toFixed(0)} MB after ${count(3_000_000 * ROUNDS)}`,
    ].join("\n")}\n`,
  );
}

function middle(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return (
    ((sorted[Math.floor((sorted.length - 1) / 2)] ?? 0) + (sorted[Math.ceil((sorted.length - 1) / 2)] ?? 0)) /
    2
  );
}

try {
  await bench();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
