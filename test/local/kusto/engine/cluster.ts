import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Client, ClientRequestProperties } from "azure-kusto-data";
import { z } from "zod";
import { nodeExecutable } from "../../../../local/stack/siblings.ts";

const main = fileURLToPath(new URL("../../../../local/kusto/main.ts", import.meta.url));
const readyLine = z.object({ ready: z.literal(true), url: z.string() });
const failure = z.object({
  response: z.object({
    status: z.number(),
    data: z.object({
      error: z.object({
        code: z.string(),
        "@message": z.string(),
        "@permanent": z.boolean(),
        "@type": z.string(),
      }),
    }),
  }),
});
const throttling = z.object({ inner: failure });

export interface Failure {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly permanent: boolean;
  readonly type: string;
}

export type Row = Readonly<Record<string, unknown>>;

/** A local Kusto in a process of its own, spoken to through the real client. */
export interface Cluster {
  readonly url: string;
  readonly query: (
    text: string,
    options?: Readonly<Record<string, unknown>>,
    parameters?: Readonly<Record<string, string | number>>,
  ) => Promise<Row[]>;
  readonly command: (text: string, database?: string) => Promise<Row[]>;
  /** The error that a query or command is answered with. */
  readonly failure: (text: string) => Promise<Failure>;
  readonly local: (path: string, body: unknown) => Promise<unknown>;
  readonly get: (path: string) => Promise<unknown>;
  readonly operation: (id: string) => Promise<Row>;
  readonly kill: () => Promise<void>;
  readonly stop: () => Promise<number | null>;
}

function rowsOf(table: { toJSON: <T>() => { data: T[] } } | undefined): Row[] {
  return table?.toJSON<Row>().data ?? [];
}

export async function startCluster(...options: string[]): Promise<Cluster> {
  const child: ChildProcess = spawn(nodeExecutable(), [main, "--port", "0", "--name", "test", ...options], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const url = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout?.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      const line = text.split("\n").find((item) => item.startsWith("{"));
      if (line !== undefined && text.includes("\n")) resolve(readyLine.parse(JSON.parse(line)).url);
    });
    exited.then(() => reject(new Error("the cluster ended at its start")));
  });
  const client = new Client(url);
  const query: Cluster["query"] = async (text, properties = {}, parameters = {}) => {
    const request = new ClientRequestProperties();
    for (const [name, value] of Object.entries(properties)) request.setOption(name, value);
    for (const [name, value] of Object.entries(parameters)) request.setParameter(name, value);
    return rowsOf((await client.executeQuery("Samples", text, request)).primaryResults[0]);
  };
  const command: Cluster["command"] = async (text, database = "Samples") =>
    rowsOf((await client.executeMgmt(database, text)).primaryResults[0]);
  return {
    url,
    query,
    command,
    failure: async (text) => {
      try {
        await (text.trim().startsWith(".") ? command(text) : query(text));
      } catch (error) {
        const direct = failure.safeParse(error);
        const { response } = direct.success ? direct.data : throttling.parse(error).inner;
        const { error: body } = response.data;
        return {
          status: response.status,
          code: body.code,
          message: body["@message"],
          permanent: body["@permanent"],
          type: body["@type"],
        };
      }
      throw new Error(`it should have failed: ${text}`);
    },
    local: async (path, body) => {
      const response = await fetch(`${url}/local/${path}`, { method: "POST", body: JSON.stringify(body) });
      if (!response.ok) throw new Error(await response.text());
      return response.json();
    },
    get: async (path) => (await fetch(`${url}/local/${path}`)).json(),
    operation: async (id) => {
      for (let tries = 0; tries < 400; tries += 1) {
        const [row] = await command(`.show operations (${id})`);
        if (row !== undefined && row.State !== "InProgress" && row.State !== "Scheduled") return row;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      throw new Error(`operation ${id} doesn't end`);
    },
    kill: async () => {
      client.close();
      child.kill("SIGKILL");
      await exited;
    },
    stop: async () => {
      client.close();
      child.kill("SIGTERM");
      const [code] = await exited;
      return typeof code === "number" ? code : null;
    },
  };
}

/** Waits until something holds. */
export async function until<T>(read: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 200; tries += 1) {
    const value = await read();
    if (holds(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("it never came to hold");
}

export async function idsOf(cluster: Cluster, table: string): Promise<string[]> {
  return (await cluster.command(`.show table ${table} extents`)).map((row) => String(row.ExtentId));
}
