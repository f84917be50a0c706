import { parseArgs } from "node:util";
import { loadTables } from "../stack/samples.ts";
import { flights3m, sampleTables } from "../stack/sampleTables.ts";
import { type Stack, startStack } from "../stack/stack.ts";
import { type Copy, runCopy } from "./api.ts";
import { client, compareDatabases } from "./compare.ts";
import { demoFollowers } from "./followers.ts";
import { ingestNewRows } from "./newRows.ts";
import { count, startProgress } from "./progress.ts";

const DATABASE = "Samples";
const FLIGHT_PARTS = 40;

const usage = `Usage: npm run demo -- [--small | --followers]

Starts a source and a destination Kusto, a data lake and the app on this machine, loads public data into the source,
copies it, ingests more, copies that, and compares source and destination by content.

  --small       without the table of three million flights: a quick look
  --followers   shares a database instead: attach, query, override, verify, detach
`;

interface Options {
  readonly small: boolean;
  readonly followers: boolean;
}

function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      small: { type: "boolean", default: false },
      followers: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  return values.help ? undefined : { small: values.small, followers: values.followers };
}

/** Exit code: 0 when source and destination are equal, 1 when anything differs. */
async function demo(options: Options): Promise<number> {
  const started = Date.now();
  say("Starting a source and a destination Kusto, a data lake, an event topic and the app.");
  const stack = await startStack({
    host: true,
    // The demo asks for each iteration itself, so the timer waits for the new year.
    settings: {
      KUSTO_COPY_TICK: "0 0 0 1 1 *",
      KUSTO_COPY_WINDOW_ROWS: "150000",
      KUSTO_COPY_POLL: "200ms",
      KUSTO_COPY_QUERY_SLOTS: "4",
    },
    onLine: (part, line) => {
      if (part === "host" && process.env.DEMO_VERBOSE) process.stderr.write(`[${part}] ${line}\n`);
    },
  });
  process.once("SIGINT", () => void stack.stop().then(() => process.exit(130)));
  try {
    return await copyTwice(stack, options, started);
  } finally {
    await stack.stop();
  }
}

async function copyTwice(stack: Stack, options: Options, started: number): Promise<number> {
  const source = client(stack.urls.sourceKusto);
  const destination = client(stack.urls.destinationKusto);
  const tables = options.small ? sampleTables : [...sampleTables, flights3m(FLIGHT_PARTS)];
  say(`Loading ${tables.length} tables of public data into the source, spread over days of ingestion times.`);
  await loadTables(stack.urls.sourceKusto, DATABASE, tables);
  say(`The source is loaded after ${seconds(started)}. First iteration: all history.`);
  const first = await copied(stack);
  let equal = await report(stack, first);

  const added = await ingestNewRows(source, DATABASE);
  const total = Object.values(added).reduce((sum, rows) => sum + rows, 0);
  say(`Ingested ${total} new rows at the source (${Object.keys(added).join(", ")}). Next iteration.`);
  const second = await copied(stack);
  const moved = second.tables.filter((table) => table.rows > 0);
  say(`Moved: ${moved.map((table) => `${count(table.rows)} rows of ${table.name}`).join(", ")}.`);
  const only = moved.reduce((sum, table) => sum + table.rows, 0) === total;
  if (!only) process.stdout.write(`  DIFFERENT: ${total} new rows were ingested.\n`);
  equal = (await report(stack, second)) && equal && only;

  say("KC_Status, as a Kusto client sees it in the destination:");
  const status = await destination.query(
    DATABASE,
    "KC_Status() | where isempty(WindowId) | project Iteration, Lane, TableName, State, Rows, LagSeconds, Error | take 20",
  );
  printTable(
    status.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, value === null ? "" : String(value)]),
      ),
    ),
  );
  say(`Lag of the replica: ${second.lagSeconds?.toFixed(1)} s. All took ${seconds(started)}.`);
  say(equal ? "Source and destination are equal, table by table." : "Source and destination DIFFER.");
  return equal ? 0 : 1;
}

async function copied(stack: Stack): Promise<Copy> {
  const progress = startProgress();
  const began = Date.now();
  try {
    const copy = await runCopy(stack.urls.functions, progress.show);
    progress.stop();
    say(`Copy ${copy.id}: ${copy.state} after ${seconds(began)}.${copy.error ? ` ${copy.error}` : ""}`);
    return copy;
  } finally {
    progress.stop();
  }
}

async function report(stack: Stack, copy: Copy): Promise<boolean> {
  const began = Date.now();
  const differences = await compareDatabases(
    client(stack.urls.sourceKusto),
    client(stack.urls.destinationKusto),
    DATABASE,
  );
  printTable(
    differences.map((each) => ({
      table: each.table,
      source: count(Number(each.sourceRows)),
      destination: count(Number(each.destinationRows)),
      content: each.equal ? "equal" : "DIFFERENT",
    })),
  );
  process.stdout.write(`  compared by content in ${seconds(began)}\n`);
  for (const table of copy.tables.filter((each) => each.error !== null))
    process.stdout.write(`  ${table.name}: ${table.error}\n`);
  return copy.state === "succeeded" && differences.every((each) => each.equal);
}

function printTable(rows: readonly Readonly<Record<string, string>>[]): void {
  const names = Object.keys(rows[0] ?? {});
  const widths = names.map((name) => Math.max(name.length, ...rows.map((row) => (row[name] ?? "").length)));
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ")}\n`;
  process.stdout.write(
    `${line(names)}${rows.map((row) => line(names.map((name) => row[name] ?? ""))).join("")}`,
  );
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}

try {
  const options = readOptions();
  if (options === undefined) process.stdout.write(usage);
  else process.exitCode = await (options.followers ? demoFollowers() : demo(options));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
