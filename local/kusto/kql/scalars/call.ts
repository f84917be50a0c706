import type { KustoType } from "../../catalog.ts";
import { semanticError } from "../../kustoError.ts";
import type { Environment } from "../context.ts";
import { isKustoType } from "../language.ts";
import type { Hoist } from "../operatorsBinary.ts";
import type { Scalar } from "../sql.ts";
import { list, type Node, part, text } from "../syntax.ts";

/** The call of a built-in scalar function. */
export interface Call {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly env: Environment;
  readonly hoist: Hoist;
  readonly args: () => Scalar[];
  readonly arg: (index: number, type?: KustoType) => Scalar;
}

export type ScalarFunction = (call: Call) => Scalar;

/** The text of an argument that has to be a constant string. */
export function constantText(call: Call, index: number): string {
  const value = call.arg(index);
  if (value.literal === undefined || value.type !== "string") {
    throw semanticError(`${call.name}(): argument ${index + 1} must be a constant string`);
  }
  return value.literal;
}

export function constantNumber(call: Call, index: number): number {
  const value = call.arg(index);
  const number = value.literal === undefined ? Number.NaN : Number(value.literal);
  if (Number.isNaN(number))
    throw semanticError(`${call.name}(): argument ${index + 1} must be a constant number`);
  return number;
}

const ALIASES: Readonly<Record<string, KustoType>> = {
  double: "real",
  date: "datetime",
  time: "timespan",
  boolean: "bool",
  uuid: "guid",
  uniqueid: "guid",
  object: "dynamic",
};

/** The type in `typeof(long)`. */
export function typeOf(node: Node): KustoType {
  const names = (node.kind === "TypeOfLiteralExpression" ? list(node, "Types") : [part(node, "Type")]).map(
    (n) => text(n).toLowerCase(),
  );
  const name = names[0] ?? "";
  const type = ALIASES[name] ?? name;
  if (names.length !== 1 || !isKustoType(type)) throw semanticError(`Not a scalar type: ${text(node)}`);
  return type;
}

/** A type by any of its names. */
export function typeNamed(name: string): KustoType {
  const lower = name.toLowerCase();
  const type = ALIASES[lower] ?? lower;
  if (!isKustoType(type)) throw semanticError(`Unknown type '${name}'`);
  return type;
}
