import type { KustoType } from "./catalog.ts";

const PHYSICAL: Readonly<Record<KustoType, string>> = {
  bool: "BOOLEAN",
  int: "INTEGER",
  long: "BIGINT",
  real: "DOUBLE",
  decimal: "VARCHAR",
  datetime: "BIGINT",
  timespan: "BIGINT",
  guid: "VARCHAR",
  string: "VARCHAR",
  dynamic: "VARCHAR",
};

/** The DuckDB type that holds a Kusto type (see catalog.ts). */
export function physicalType(type: KustoType): string {
  return PHYSICAL[type];
}
