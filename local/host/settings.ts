import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { z } from "zod";

const durableTaskSchema = z.looseObject({
  hubName: z.string().optional(),
  maxConcurrentActivityFunctions: z.number().int().positive().optional(),
  maxConcurrentOrchestratorFunctions: z.number().int().positive().optional(),
});

const hostJsonSchema = z.looseObject({
  version: z.literal("2.0"),
  logging: z.looseObject({ logLevel: z.record(z.string(), z.string()).optional() }).optional(),
  extensions: z
    .looseObject({
      http: z.looseObject({ routePrefix: z.string().optional() }).optional(),
      durableTask: durableTaskSchema.optional(),
    })
    .optional(),
});

export interface HostSettings {
  routePrefix: string;
  /** As it is written, with `%NAME%` where an app setting names it. */
  hubName: string | null;
  maxConcurrentActivities: number;
  maxConcurrentOrchestrators: number;
  logLevels: Record<string, string>;
}

/** Reads host.json; what it leaves out is as in the real host, ten functions of a kind per core included. */
export function readHostSettings(appDirectory: string): HostSettings {
  const file = join(appDirectory, "host.json");
  if (!existsSync(file)) throw new Error(`${file} is missing: an app folder has a host.json.`);
  const parsed = hostJsonSchema.safeParse(JSON.parse(readFileSync(file, "utf8")));
  if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
  const durableTask = parsed.data.extensions?.durableTask;
  const perCore = 10 * availableParallelism();
  return {
    routePrefix: parsed.data.extensions?.http?.routePrefix ?? "api",
    hubName: durableTask?.hubName ?? null,
    maxConcurrentActivities: durableTask?.maxConcurrentActivityFunctions ?? perCore,
    maxConcurrentOrchestrators: durableTask?.maxConcurrentOrchestratorFunctions ?? perCore,
    logLevels: parsed.data.logging?.logLevel ?? {},
  };
}

const localSettingsSchema = z.looseObject({ Values: z.record(z.string(), z.string()).optional() });

/** Puts the app settings of local.settings.json into the environment; what is set there already goes first. */
export function applyLocalSettings(appDirectory: string): void {
  const file = join(appDirectory, "local.settings.json");
  if (!existsSync(file)) return;
  const parsed = localSettingsSchema.safeParse(JSON.parse(readFileSync(file, "utf8")));
  if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
  for (const [name, value] of Object.entries(parsed.data.Values ?? {})) {
    process.env[name] ??= value;
  }
}

/** Replaces `%NAME%` by the app setting. */
export function withSettings(text: string): string {
  return text.replace(/%([^%]+)%/g, (_, name: string) => {
    const value = process.env[name];
    if (value === undefined) throw new Error(`The app setting '${name}', used in '${text}', is not set.`);
    return value;
  });
}

const packageSchema = z.looseObject({ main: z.string().optional() });

/** The `main` of the app's package.json: a file, or a pattern of files. */
export function readEntryPoint(appDirectory: string): string {
  const file = join(appDirectory, "package.json");
  if (!existsSync(file)) throw new Error(`${file} is missing: its "main" says what the host loads.`);
  const { main } = packageSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  if (main === undefined) throw new Error(`${file} has no "main", which says what the host loads.`);
  return main;
}
