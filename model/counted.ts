/** `1 row`, `2 rows`, as messages tell it. */
export function countedRows(rows: number | bigint): string {
  return `${rows} ${BigInt(rows) === 1n ? "row" : "rows"}`;
}
