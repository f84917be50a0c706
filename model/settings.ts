import { z } from "zod";
import { parseDuration } from "./durations.ts";
import {
  existingRowsSchema,
  formatSchema,
  ingestionSchema,
  type Job,
  jobSchema,
  modeSchema,
  type Slots,
  schemaModeSchema,
  updatePoliciesSchema,
  visibilitySchema,
} from "./job.ts";
import { queryProblem } from "./query.ts";
import { msFromTicks, ticksFromIso } from "./ticks.ts";

/*
 * Every setting is checked here, and every reason is written here: a parser's own message repeats what it was given,
 * which may be a secret that went into the wrong setting.
 */
const DURATION = "is not a duration above zero. Write it as 90s, 5m, 2h, 1d, 00:05:00 or PT5M";
const NAMES = "is neither names separated by commas nor a JSON array of names";
const SLOTS = "is neither a number of slots nor a percentage up to 100%";
const COUNT = "is not a whole number above zero";

/** The app's settings, as the environment gives them: names of `local.settings.json` and of the portal. */
const rawSchema = z.object({
  KUSTO_COPY_JOB: checkedSetting(
    "default",
    (text) => jobSchema.shape.name.parse(text),
    "is not a name of up to 63 letters, digits, dots, dashes and underscores that begins with a letter or digit",
  ),
  KUSTO_COPY_JOBS: z.string().default(""),
  KUSTO_COPY_SOURCE: z.string().default(""),
  KUSTO_COPY_DESTINATION: z.string().default(""),
  KUSTO_COPY_DATABASE: z.string().default(""),
  KUSTO_COPY_DESTINATION_DATABASE: z.string().optional(),
  KUSTO_COPY_LAKE: z.string().default(""),
  KUSTO_COPY_CONNECTIONS: checkedSetting(
    "",
    (text) => splitConnections(text, () => []),
    "is neither connection strings, one a line, nor a JSON array of them",
  ),
  KUSTO_COPY_TABLES_INCLUDE: checkedSetting("", splitNames, NAMES),
  KUSTO_COPY_TABLES_EXCLUDE: checkedSetting("", splitNames, NAMES),
  KUSTO_COPY_TABLES_SNAPSHOT: checkedSetting("", splitNames, NAMES),
  KUSTO_COPY_RPO: durationSetting("5m"),
  KUSTO_COPY_BACKFILL_HORIZON: checkedSetting(
    "",
    (text) => parseHorizon(text, new Date()),
    "is neither a date of the years 1 to 9999 nor a duration that counts back from now",
  ),
  KUSTO_COPY_MODE: choiceSetting(modeSchema).default("backfill-and-new"),
  KUSTO_COPY_EXISTING_ROWS: choiceSetting(existingRowsSchema).default("refuse"),
  KUSTO_COPY_FORMAT: choiceSetting(formatSchema).default("auto"),
  KUSTO_COPY_INGESTION: choiceSetting(ingestionSchema).default("queued"),
  KUSTO_COPY_VISIBILITY: choiceSetting(visibilitySchema).default("iteration"),
  KUSTO_COPY_SCHEMA: choiceSetting(schemaModeSchema).default("tables"),
  KUSTO_COPY_UPDATE_POLICIES: choiceSetting(updatePoliciesSchema).default("refuse"),
  KUSTO_COPY_QUERY: querySetting(),
  KUSTO_COPY_EXPORT_SLOTS: slotsSetting("100%"),
  KUSTO_COPY_INGESTION_SLOTS: slotsSetting("100%"),
  KUSTO_COPY_QUERY_SLOTS: slotsSetting("10%"),
  KUSTO_COPY_WINDOW_ROWS: countSetting().default(1_000_000),
  KUSTO_COPY_MAX_ATTEMPTS: countSetting().default(5),
  KUSTO_COPY_POLL: durationSetting("2s"),
  KUSTO_COPY_INGESTION_TIMEOUT: durationSetting("1h"),
  KUSTO_COPY_CLUSTER_ACCESS: accessSetting("sas", ["sas", "impersonate"]),
  KUSTO_COPY_STATUS_ACCESS: accessSetting("impersonate", ["impersonate"]),
  KUSTO_COPY_EVENTS_TOPIC: z.string().default(""),
  KUSTO_COPY_EVENTS_KEY: z.string().default(""),
  KUSTO_COPY_ARM: checkedSetting(
    "https://management.azure.com",
    (text) => z.url({ protocol: /^https?$/ }).parse(text),
    "is not the address of a resource manager: https://management.azure.com, or that of a national cloud",
  ),
  KUSTO_COPY_HISTORY_KEPT: durationSetting("14d"),
});

export type RawSettings = z.infer<typeof rawSchema>;

/** Every app setting's name, for documentation and deployment to be held against. */
export const SETTING_NAMES = Object.keys(rawSchema.shape);

/** Settings that the host reads, or that say when a timer ticks: the app's functions are made with them. */
export const HOST_SETTING_NAMES: readonly string[] = [
  "KUSTO_COPY_TICK",
  "KUSTO_COPY_PURGE_TICK",
  "KUSTO_COPY_TASK_HUB",
];

/** A setting that can't be used: its name and why. The value isn't repeated, as it may hold a secret. */
export interface SettingProblem {
  readonly name: string;
  readonly reason: string;
}

