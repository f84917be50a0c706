import { z } from "zod";
import { parseDuration } from "./durations.ts";
import { formatSchema, ingestionSchema, type Job, jobSchema, modeSchema, type Slots } from "./job.ts";

/** The app's settings, as the environment gives them: names of `local.settings.json` and of the portal. */
const rawSchema = z.object({
  KUSTO_COPY_JOB: z.string().default("default"),
  KUSTO_COPY_SOURCE: z.string().default(""),
  KUSTO_COPY_DESTINATION: z.string().default(""),
  KUSTO_COPY_DATABASE: z.string().default(""),
  KUSTO_COPY_DESTINATION_DATABASE: z.string().optional(),
  KUSTO_COPY_LAKE: z.string().default(""),
  KUSTO_COPY_TABLES_INCLUDE: z.string().default(""),
  KUSTO_COPY_TABLES_EXCLUDE: z.string().default(""),
  KUSTO_COPY_TABLES_SNAPSHOT: z.string().default(""),
  KUSTO_COPY_RPO: durationSetting("5m"),
  KUSTO_COPY_BACKFILL_HORIZON: z.string().default(""),
  KUSTO_COPY_MODE: modeSchema.default("backfill-and-new"),
  KUSTO_COPY_FORMAT: formatSchema.default("auto"),
  KUSTO_COPY_INGESTION: ingestionSchema.default("queued"),
  KUSTO_COPY_EXPORT_SLOTS: slotsSetting("100%"),
  KUSTO_COPY_INGESTION_SLOTS: slotsSetting("100%"),
  KUSTO_COPY_QUERY_SLOTS: slotsSetting("10%"),
  KUSTO_COPY_WINDOW_ROWS: z.coerce.number().int().positive().default(1_000_000),
  KUSTO_COPY_MAX_ATTEMPTS: z.coerce.number().int().positive().default(5),
  KUSTO_COPY_POLL: durationSetting("2s"),
  KUSTO_COPY_INGESTION_TIMEOUT: durationSetting("1h"),
  KUSTO_COPY_CLUSTER_ACCESS: z.string().default("sas"),
  KUSTO_COPY_STATUS_ACCESS: z.string().default("impersonate"),
  KUSTO_COPY_EVENTS_TOPIC: z.string().default(""),
  KUSTO_COPY_EVENTS_KEY: z.string().default(""),
});

export type RawSettings = z.infer<typeof rawSchema>;

/** Every app setting's name, for documentation and deployment to be held against. */
export const SETTING_NAMES = Object.keys(rawSchema.shape);

/** A setting that can't be used: its name and why. The value isn't repeated, as it may hold a secret. */
export interface SettingProblem {
  readonly name: string;
  readonly reason: string;
}

/** Validates the settings as a whole: all problems, or the settings. */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>>,
): { ok: true; settings: RawSettings } | { ok: false; problems: SettingProblem[] } {
  const given = Object.fromEntries(
    SETTING_NAMES.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])),
  );
  const parsed = rawSchema.safeParse(given);
  if (parsed.success) return { ok: true, settings: parsed.data };
  return {
    ok: false,
    problems: parsed.error.issues.map((issue) => ({
      name: issue.path.join("."),
      reason:
        issue.code === "invalid_type" && given[issue.path.join(".")] === undefined
          ? "is missing"
          : issue.message,
    })),
  };
}

/** Parts of a job that the settings' connection strings give, without their secrets. */
export interface PublicEndpoints {
  readonly source: string;
  readonly destination: string;
  readonly lake: string;
}

/** The job that the settings describe. `now` anchors a horizon that is given as a time span. Throws ZodError. */
export function jobOfSettings(settings: RawSettings, endpoints: PublicEndpoints, now: Date): Job {
  return jobSchema.parse({
    name: settings.KUSTO_COPY_JOB,
    source: { cluster: endpoints.source, database: settings.KUSTO_COPY_DATABASE },
    destination: {
      cluster: endpoints.destination,
      database: settings.KUSTO_COPY_DESTINATION_DATABASE ?? settings.KUSTO_COPY_DATABASE,
    },
    lake: endpoints.lake,
    tables: {
      include: splitNames(settings.KUSTO_COPY_TABLES_INCLUDE),
      exclude: splitNames(settings.KUSTO_COPY_TABLES_EXCLUDE),
      snapshot: splitNames(settings.KUSTO_COPY_TABLES_SNAPSHOT),
    },
    rpoMs: settings.KUSTO_COPY_RPO,
    backfillHorizon:
      settings.KUSTO_COPY_BACKFILL_HORIZON === ""
        ? null
        : parseHorizon(settings.KUSTO_COPY_BACKFILL_HORIZON, now),
    mode: settings.KUSTO_COPY_MODE,
    format: settings.KUSTO_COPY_FORMAT,
    ingestion: settings.KUSTO_COPY_INGESTION,
    slots: {
      export: settings.KUSTO_COPY_EXPORT_SLOTS,
      ingestion: settings.KUSTO_COPY_INGESTION_SLOTS,
      query: settings.KUSTO_COPY_QUERY_SLOTS,
    },
    windowRows: settings.KUSTO_COPY_WINDOW_ROWS,
    maxAttempts: settings.KUSTO_COPY_MAX_ATTEMPTS,
    pollMs: settings.KUSTO_COPY_POLL,
    ingestionTimeoutMs: settings.KUSTO_COPY_INGESTION_TIMEOUT,
  });
}

/** A horizon as a moment (ISO): from a date, or from a time span counted back from `now`. Throws on anything else. */
export function parseHorizon(text: string, now: Date): string {
  if (/^\d{4}-\d\d-\d\d/.test(text)) {
    const date = new Date(/T|Z$/.test(text) ? text : `${text}T00:00:00Z`);
    if (Number.isNaN(date.getTime())) throw new Error(`"${text}" is no date.`);
    return date.toISOString();
  }
  return new Date(now.getTime() - parseDuration(text)).toISOString();
}

/** `10`, `50%`. Throws on anything else. */
export function parseSlots(text: string): Slots {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(%?)\s*$/.exec(text);
  const value = Number(match?.[1]);
  if (
    !match ||
    value <= 0 ||
    (match[2] === "%" && value > 100) ||
    (match[2] === "" && !Number.isInteger(value))
  ) {
    throw new Error(`"${text}" is neither a number of slots nor a percentage up to 100%.`);
  }
  return match[2] === "%" ? { percent: value } : { count: value };
}

/** Names separated by commas; a JSON array where a name holds a comma. */
export function splitNames(text: string): string[] {
  const trimmed = text.trim();
  if (trimmed.startsWith("[")) return z.array(z.string().min(1)).parse(JSON.parse(trimmed));
  return trimmed
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

function durationSetting(standard: string) {
  return z
    .string()
    .default(standard)
    .transform((text, context) => transformed(() => parseDuration(text), context));
}

function slotsSetting(standard: string) {
  return z
    .string()
    .default(standard)
    .transform((text, context) => transformed(() => parseSlots(text), context));
}

function transformed<T>(parse: () => T, context: { addIssue: (issue: string) => void }): T | typeof z.NEVER {
  try {
    return parse();
  } catch (error) {
    context.addIssue(error instanceof Error ? error.message : String(error));
    return z.NEVER;
  }
}
