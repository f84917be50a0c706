import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";

export interface Keys {
  /** For everything. */
  master: string;
  /** For functions of the level "function". */
  function: string;
  /** For the management endpoints of orchestrations: in their addresses. */
  system: string;
}

const keysSchema = z.object({ master: z.string(), function: z.string(), system: z.string() });

/** The host's keys: kept in a file where there is one, so that addresses stay good over a restart. */
export function readKeys(file: string | null): Keys {
  if (file !== null && existsSync(file)) return keysSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  const fresh = (): string => randomBytes(32).toString("base64url");
  const keys = { master: fresh(), function: fresh(), system: fresh() };
  if (file !== null) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(keys), { mode: 0o600 });
  }
  return keys;
}

export type AuthLevel = "anonymous" | "function" | "admin";

/** Whether the key that a request brings is good for a function of this level. */
export function mayCall(keys: Keys, level: AuthLevel, key: string | null): boolean {
  if (level === "anonymous") return true;
  if (key === null) return false;
  return key === keys.master || (level === "function" && key === keys.function);
}
