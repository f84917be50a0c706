import { format } from "node:util";
import type { RpcLogLevel } from "./coreModule.ts";

const ranks: Record<string, number> = {
  trace: 0,
  debug: 1,
  information: 2,
  warning: 3,
  error: 4,
  critical: 5,
  none: 6,
};

export type HostLog = (category: string, level: RpcLogLevel, ...message: unknown[]) => void;

/**
 * Plain lines on stdout, from the level that host.json's `logging.logLevel` gives the category or the longest
 * part of its name; "Information" where it gives none.
 */
export function createLog(
  levels: Record<string, string>,
  write: (line: string) => void = (line) => void process.stdout.write(`${line}\n`),
): HostLog {
  const least = (category: string): number => {
    for (let name = category; name !== ""; name = name.slice(0, Math.max(0, name.lastIndexOf(".")))) {
      const level = levels[name];
      if (level !== undefined) return ranks[level.toLowerCase()] ?? 2;
    }
    return ranks[(levels.default ?? "Information").toLowerCase()] ?? 2;
  };
  return (category, level, ...message) => {
    const rank = ranks[level] ?? 2;
    if (rank < least(category) || rank >= 6) return;
    const mark = rank >= 3 ? ` ${level}:` : "";
    write(`[${new Date().toISOString()}] ${category}:${mark} ${format(...message)}`);
  };
}
