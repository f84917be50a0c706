import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Trial } from "../../../local/host/tryOrchestrators.ts";
import { copies } from "./copies.ts";
import { followers } from "./followers.ts";
import { historySchema, type RecordedHistory } from "./format.ts";
import { reports } from "./reports.ts";

/** Every orchestration that is recorded, by the name of its file. Each call makes it anew. */
export const trials: Readonly<Record<string, () => Trial>> = { ...copies, ...reports, ...followers };

export function historyFile(name: string): string {
  return join(import.meta.dirname, "..", "histories", `${name}.json`);
}

export function readHistory(name: string): RecordedHistory {
  return historySchema.parse(JSON.parse(readFileSync(historyFile(name), "utf8")));
}