/** Whether a setting is a reference to a secret in Key Vault, which the platform puts the secret in the place of. */
export function isKeyVaultReference(value: string | undefined): boolean {
  return /^\s*@Microsoft\.KeyVault\(/i.test(value ?? "");
}

const UNRESOLVED =
  "is a Key Vault reference that was not resolved: the app's identity needs the role Key Vault Secrets User on the vault, the vault's network must let the app in, and the secret must be there and enabled";

/** Validates the settings as a whole: all problems, or the settings. */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>>,
): { ok: true; settings: RawSettings } | { ok: false; problems: SettingProblem[] } {
  const given = Object.fromEntries(
    SETTING_NAMES.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])),
  );
  const unresolved = Object.entries(given).flatMap(([name, value]) =>
    isKeyVaultReference(value) ? [{ name, reason: UNRESOLVED }] : [],
  );
  const resolved = Object.entries(given).filter(([, value]) => !isKeyVaultReference(value));
  const parsed = rawSchema.safeParse(Object.fromEntries(resolved));
  if (parsed.success && unresolved.length === 0) return { ok: true, settings: parsed.data };
  const others = parsed.error?.issues ?? [];
  return {
    ok: false,
    problems: [
      ...unresolved,
      ...others.map((issue) => ({ name: issue.path.join("."), reason: issue.message })),
    ],
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
    existingRows: settings.KUSTO_COPY_EXISTING_ROWS,
    format: settings.KUSTO_COPY_FORMAT,
    ingestion: settings.KUSTO_COPY_INGESTION,
    query: settings.KUSTO_COPY_QUERY === "" ? null : settings.KUSTO_COPY_QUERY,
    visibility: settings.KUSTO_COPY_VISIBILITY,
    schema: settings.KUSTO_COPY_SCHEMA,
    updatePolicies: settings.KUSTO_COPY_UPDATE_POLICIES,
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

/**
 * A horizon as a moment (ISO): from a date, UTC where it names no offset as everywhere in Kusto, or from a time span
 * counted back from `now`. To the millisecond, what is under it cut off. Throws on anything else.
 */
export function parseHorizon(text: string, now: Date): string {
  const value = text.trim();
  const ms = /^\d{4}-\d\d-\d\d/.test(value) ? msFromTicks(ticksFromIso(value)) : now.getTime() - span(value);
  if (ms < EARLIEST_MS) throw new Error(`"${text}" reaches back beyond the year 1.`);
  return new Date(ms).toISOString();
}

const EARLIEST_MS = msFromTicks(0n);

function span(text: string): number {
  try {
    return parseDuration(text);
  } catch {
    throw new Error(
      `"${text}" is neither a date (2026-01-31, 2026-01-31T12:00:00Z) nor a time span (30d, 12h).`,
    );
  }
}

/** `10`, `50%`. Throws on anything else. */
export function parseSlots(text: string): Slots {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(%?)\s*$/.exec(text);
  const value = Number(match?.[1]);
  if (
    !match ||
    value <= 0 ||
    (match[2] === "%" && value > 100) ||
    (match[2] === "" && !Number.isSafeInteger(value))
  ) {
    throw new Error(`"${text}" is neither a number of slots nor a percentage up to 100%.`);
  }
  return match[2] === "%" ? { percent: value } : { count: value };
}

/** Milliseconds of a duration above zero. Throws on anything else. */
export function parsePositiveDuration(text: string): number {
  const ms = parseDuration(text);
  if (ms <= 0) throw new Error(`"${text}" is no duration above zero.`);
  return ms;
}

/** Names separated by commas; a JSON array where a name holds a comma, begins with a bracket or ends in a space. */
export function splitNames(text: string): string[] {
  const trimmed = text.trim();
  if (trimmed.startsWith("[")) return z.array(z.string().min(1)).parse(JSON.parse(trimmed));
  return trimmed
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/** Connection strings: a JSON array of them, or as `lines` takes a text of several lines apart. */
export function splitConnections(text: string, lines: (text: string) => string[]): string[] {
  const trimmed = text.trim();
  return trimmed.startsWith("[") ? z.array(z.string().min(1)).parse(JSON.parse(trimmed)) : lines(trimmed);
}

function durationSetting(standard: string) {
  return z
    .string()
    .default(standard)
    .transform((text, context) => transformed(() => parsePositiveDuration(text), DURATION, context));
}

/** A setting that is kept as text, but only where it can be read. */
function checkedSetting(standard: string, read: (text: string) => unknown, reason: string) {
  return z
    .string()
    .default(standard)
    .transform((text, context) =>
      transformed(
        () => {
          if (text !== "") read(text);
          return text;
        },
        reason,
        context,
      ),
    );
}

function accessSetting(standard: string, words: readonly string[]) {
  const known = z.union([z.enum(words), z.string().regex(/^managed_identity=[A-Za-z0-9-]+$/)]);
  return checkedSetting(
    standard,
    (text) => known.parse(text),
    `is neither ${words.join(" nor ")} nor managed_identity=<system or id>`,
  );
}

function choiceSetting<T extends string>(choices: z.ZodEnum<Record<T, T>>) {
  return z.enum(choices.enum, { error: `is none of ${choices.options.join(", ")}` });
}

/** The reason is the reading's own: it repeats no more of the text than the name of an operator or function. */
function querySetting() {
  return z
    .string()
    .default("")
    .check((context) => {
      const problem = queryProblem(context.value);
      if (problem !== undefined)
        context.issues.push({
          code: "custom",
          message: `is not a query that a copy can take: ${problem}`,
          input: context.value,
        });
    });
}

function countSetting() {
  return z.coerce.number(COUNT).int(COUNT).positive(COUNT);
}

function slotsSetting(standard: string) {
  return z
    .string()
    .default(standard)
    .transform((text, context) => transformed(() => parseSlots(text), SLOTS, context));
}

function transformed<T>(
  parse: () => T,
  reason: string,
  context: { addIssue: (issue: string) => void },
): T | typeof z.NEVER {
  try {
    return parse();
  } catch {
    context.addIssue(reason);
    return z.NEVER;
  }
}
