import { createServer, type Server } from "node:http";
import { newTable } from "../../../../local/kusto/commands/tables.ts";
import { createDataPart } from "../../../../local/kusto/data/dataPart.ts";
import type { StorageEndpoints } from "../../../../local/kusto/data/storageEndpoints.ts";
import { type Engine, openEngine } from "../../../../local/kusto/engine/engine.ts";
import { findTable, withDatabase } from "../../../../local/kusto/engine/lookup.ts";
import type { LanguagePart } from "../../../../local/kusto/engine/parts.ts";
import { tableRelation } from "../../../../local/kusto/engine/relations.ts";
import { type ColumnState, type TableState, withTable } from "../../../../local/kusto/engine/state.ts";
import { type Cell, readRows } from "./rows.ts";

/** A cluster of an engine and its data part alone: no query language, no commands but the two that ingestion clients send. */
export interface TestCluster {
  readonly engine: Engine;
  readonly uri: string;
  readonly createTable: (
    name: string,
    columns: readonly ColumnState[],
    policies?: TableState["policies"],
  ) => Promise<void>;
  readonly rows: (table: string, select?: string) => Promise<Cell[][]>;
  readonly startPump: () => Promise<() => Promise<void>>;
  readonly close: () => Promise<void>;
}

const noLanguage: LanguagePart = {
  translate: () => Promise.reject(new Error("no queries here")),
  registerFunctions: () => undefined,
};

function answer(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return JSON.stringify({
    Tables: [
      {
        TableName: "Table_0",
        Columns: columns.map((name) => ({ ColumnName: name, DataType: "String", ColumnType: "string" })),
        Rows: rows,
      },
    ],
  });
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}`;
}

export async function openCluster(name: string, endpoints: StorageEndpoints): Promise<TestCluster> {
  const problems: unknown[] = [];
  const report = (error: unknown): void => {
    problems.push(error);
  };
  const data = createDataPart({ cluster: name, endpoints, report });
  const engine = await openEngine({
    name,
    path: undefined,
    databases: ["D"],
    nodes: 1,
    cores: 2,
    exportSlots: undefined,
    ingestionSlots: undefined,
    cursorLagMs: [0, 0],
    maintenanceMs: 3_600_000,
    followerRefreshMs: 3_600_000,
    language: noLanguage,
    data,
    report,
  });
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    response.setHeader("content-type", "application/json");
    if (body.includes(".get ingestion resources"))
      response.end(
        answer(
          ["ResourceTypeName", "StorageRoot"],
          (await data.ingestionResources()).map((one) => [one.resource, one.root]),
        ),
      );
    else if (body.includes(".get kusto identity token"))
      response.end(answer(["AuthorizationContext"], [[await data.identityToken()]]));
    else response.writeHead(404).end();
  });
  const uri = await listen(server);
  const stops: (() => Promise<void>)[] = [];
  const table = (tableName: string): TableState => findTable(engine.database("D"), tableName);
  return {
    engine,
    uri,
    createTable: async (tableName, columns, policies = {}) => {
      await engine.store.change((state) =>
        withDatabase(state, withTable(engine.database("D"), { ...newTable(tableName, columns), policies })),
      );
    },
    rows: async (tableName, select = "*") => {
      const relation = tableRelation(engine.database("D"), table(tableName)).from;
      const names =
        select === "*"
          ? table(tableName)
              .columns.map((column) => `"${column.name}"`)
              .join(", ")
          : select;
      return await engine.store.withConnection((connection) =>
        readRows(connection, `(SELECT ${names} FROM ${relation})`),
      );
    },
    startPump: async () => {
      const stop = await data.start(engine);
      stops.push(stop);
      return stop;
    },
    close: async () => {
      engine.clock.stop();
      for (const stop of stops) await stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await engine.close();
      if (problems.length > 0) throw new AggregateError(problems, "errors were reported");
    },
  };
}

/** Waits for something to become true, for a few seconds of real time. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  ms = 15_000,
): Promise<void> {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
