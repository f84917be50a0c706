import { describe, expect, it } from "vitest";
import { readCapacity } from "../../../kusto/commands/capacity.ts";
import { extentAnswer, failedMoves, moveAnswer } from "../../../kusto/commands/extents.ts";
import { isStorageRefusal, operationOutcome } from "../../../kusto/commands/operations.ts";
import {
  alterIngestionBatchingPolicy,
  alterRetentionPolicy,
  encodingProfile,
  readDatabaseSchema,
  readEncodingPolicy,
  readIngestionTimePolicies,
} from "../../../kusto/commands/schema.ts";
import { rowsOf } from "../../../kusto/rows.ts";

describe("the state of an operation", () => {
  it.each([
    ["Scheduled", "running"],
    ["InProgress", "running"],
    ["Completed", "completed"],
    ["Failed", "failed-retryable"],
    ["PartiallySucceeded", "failed-retryable"],
    ["Abandoned", "failed-retryable"],
    ["Throttled", "failed-retryable"],
    ["BadInput", "failed-terminal"],
    ["Canceled", "failed-terminal"],
    ["Skipped", "failed-terminal"],
    ["Dreaming", "unknown"],
  ])("%s is %s", (state, outcome) => {
    expect(operationOutcome(state)).toBe(outcome);
  });

  it("is settled by ShouldRetry for what failed, and only for that", () => {
    expect(operationOutcome("Failed", false)).toBe("failed-terminal");
    expect(operationOutcome("Failed", true)).toBe("failed-retryable");
    expect(operationOutcome("Throttled", false)).toBe("failed-retryable");
    expect(operationOutcome("BadInput", true)).toBe("failed-terminal");
  });
});

it.each([
  ["Failed to download source from Azure storage - access forbidden", true],
  [
    "Download_Forbidden: Failed to download source from Azure Storage (permission denied or access denied)",
    true,
  ],
  ["Server failed to authenticate the request. (403)", true],
  ["This request is not authorized to perform this operation: AuthorizationPermissionMismatch", true],
  ["Semantic error: 'project' operator: Failed to resolve column named 'Old'", false],
  ["The table Events40312 could not be found", false],
])("%s tells of a refusal by storage: %s", (status, refused) => {
  expect(isStorageRefusal(status)).toBe(refused);
});

describe("the capacity", () => {
  const row = (Resource: string, Total: bigint, Remaining: bigint) => ({
    Resource,
    Total,
    Consumed: Total - Remaining,
    Remaining,
    Origin: "CapacityPolicy",
  });

  it("is found under both spellings of its resources", () => {
    const expected = {
      export: { total: 4, remaining: 1 },
      ingestion: { total: 8, remaining: 0 },
      queries: { total: 10, remaining: 10 },
    };
    expect(
      readCapacity([row("DataExport", 4n, 1n), row("Ingestions", 8n, -1n), row("Queries", 10n, 10n)]),
    ).toEqual(expected);
    expect(
      readCapacity([row("data-export", 4n, 1n), row("ingestions", 8n, 0n), row("queries", 10n, 10n)]),
    ).toEqual(expected);
  });

  it("without exports is an error", () => {
    expect(() => readCapacity([row("Ingestions", 8n, 8n)])).toThrow(/DataExport/);
  });
});

describe("the schema", () => {
  const json = (columns: unknown) =>
    JSON.stringify({
      Databases: {
        db: {
          Name: "Db",
          Tables: { "T.[x]": { Name: "T.[x]", Folder: "f", DocString: null, OrderedColumns: columns } },
        },
      },
    });

  it("is read with names, types and docstrings, whatever the case of the database", () => {
    const rows = [
      {
        DatabaseSchema: json([
          { Name: "a", Type: "System.SByte", CslType: "bool", DocString: "d" },
          { Name: "b", Type: "System.Data.SqlTypes.SqlDecimal" },
        ]),
      },
    ];
    expect(readDatabaseSchema("DB", rows)).toEqual([
      {
        name: "T.[x]",
        folder: "f",
        docstring: "",
        columns: [
          { name: "a", type: "bool", docstring: "d" },
          { name: "b", type: "decimal", docstring: "" },
        ],
      },
    ]);
  });

  it("with an unknown type or of another database is an error", () => {
    expect(() => readDatabaseSchema("Db", [{ S: json([{ Name: "a", Type: "System.Odd" }]) }])).toThrow(
      /System\.Odd/,
    );
    expect(() => readDatabaseSchema("Other", [{ S: json([]) }])).toThrow(/missing/);
  });
});

describe("policies", () => {
  it("are told by table, with any character in the name", () => {
    const rows = [
      {
        PolicyName: "IngestionTimePolicy",
        EntityName: "[My.Db].[a].[b]]",
        Policy: '{"IsEnabled": true}',
        ChildEntities: "",
        EntityType: "Table",
      },
      { PolicyName: "IngestionTimePolicy", EntityName: "[my.db].[c]", Policy: "null" },
      { PolicyName: "IngestionTimePolicy", EntityName: "[my.db].[d]", Policy: "true" },
    ];
    expect([...readIngestionTimePolicies("my.db", rows)]).toEqual([
      ["a].[b]", true],
      ["c", false],
      ["d", true],
    ]);
    expect(() => readIngestionTimePolicies("other", rows)).toThrow(/not a table/);
  });

  it("of encoding give the profile that holds the values", () => {
    expect(readEncodingPolicy([{ Policy: "null" }])).toBeNull();
    expect(readEncodingPolicy([])).toBeNull();
    expect(encodingProfile('{"MaxValueSize":2097152}')).toBe("BigObject");
    expect(encodingProfile('{"MaxValueSize":33554432}')).toBe("BigObject32");
    expect(encodingProfile('{"Profile":"identifier"}')).toBe("Identifier");
    expect(encodingProfile('{"MaxValueSize":1048576}')).toBeUndefined();
  });

  it("are written in the units that Kusto reads and kept within its limits", () => {
    expect(alterRetentionPolicy("T")).toContain('"SoftDeletePeriod":"365000.00:00:00"');
    expect(alterIngestionBatchingPolicy(["T"], { timeSpanMs: 1000 })).toContain(
      '"MaximumBatchingTimeSpan":"00:00:10"',
    );
    expect(alterIngestionBatchingPolicy(["T"], { timeSpanMs: 90_000, items: 1, rawSizeMb: 9999 })).toContain(
      '{"MaximumBatchingTimeSpan":"00:01:30","MaximumNumberOfItems":1,"MaximumRawDataSizeMB":4096}',
    );
  });
});

describe("extents", () => {
  it("carry their tags as a list", () => {
    const row = {
      ExtentId: "e",
      TableName: "T",
      RowCount: 5n,
      OriginalSize: 1.5,
      MinCreatedOn: "a",
      MaxCreatedOn: "b",
      Tags: "one\r\ndrop-by:2026-01-02",
    };
    expect(rowsOf(extentAnswer, [row, { ...row, Tags: "" }]).map(({ Tags }) => Tags)).toEqual([
      ["one", "drop-by:2026-01-02"],
      [],
    ]);
  });

  it("that failed to move are found although the command succeeded", () => {
    const rows = rowsOf(moveAnswer, [
      { OriginalExtentId: "a", ResultExtentId: "b", Details: "" },
      { OriginalExtentId: "c", ResultExtentId: "Failed", Details: "why" },
    ]);
    expect(failedMoves(rows).map(({ Details }) => Details)).toEqual(["why"]);
  });
});
