import { notSupported, semanticError } from "../../kustoError.ts";
import { convert } from "../conversions.ts";
import { orderBy } from "../relation.ts";
import { type Scalar, scalar, wrapLong } from "../sql.ts";
import type { Call, ScalarFunction } from "./call.ts";

/** Window functions see rows in the order that `sort` gave (`query/window-functions.md`). */
function window(call: Call, more = ""): string {
  const relation = call.env.row?.relation;
  if (relation === undefined) throw semanticError(`${call.name}(): the function needs a row set`);
  const partition = relation.partition === undefined ? "" : `PARTITION BY ${relation.partition}`;
  return `OVER (${partition} ${orderBy(relation.order)} ${more})`;
}

const neighbour =
  (name: "lag" | "lead"): ScalarFunction =>
  (call) => {
    const value = call.arg(0);
    const offset = call.nodes.length > 1 ? call.arg(1, "long").sql : "1";
    const otherwise = call.nodes.length > 2 ? `, ${convert(call.arg(2), value.type).sql}` : "";
    const found = `${name}(${value.sql}, ${offset}${otherwise}) ${window(call)}`;
    return value.type === "string"
      ? scalar(`COALESCE(${found}, '')`, "string")
      : scalar(`(${found})`, value.type);
  };

function noRestart(call: Call, index: number): void {
  if (call.nodes.length > index && call.arg(index).literal !== "false")
    throw notSupported(`${call.name}() with a restart`);
}

function rowNumber(call: Call): Scalar {
  noRestart(call, 1);
  const first = call.nodes.length > 0 ? call.arg(0, "long").sql : "1::BIGINT";
  return scalar(`(row_number() ${window(call)} - 1 + ${first})`, "long", false);
}

function cumulativeSum(call: Call): Scalar {
  noRestart(call, 1);
  const value = call.arg(0);
  const rows = "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW";
  if (value.type === "real") return scalar(`(sum(${value.sql}) ${window(call, rows)})`, "real");
  if (value.type !== "int" && value.type !== "long" && value.type !== "timespan") {
    throw semanticError(`row_cumsum() is not defined for ${value.type}`);
  }
  return scalar(
    wrapLong(`sum(${value.sql}) ${window(call, rows)}`),
    value.type === "timespan" ? "timespan" : "long",
  );
}

export const windowFunctions: Readonly<Record<string, ScalarFunction>> = {
  row_number: rowNumber,
  prev: neighbour("lag"),
  next: neighbour("lead"),
  row_cumsum: cumulativeSum,
};
