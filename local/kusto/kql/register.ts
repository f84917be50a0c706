import type { DuckDBConnection } from "@duckdb/node-api";
import { arrayFunctions } from "./udf/arrayFunctions.ts";
import { decimalFunctions } from "./udf/decimalFunctions.ts";
import { register } from "./udf/define.ts";
import { dynamicFunctions } from "./udf/dynamicFunctions.ts";
import { hashFunctions } from "./udf/hashFunctions.ts";
import { parseFunctions } from "./udf/parseFunctions.ts";
import { textFunctions } from "./udf/textFunctions.ts";
import { timeFunctions } from "./udf/timeFunctions.ts";

const registered = new WeakSet<DuckDBConnection>();

/**
 * Registers on a connection the functions that translated queries call. They belong to the whole DuckDB instance
 * from then on; registering them again from another connection changes nothing.
 */
export function registerFunctions(connection: DuckDBConnection): void {
  if (registered.has(connection)) return;
  for (const f of [
    ...arrayFunctions,
    ...decimalFunctions,
    ...dynamicFunctions,
    ...hashFunctions,
    ...parseFunctions,
    ...textFunctions,
    ...timeFunctions,
  ]) {
    register(connection, f);
  }
  registered.add(connection);
}
