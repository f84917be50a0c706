import { notSupported, semanticError } from "../../kustoError.ts";
import type { Hidden, Relation } from "../relation.ts";
import { nullOf, quoted, type Scalar, scalar, stringLiteral } from "../sql.ts";
import type { Call, ScalarFunction } from "./call.ts";

function relationOf(call: Call): Relation | undefined {
  return call.env.row?.relation;
}

function hidden(call: Call): Hidden | undefined {
  return relationOf(call)?.hidden;
}

/** Cursor functions need the IngestionTime policy on every table behind the rows (`query/database-cursor.md`). */
function cursor(call: Call, compare: (column: string, bound: string) => string): Scalar {
  const relation = relationOf(call);
  const columns = hidden(call);
  if (relation === undefined || columns === undefined || !relation.ingestionTimePolicy) {
    throw semanticError(
      `${call.name}(): the function can be used only on the records of a table with the IngestionTime policy enabled`,
    );
  }
  const argument = call.arg(0);
  if (argument.type !== "string" || argument.literal === undefined) {
    throw semanticError(`${call.name}(): the argument must be a constant string`);
  }
  call.env.context.usesCursor = true;
  const bound = call.env.catalog.cursorBound(argument.literal);
  return scalar(`COALESCE(${compare(columns.cursor, `${bound}::BIGINT`)}, false)`, "bool", false);
}

const NO_EXTENT = "00000000-0000-0000-0000-000000000000";

export const rowFunctions: Readonly<Record<string, ScalarFunction>> = {
  ingestion_time: (call) => {
    const columns = hidden(call);
    return columns === undefined ? nullOf("datetime") : scalar(columns.ingested, "datetime");
  },
  extent_id: (call) => {
    const columns = hidden(call);
    if (columns === undefined)
      return { sql: quoted(NO_EXTENT), type: "guid", nullable: false, literal: NO_EXTENT };
    return scalar(`COALESCE(${columns.extent}, ${quoted(NO_EXTENT)})`, "guid", false);
  },
  extent_tags: (call) => {
    const columns = hidden(call);
    if (columns === undefined) return nullOf("dynamic");
    const tags = `(SELECT any_value(tags) FROM ${call.env.catalog.extentTags} AS extent_tags_of WHERE extent_tags_of.extent = ${columns.extent})`;
    return scalar(tags, "dynamic");
  },
  cursor_after: (call) => cursor(call, (column, bound) => `${column} > ${bound}`),
  cursor_before_or_at: (call) => cursor(call, (column, bound) => `${column} <= ${bound}`),
  cursor_current: (call) => stringLiteral(call.env.catalog.cursor),
  current_cursor: (call) => stringLiteral(call.env.catalog.cursor),
  column_ifexists: (call) => {
    const name = call.arg(0).literal;
    if (name === undefined) throw semanticError("column_ifexists(): the name must be a constant string");
    const found = relationOf(call)?.columns.find((c) => c.name === name);
    return found === undefined
      ? call.arg(1)
      : { sql: found.id, type: found.type, nullable: found.type !== "string" };
  },
  assert: (call) => {
    const condition = call.arg(0, "bool");
    if (condition.literal === "true") return condition;
    throw notSupported("assert() of a condition that isn't constant");
  },
};
