import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBConnection,
  DuckDBScalarFunction,
  type DuckDBType,
  LIST,
  listValue,
  VARCHAR,
} from "@duckdb/node-api";

export type Kind = "text" | "long" | "real" | "bool" | "texts";
export type Value = string | bigint | number | boolean | readonly (string | null)[];

interface KindValues {
  text: string;
  long: bigint;
  real: number;
  bool: boolean;
  texts: readonly (string | null)[];
}

type Arguments<P extends readonly Kind[]> = { [I in keyof P]: KindValues[P[I]] };
type NullableArguments<P extends readonly Kind[]> = { [I in keyof P]: KindValues[P[I]] | null };

export interface UserFunction {
  readonly name: string;
  readonly parameters: readonly Kind[];
  readonly returns: Kind;
  readonly nulls: boolean;
  readonly body: (args: readonly (Value | null)[]) => Value | null;
}

/** A function that answers null where an argument is null. */
export function define<const P extends readonly Kind[], R extends Kind>(
  name: string,
  parameters: P,
  returns: R,
  body: (...args: Arguments<P>) => KindValues[R] | null,
): UserFunction {
  return {
    name,
    parameters,
    returns,
    nulls: false,
    body: (args) => body(...(args as unknown as Arguments<P>)),
  };
}

/** A function that sees nulls. */
export function defineWithNulls<const P extends readonly Kind[], R extends Kind>(
  name: string,
  parameters: P,
  returns: R,
  body: (...args: NullableArguments<P>) => KindValues[R] | null,
): UserFunction {
  return {
    name,
    parameters,
    returns,
    nulls: true,
    body: (args) => body(...(args as unknown as NullableArguments<P>)),
  };
}

function duckType(kind: Kind): DuckDBType {
  switch (kind) {
    case "text":
      return VARCHAR;
    case "long":
      return BIGINT;
    case "real":
      return DOUBLE;
    case "bool":
      return BOOLEAN;
    case "texts":
      return LIST(VARCHAR);
  }
}

function received(value: unknown): Value | null {
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case "string":
    case "bigint":
    case "number":
    case "boolean":
      return value;
    default:
      break;
  }
  if (typeof value === "object" && "items" in value && Array.isArray(value.items)) {
    return value.items.map((item) => (typeof item === "string" ? item : null));
  }
  throw new Error("A value of a type that no function was declared for.");
}

export function register(connection: DuckDBConnection, f: UserFunction): void {
  connection.registerScalarFunction(
    DuckDBScalarFunction.create({
      name: f.name,
      returnType: duckType(f.returns),
      parameterTypes: f.parameters.map(duckType),
      specialHandling: f.nulls,
      mainFunction: (_info, input, output) => {
        const vectors = f.parameters.map((_, index) => input.getColumnVector(index));
        for (let row = 0; row < input.rowCount; row++) {
          const args = vectors.map((vector) => received(vector.getItem(row)));
          const result = !f.nulls && args.includes(null) ? null : f.body(args);
          output.setItem(
            row,
            result !== null && typeof result === "object" ? listValue([...result]) : result,
          );
        }
        output.flush();
      },
    }),
  );
}
