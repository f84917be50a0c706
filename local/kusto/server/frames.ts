import { randomUUID } from "node:crypto";
import type { KustoColumn, TranslatedQuery } from "../catalog.ts";
import type { RequestContext } from "../engine/request.ts";
import { type CommandResult, result } from "../engine/result.ts";
import type { KustoError } from "../kustoError.ts";
import { errorBody } from "./errors.ts";
import { columnsV1, columnsV2, rowJson } from "./json.ts";

/** What a query gave, its rows already JSON. */
export interface QueryAnswer {
  readonly query: Pick<TranslatedQuery, "columns" | "usesCursor" | "visualization">;
  readonly rows: readonly string[];
  readonly cursor: string;
  readonly failure: KustoError | undefined;
  readonly startedOn: bigint;
  readonly endedOn: bigint;
  /** ISO text of the moment. */
  readonly now: string;
}

function rowsJson(answer: CommandResult): string {
  return answer.rows.map((row) => rowJson(row, answer.columns)).join(",");
}

function visualization(kind: string | undefined): string {
  return JSON.stringify({
    Visualization: kind ?? null,
    Title: null,
    XColumn: null,
    Series: null,
    YColumns: null,
    AnomalyColumns: null,
    XTitle: null,
    YTitle: null,
    XAxis: null,
    YAxis: null,
    Legend: null,
    YSplit: null,
    Accumulate: false,
    IsQuerySorted: false,
    Kind: null,
    Ymin: "NaN",
    Ymax: "NaN",
    Xmin: null,
    Xmax: null,
  });
}

function statistics(answer: QueryAnswer): string {
  return JSON.stringify({
    ExecutionTime: Number(answer.endedOn - answer.startedOn) / 1e7,
    resource_usage: {
      cache: { memory: { hits: 0, misses: 0, total: 0 }, disk: { hits: 0, misses: 0, total: 0 } },
      cpu: { user: "00:00:00", kernel: "00:00:00", "total cpu": "00:00:00" },
      memory: { peak_per_node: 0 },
    },
    dataset_statistics: [
      {
        table_row_count: answer.rows.length,
        table_size: answer.rows.reduce((sum, row) => sum + row.length, 0),
      },
    ],
  });
}

function dataTable(
  id: number,
  kind: string,
  name: string,
  columns: readonly KustoColumn[],
  rows: string,
): string {
  return `{"FrameType":"DataTable","TableId":${id},"TableKind":"${kind}","TableName":"${name}","Columns":${columnsV2(columns)},"Rows":[${rows}]}`;
}

/** A query's answer as version 2 frames, not progressive (`kusto/api/rest/response-v2.md`). */
export function framesV2(answer: QueryAnswer, context: RequestContext): string {
  const properties = result(
    ["TableId:int", "Key:string", "Value:string"],
    [
      [1, "Visualization", visualization(answer.query.visualization)],
      ...(answer.query.usesCursor ? [[1, "Cursor", answer.cursor]] : []),
    ],
  );
  const propertyColumns: KustoColumn[] = properties.columns.map((column) =>
    column.name === "Value" ? { ...column, type: "dynamic" } : column,
  );
  const failed = answer.failure !== undefined;
  const information = result(
    [
      "Timestamp:datetime",
      "ClientRequestId:string",
      "ActivityId:guid",
      "SubActivityId:guid",
      "ParentActivityId:guid",
      "Level:int",
      "LevelName:string",
      "StatusCode:int",
      "StatusCodeName:string",
      "EventType:int",
      "EventTypeName:string",
      "Payload:string",
    ],
    [
      [
        answer.endedOn,
        context.clientRequestId,
        context.activityId,
        context.activityId,
        context.activityId,
        failed ? 2 : 4,
        failed ? "Error" : "Info",
        failed ? -2133196797 : 0,
        failed ? "E_QUERY_RESULT_SET_TOO_LARGE" : "S_OK (0)",
        4,
        "QueryInfo",
        JSON.stringify({ Count: 1, Text: answer.failure?.message ?? "Query completed successfully" }),
      ],
      [
        answer.endedOn,
        context.clientRequestId,
        context.activityId,
        context.activityId,
        context.activityId,
        6,
        "Stats",
        0,
        "S_OK (0)",
        0,
        "QueryResourceConsumption",
        statistics(answer),
      ],
    ],
  );
  const errors =
    answer.failure === undefined
      ? ""
      : `,"OneApiErrors":[${JSON.stringify(errorBody(answer.failure, context, answer.now))}]`;
  const rows = answer.rows.join(",");
  return `[${[
    '{"FrameType":"DataSetHeader","IsProgressive":false,"Version":"v2.0"}',
    dataTable(0, "QueryProperties", "@ExtendedProperties", propertyColumns, rowsJson(properties)),
    dataTable(1, "PrimaryResult", "PrimaryResult", answer.query.columns, rows),
    dataTable(
      2,
      "QueryCompletionInformation",
      "QueryCompletionInformation",
      information.columns,
      rowsJson(information),
    ),
    `{"FrameType":"DataSetCompletion","HasErrors":${failed},"Cancelled":false${errors}}`,
  ].join(",\r\n")}]`;
}

function tableV1(name: string, columns: readonly KustoColumn[], rows: string): string {
  return `{"TableName":"${name}","Columns":${columnsV1(columns)},"Rows":[${rows}]}`;
}

/** A query's answer as version 1 tables, the table of contents last (`kusto/api/rest/response-http.md`). */
export function tablesV1(answer: QueryAnswer, context: RequestContext): string {
  const values = [
    [visualization(answer.query.visualization)],
    ...(answer.query.usesCursor ? [[JSON.stringify({ Cursor: answer.cursor })]] : []),
  ];
  const properties = result(["Value:string"], values);
  const failed = answer.failure !== undefined;
  const common = [1, context.activityId, context.activityId, context.activityId, context.clientRequestId];
  const status = result(
    [
      "Timestamp:datetime",
      "Severity:int",
      "SeverityName:string",
      "StatusCode:int",
      "StatusDescription:string",
      "Count:int",
      "RequestId:guid",
      "ActivityId:guid",
      "SubActivityId:guid",
      "ClientActivityId:string",
    ],
    [
      [
        answer.endedOn,
        failed ? 2 : 4,
        failed ? "Error" : "Info",
        failed ? -2133196797 : 0,
        answer.failure?.message ?? "Query completed successfully",
        ...common,
      ],
      [answer.endedOn, 6, "Stats", 0, statistics(answer), ...common],
    ],
  );
  const contents = result(
    ["Ordinal:long", "Kind:string", "Name:string", "Id:string", "PrettyName:string"],
    [
      [0, "QueryResult", "PrimaryResult", randomUUID(), ""],
      [1, "QueryProperties", "@ExtendedProperties", randomUUID(), ""],
      [2, "QueryStatus", "QueryStatus", "00000000-0000-0000-0000-000000000000", ""],
    ],
  );
  return `{"Tables":[${[
    tableV1("Table_0", answer.query.columns, answer.rows.join(",")),
    ...[properties, status, contents].map((table, index) =>
      tableV1(`Table_${index + 1}`, table.columns, rowsJson(table)),
    ),
  ].join(",")}]}`;
}

/** A command's answer: one table. */
export function commandV1(answer: CommandResult): string {
  return `{"Tables":[${tableV1("Table_0", answer.columns, rowsJson(answer))}]}`;
}
