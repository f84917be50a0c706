/**
 * The columns of the status file in the lake, in their order. The writer of the file and the `KC_Status` function
 * that reads it (`kusto/query/externaldata-operator.md`) take them from here, so that they can't differ.
 */
export const STATUS_COLUMNS = [
  { name: "Job", type: "string" },
  { name: "Iteration", type: "long" },
  { name: "Lane", type: "string" },
  { name: "TableName", type: "string" },
  { name: "WindowId", type: "string" },
  { name: "State", type: "string" },
  { name: "Rows", type: "long" },
  { name: "Bytes", type: "long" },
  { name: "IngestedFrom", type: "datetime" },
  { name: "IngestedTo", type: "datetime" },
  { name: "Attempt", type: "int" },
  { name: "Error", type: "string" },
  { name: "LagSeconds", type: "real" },
  { name: "Cursor", type: "string" },
  { name: "UpdatedAt", type: "datetime" },
  // New ones come last: a view reads the file of a version without them by place, and they are null.
  { name: "Retries", type: "long" },
  { name: "RetryReason", type: "string" },
] as const;

export type StatusColumn = (typeof STATUS_COLUMNS)[number]["name"];
