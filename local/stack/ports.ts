import { createServer } from "node:net";
import { z } from "zod";

/** The ports of the stack, the environment variable that sets each, and where each is without one. */
export const portVariables = {
  functions: ["FUNCTIONS_PORT", 7071, "the Functions host"],
  sourceKusto: ["SOURCE_KUSTO_PORT", 8080, "the source Kusto"],
  destinationKusto: ["DESTINATION_KUSTO_PORT", 8081, "the destination Kusto"],
  arm: ["ARM_PORT", 8082, "the resource manager"],
  events: ["EVENTS_PORT", 8083, "the event topic"],
  leader2Kusto: ["LEADER2_KUSTO_PORT", 8084, "the second leader's Kusto"],
  blob: ["BLOB_PORT", 10000, "Azurite's blobs"],
  queue: ["QUEUE_PORT", 10001, "Azurite's queues"],
  table: ["TABLE_PORT", 10002, "Azurite's tables"],
  lake: ["LAKE_PORT", 10003, "the data lake"],
} as const;

export type PortName = keyof typeof portVariables;
export type Ports = Readonly<Record<PortName, number>>;

const portNames: readonly PortName[] = [
  "functions",
  "sourceKusto",
  "destinationKusto",
  "arm",
  "events",
  "leader2Kusto",
  "blob",
  "queue",
  "table",
  "lake",
];

const portNumber = z.coerce.number().int().min(1).max(65535);

function portsBy(choose: (name: PortName) => number): Ports {
  return {
    functions: choose("functions"),
    sourceKusto: choose("sourceKusto"),
    destinationKusto: choose("destinationKusto"),
    arm: choose("arm"),
    events: choose("events"),
    leader2Kusto: choose("leader2Kusto"),
    blob: choose("blob"),
    queue: choose("queue"),
    table: choose("table"),
    lake: choose("lake"),
  };
}

export function portsFromEnvironment(environment: Readonly<Record<string, string | undefined>>): Ports {
  return portsBy((name) => {
    const [variable, usual] = portVariables[name];
    const text = environment[variable];
    if (text === undefined || text === "") return usual;
    const parsed = portNumber.safeParse(text);
    if (!parsed.success) throw new Error(`${variable} is '${text}': it must be a port between 1 and 65535.`);
    return parsed.data;
  });
}

/** Whether a port of 127.0.0.1 can be listened on; else the code of the error. */
function tryPort(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(undefined)));
  });
}

/** Throws with the port, what it is for and the variable that moves it, if one of them is taken. */
export async function checkPorts(ports: Ports, needed: readonly PortName[]): Promise<void> {
  const problems: string[] = [];
  const seen = new Map<number, PortName>();
  for (const name of needed) {
    const [variable, , what] = portVariables[name];
    const port = ports[name];
    const other = seen.get(port);
    if (other !== undefined) {
      problems.push(`Port ${port} is asked for twice: by ${portVariables[other][0]} and ${variable}.`);
      continue;
    }
    seen.set(port, name);
    const code = await tryPort(port);
    if (code === "EADDRINUSE") {
      problems.push(
        `Port ${port} of 127.0.0.1, for ${what}, is in use. Stop what listens there, or set ${variable} to another port.`,
      );
    } else if (code !== undefined) {
      problems.push(
        `Port ${port} of 127.0.0.1, for ${what}, can't be listened on (${code}). Set ${variable} to another port.`,
      );
    }
  }
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

/** Free ports below those that systems give to outgoing connections, so that none of these takes one meanwhile. */
export async function freePorts(): Promise<Ports> {
  const taken = new Map<PortName, number>();
  for (const name of portNames) {
    for (let attempt = 0; !taken.has(name); attempt++) {
      if (attempt === 100) throw new Error("No free port was found on 127.0.0.1.");
      const port = 15_000 + Math.floor(Math.random() * 16_000);
      if (![...taken.values()].includes(port) && (await tryPort(port)) === undefined) taken.set(name, port);
    }
  }
  return portsBy((name) => {
    const port = taken.get(name);
    if (port === undefined) throw new Error(`No port for ${name}`);
    return port;
  });
}
