import { parseArgs } from "node:util";
import { portsFromEnvironment, portVariables } from "./stack/ports.ts";
import { type Stack, startStack } from "./stack/stack.ts";
import { storageAccount } from "./stack/storageAccount.ts";
import { whenParentGone } from "./stack/whenParentGone.ts";

const usage = `Usage: npm run local -- [--data DIR] [--leader2] [--no-host] [--verbose]

  --data DIR   keep all data in DIR between runs; without it everything starts fresh
  --leader2    start a second cluster to follow
  --no-host    start what the app needs, not the app
  --verbose    show what the processes write

Ports: ${Object.values(portVariables)
  .map(([name, usual]) => `${name} (${usual})`)
  .join(", ")}
`;

interface Options {
  readonly data: string | undefined;
  readonly leader2: boolean;
  readonly host: boolean;
  readonly verbose: boolean;
}

function readOptions(): Options {
  try {
    const { values } = parseArgs({
      allowNegative: true,
      options: {
        data: { type: "string" },
        leader2: { type: "boolean", default: false },
        host: { type: "boolean", default: true },
        verbose: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) {
      process.stdout.write(usage);
      process.exit(0);
    }
    return { data: values.data, leader2: values.leader2, host: values.host, verbose: values.verbose };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}

/** The lake folder that the app uses, with the emulator's public key: as the command takes it. */
function lakeOf({ urls }: Stack): string {
  return `${urls.lake}/copy/demo;${storageAccount.key}`;
}

/** The copy of the app as a command, to paste into a shell. */
function command(stack: Stack): string {
  const { sourceKusto, destinationKusto } = stack.urls;
  return `npx kusto-copy -l '${lakeOf(stack)}' -s ${sourceKusto} -d ${destinationKusto} --db Samples`;
}

function table(stack: Stack, options: Options): string {
  const { urls } = stack;
  const rows: [string, string][] = [
    ...(options.host
      ? ([
          ["Functions host", urls.functions],
          ["  health", `${urls.functions}/api/health`],
        ] satisfies [string, string][])
      : []),
    ["Source Kusto", `${urls.sourceKusto}  database Samples`],
    ["Destination Kusto", `${urls.destinationKusto}  database Samples`],
    ...(options.leader2
      ? ([["Second leader", `${urls.leader2Kusto}  database Samples`]] satisfies [string, string][])
      : []),
    ["Data lake", lakeOf(stack)],
    ["Storage (Azurite)", `${urls.blob}  queue ${stack.ports.queue}  table ${stack.ports.table}`],
    ["Resource manager", urls.arm],
    ["Event topic", `${urls.events}/api/events  received: ${urls.events}/events`],
    ["Data", options.data ?? "fresh, gone at the end (--data DIR keeps it)"],
  ];
  return rows.map(([name, place]) => `  ${name.padEnd(20)}${place}\n`).join("");
}

const options = readOptions();
const ending = new AbortController();
let signals = 0;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    signals += 1;
    // Who asks twice doesn't want to wait: the children see their channel close, and end by themselves.
    if (signals > 1) process.exit(130);
    ending.abort(new Error(`Ended by ${signal}`));
  });
}
whenParentGone(() => ending.abort(new Error("Ended with npm")));

const started = Date.now();
try {
  const stack = await startStack({
    ports: portsFromEnvironment(process.env),
    host: options.host,
    samples: true,
    signal: ending.signal,
    onProgress: (text) => process.stdout.write(`Starting: ${text}\n`),
    ...(options.data === undefined ? {} : { data: options.data }),
    ...(options.leader2 ? { leader2Databases: ["Samples"] } : {}),
    ...(options.verbose ? { onLine: (part, line) => process.stdout.write(`[${part}] ${line}\n`) } : {}),
  });
  process.stdout.write(
    `\nReady after ${((Date.now() - started) / 1000).toFixed(1)} s. Ctrl-C ends it.\n\n${table(stack, options)}\n  ${command(stack)}\n\n`,
  );
  const asked = new Promise<undefined>((resolve) => {
    if (ending.signal.aborted) resolve(undefined);
    ending.signal.addEventListener("abort", () => resolve(undefined));
  });
  const failure = await Promise.race([asked, stack.failed]);
  if (failure !== undefined) throw failure;
  process.stdout.write("Stopping\n");
  await stack.stop();
  process.exit(0);
} catch (error) {
  if (ending.signal.aborted) process.exit(0);
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
