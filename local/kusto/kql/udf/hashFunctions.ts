import xxhash from "xxhash-wasm";
import { define } from "./define.ts";

const { h64Raw } = await xxhash();
const encoder = new TextEncoder();

function hashed(bytes: Uint8Array): bigint {
  return BigInt.asIntN(64, h64Raw(bytes));
}

function eight(write: (view: DataView) => void): Uint8Array {
  const buffer = new ArrayBuffer(8);
  write(new DataView(buffer));
  return new Uint8Array(buffer);
}

/** `hash()` and `hash_xxhash64()` over the bytes of the value (`query/hash-xxhash64-function.md`). */
export const hashFunctions = [
  define("kusto_xxhash64_text", ["text"], "long", (text) => hashed(encoder.encode(text))),
  define("kusto_xxhash64_long", ["long"], "long", (value) =>
    hashed(eight((view) => view.setBigInt64(0, value, true))),
  ),
  define("kusto_xxhash64_int", ["long"], "long", (value) =>
    hashed(eight((view) => view.setBigInt64(0, value, true)).slice(0, 4)),
  ),
  define("kusto_xxhash64_real", ["real"], "long", (value) =>
    hashed(eight((view) => view.setFloat64(0, value, true))),
  ),
  define("kusto_xxhash64_bool", ["bool"], "long", (value) => hashed(Uint8Array.of(value ? 1 : 0))),
];
