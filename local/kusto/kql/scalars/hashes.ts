import { semanticError } from "../../kustoError.ts";
import { convert } from "../conversions.ts";
import { type Scalar, scalar } from "../sql.ts";
import type { Call, ScalarFunction } from "./call.ts";

/** Digests are of the value's text, a datetime's with its seven digits (`query/hash-md5-function.md`). */
const digest =
  (name: string): ScalarFunction =>
  (call) =>
    scalar(`${name}(${call.arg(0, "string").sql})`, "string");

function xxhash(s: Scalar): string {
  switch (s.type) {
    case "bool":
      return `kusto_xxhash64_bool(${s.sql})`;
    case "int":
      return `kusto_xxhash64_int(${s.sql}::BIGINT)`;
    case "long":
    case "datetime":
    case "timespan":
      return `kusto_xxhash64_long(${s.sql})`;
    case "real":
      return `kusto_xxhash64_real(${s.sql})`;
    case "dynamic":
      throw semanticError("hash(): a dynamic value has to be converted first");
    default:
      return `kusto_xxhash64_text(${convert(s, "string").sql})`;
  }
}

/** `hash()` is xxHash64 of the value, seed 0 (`query/hash-function.md`, `query/hash-xxhash64-function.md`). */
function hash(call: Call): Scalar {
  const hashed = xxhash(call.arg(0));
  if (call.nodes.length < 2) return scalar(hashed, "long");
  const modulus = call.hoist(call.arg(1, "long")).sql;
  return scalar(`((((${hashed})::HUGEINT % ${modulus} + ${modulus}) % ${modulus})::BIGINT)`, "long");
}

export const hashScalars: Readonly<Record<string, ScalarFunction>> = {
  hash_md5: digest("md5"),
  hash_sha1: digest("sha1"),
  hash_sha256: digest("sha256"),
  hash,
  hash_xxhash64: hash,
};
