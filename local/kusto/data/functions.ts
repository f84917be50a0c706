import {
  BIGINT,
  DOUBLE,
  type DuckDBConnection,
  DuckDBScalarFunction,
  type DuckDBType,
  INTEGER,
  VARCHAR,
} from "@duckdb/node-api";
import { canonicalDecimal, datetimeTicks, guidText } from "../kql/values.ts";
import { ingestedDynamic } from "./bagOrder.ts";
import { cutText } from "./cutText.ts";
import { timespanField } from "./timespanField.ts";

type Cell = string | number | bigint | boolean | null | undefined;

function textFunction(
  name: string,
  returnType: DuckDBType,
  convert: (text: string) => string | bigint | undefined,
): DuckDBScalarFunction {
  return DuckDBScalarFunction.create({
    name,
    returnType,
    parameterTypes: [VARCHAR],
    mainFunction: (_info, input, output) => {
      const texts = input.getColumnVector(0);
      for (let row = 0; row < input.rowCount; row++) {
        const text = texts.getItem(row);
        output.setItem(row, typeof text === "string" ? (convert(text) ?? null) : null);
      }
      output.flush();
    },
  });
}

function numberOf(cell: Cell | unknown): number {
  return typeof cell === "number" || typeof cell === "bigint" ? Number(cell) : 0;
}

function textWithNumber(
  name: string,
  numberType: DuckDBType,
  prepare: (given: number) => (text: string) => string | undefined,
): DuckDBScalarFunction {
  return DuckDBScalarFunction.create({
    name,
    returnType: VARCHAR,
    parameterTypes: [VARCHAR, numberType],
    mainFunction: (_info, input, output) => {
      const texts = input.getColumnVector(0);
      const numbers = input.getColumnVector(1);
      let given = Number.NaN;
      let convert: (text: string) => string | undefined = () => undefined;
      for (let row = 0; row < input.rowCount; row++) {
        const text = texts.getItem(row);
        const number = numberOf(numbers.getItem(row));
        if (number !== given) {
          given = number;
          convert = prepare(number);
        }
        output.setItem(row, typeof text === "string" ? (convert(text) ?? null) : null);
      }
      output.flush();
    },
  });
}

const FUNCTIONS: readonly (() => DuckDBScalarFunction)[] = [
  () => textFunction("kd_datetime", BIGINT, datetimeTicks),
  () => textFunction("kd_timespan", BIGINT, timespanField),
  () => textFunction("kd_decimal", VARCHAR, canonicalDecimal),
  () => textFunction("kd_guid", VARCHAR, guidText),
  () => textWithNumber("kd_cut", DOUBLE, (bytes) => (text) => cutText(text, bytes)),
  () => textWithNumber("kd_dynamic", INTEGER, (seed) => (text) => ingestedDynamic(text, seed)),
];

/** The database, in memory and seen by every connection of the process, that holds what is being read. */
export const READING = "kusto_reading";

const prepared = new WeakSet<DuckDBConnection>();
let preparing: Promise<void> = Promise.resolve();

async function prepareNow(connection: DuckDBConnection): Promise<void> {
  await connection.run(`ATTACH IF NOT EXISTS ':memory:' AS ${READING}`);
  // A function belongs to the whole instance; replacing one while another connection runs it is not safe.
  const found = await connection.runAndReadAll(
    "SELECT count(*) FROM duckdb_functions() WHERE function_name = 'kd_dynamic'",
  );
  if (Number(found.getRows()[0]?.[0] ?? 0) === 0)
    for (const create of FUNCTIONS) connection.registerScalarFunction(create());
  prepared.add(connection);
}

/** Makes sure that a connection knows the conversions that data files need. */
export async function prepareConnection(connection: DuckDBConnection): Promise<void> {
  if (prepared.has(connection)) return;
  preparing = preparing.then(() => prepareNow(connection));
  await preparing;
}
