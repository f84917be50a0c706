import { z } from "zod";
import { Terminal } from "./errors.ts";
import {
  existingRowsSchema,
  formatSchema,
  ingestionSchema,
  type Job,
  jobSchema,
  modeSchema,
  schemaModeSchema,
  updatePoliciesSchema,
  visibilitySchema,
} from "./job.ts";
import { queryProblem } from "./query.ts";
import { recordFrom, recordOf } from "./record.ts";
import {
  jobOfSettings,
  parseHorizon,
  parsePositiveDuration,
  parseSlots,
  type RawSettings,
} from "./settings.ts";

/*
 * What a person writes of a job: in a request, in a file of jobs, or by options of the command line. All of it may be left
 * out; the app's settings fill the rest. It never holds a credential: those are looked up by cluster and lake where they
 * are used.
 */

/** How addresses are read: `kusto/` and `lake/` know their forms. Each throws where a text is none, and never repeats it. */
export interface AddressReaders {
  /** A cluster's address without its login, and the database that the text names, if any. */
  readonly cluster: (text: string) => { readonly address: string; readonly database?: string };
  /** Each lake folder's URL without its login, whether there was one, and how the clusters reach it if that is said. */
  readonly lakes: (
    text: string,
  ) => readonly { readonly url: string; readonly secret: boolean; readonly access?: string }[];
}

const CREDENTIALS = "credentials belong into the app's settings, not into a job.";

/** The schema of a job's definition. Its descriptions are those of the published JSON Schema and of the documentation. */
export function definitionSchemaFor(addresses: AddressReaders) {
  const cluster = checked((text) => {
    if (text.includes(";")) throw new Error(`Give the cluster's URI alone: ${CREDENTIALS}`);
    addresses.cluster(text);
  }).meta({ description: "Query URI of the cluster", examples: ["https://help.kusto.windows.net"] });
  const lake = checked((text) => {
    if (addresses.lakes(text).some((each) => each.secret))
      throw new Error(`Give the folder's URL alone: ${CREDENTIALS}`);
  });
  const database = z.string().min(1).meta({ description: "Database, as it is called" });
  const endpoint = z.strictObject({ cluster: cluster.optional(), database: database.optional() });
  return z
    .strictObject({
      source: endpoint.optional().describe("Where rows come from"),
      destination: endpoint
        .optional()
        .describe("Where rows go to; the database is called as the source's where it isn't named"),
      lake: z
        .union([lake, z.array(lake).min(1)], { error: "It is neither a folder's URL nor a list of them." })
        .optional()
        .meta({
          description:
            "Lake folder: blob, dfs or abfss URL. Of a list the first holds the checkpoint log, and staged files are spread over all",
          examples: ["https://account.blob.core.windows.net/copy/folder"],
        }),
      tables: z
        .strictObject({
          include: names("Tables to copy, `*` wildcards; all where it is left out"),
          exclude: names("Tables to leave out, likewise; wins over include"),
          snapshot: names("Tables copied whole when they changed"),
          queries: queriesByTable().optional(),
        })
        .optional()
        .describe("Which tables are copied"),
      query: query()
        .nullish()
        .meta({
          description: "Pipes appended to each table that has none of its own",
          examples: ['| where State == "TEXAS" | project-away Notes'],
        }),
      mode: modeSchema
        .optional()
        .describe("`backfill`: history only; `new`: from now on; `backfill-and-new`: both"),
      backfillHorizon: checked((text) => void parseHorizon(text, new Date()))
        .nullish()
        .meta({
          description: "How far back: a date or a time span; null for all history",
          examples: ["30d"],
        }),
      rpo: duration("Target time between two iterations", "5m"),
      enabled: z
        .boolean()
        .optional()
        .describe("Whether the timer runs the job; one that it doesn't run can still be asked for"),
      visibility: visibilitySchema
        .optional()
        .describe(
          "When copied rows are shown: `iteration`: those of an iteration together; `window`: each window's as soon as it is verified",
        ),
      schema: schemaModeSchema
        .optional()
        .describe(
          "How far the destination's schema follows: `tables`: tables and columns; `all`: functions, ingestion mappings and table policies too; `none`: not at all",
        ),
      updatePolicies: updatePoliciesSchema
        .optional()
        .describe(
          "Destination tables that feed an enabled update policy: `refuse` them, or `disable` the policy while rows are copied",
        ),
      existingRows: existingRowsSchema
        .optional()
        .describe(
          "Destination tables that hold rows before their first copy: `refuse` them, or `keep` the rows",
        ),
      format: formatSchema
        .optional()
        .describe("Format of staged files; `auto` chooses per table by its types"),
      ingestion: ingestionSchema
        .optional()
        .describe(
          "`queued`, or `direct` by `.ingest` operations, for clusters without an ingestion endpoint",
        ),
      slots: z
        .strictObject({
          export: slots("Concurrent exports, of the source's capacity"),
          ingestion: slots("Concurrent ingestions, of the destination's capacity"),
          query: slots("Concurrent queries and commands, of the query capacity"),
        })
        .optional()
        .describe("Concurrent operations: numbers, or shares of what the clusters' capacity allows"),
      windowRows: count("Most rows planned into one window"),
      maxAttempts: count("Attempts at a window before its table is parked"),
      poll: duration("Pause between two looks at what runs", "2s"),
      ingestionTimeout: duration("After how long rows that haven't arrived are copied again", "1h"),
      clusterAccess: z
        .string()
        .regex(/^(?:sas|impersonate|managed_identity=.+)$/, {
          error: "It is none of sas, impersonate and managed_identity=<system or id>.",
        })
        .optional()
        .describe(
          "How the clusters reach the job's lake folders: `sas`, `impersonate` or `managed_identity=<system or id>`",
        ),
    })
    .meta({ id: "JobDefinition", title: "Job", description: "A job of Kusto Copy" });
}

export type JobDefinition = z.infer<ReturnType<typeof definitionSchemaFor>>;

/**
 * A definition, filled up by another where it says nothing. Lists and lakes are taken whole; what a definition says of
 * `source`, `destination`, `tables` and `slots` is filled up field by field, and queries table by table.
 */
export function mergeDefinitions(over: JobDefinition, under: JobDefinition): JobDefinition {
  const tables = merged(over.tables, under.tables);
  const queries = mergedQueries(over.tables?.queries, under.tables?.queries);
  return defined({
    ...under,
    ...defined(over),
    source: merged(over.source, under.source),
    destination: merged(over.destination, under.destination),
    tables: queries === undefined ? tables : { ...tables, queries },
    slots: merged(over.slots, under.slots),
  });
}

/** What fills a definition up: the app's settings, and the folder of a job that names none, where that isn't the settings'. */
export interface JobDefaults {
  readonly settings: RawSettings;
  readonly addresses: AddressReaders;
  readonly lake?: string | undefined;
}

/**
 * The job that a definition and the settings make. `now` anchors a horizon that is given as a time span. Throws Terminal
 * that names each field which neither of them gives.
 */
export function jobOf(name: string, definition: JobDefinition, defaults: JobDefaults, now: Date): Job {
  const { settings, addresses } = defaults;
  const source = definition.source?.cluster ?? settings.KUSTO_COPY_SOURCE;
  const destination = definition.destination?.cluster ?? settings.KUSTO_COPY_DESTINATION;
  const folders = listed(definition.lake ?? defaults.lake ?? settings.KUSTO_COPY_LAKE)
    .filter((text) => text.trim() !== "")
    .flatMap((text) => addresses.lakes(text));
  const [lake, ...stagingLakes] = folders.map((each) => each.url);
  const from = source === "" ? undefined : addresses.cluster(source);
  const to = destination === "" ? undefined : addresses.cluster(destination);
  const database =
    definition.source?.database ??
    (definition.source?.cluster === undefined
      ? settings.KUSTO_COPY_DATABASE || from?.database
      : (from?.database ?? settings.KUSTO_COPY_DATABASE)) ??
    "";
  const into =
    definition.destination?.database ??
    (definition.destination?.cluster === undefined ? undefined : to?.database) ??
    (settings.KUSTO_COPY_DESTINATION_DATABASE || to?.database || database);
  const missing = [
    ...(from === undefined ? ["source.cluster (KUSTO_COPY_SOURCE)"] : []),
    ...(database === "" ? ["source.database (KUSTO_COPY_DATABASE)"] : []),
    ...(to === undefined ? ["destination.cluster (KUSTO_COPY_DESTINATION)"] : []),
    ...(lake === undefined ? ["lake (KUSTO_COPY_LAKE)"] : []),
  ];
  if (from === undefined || to === undefined || lake === undefined || missing.length > 0) {
    throw new Terminal(
      `The copy is not fully described: ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} not set.`,
      {},
      { advice: "Give them in the job, or set them in the function app's configuration." },
    );
  }
  const base = jobOfSettings(
    { ...settings, KUSTO_COPY_DATABASE: database, KUSTO_COPY_DESTINATION_DATABASE: into },
    { source: from.address, destination: to.address, lake },
    now,
  );
  const tables = definition.tables;
  return jobSchema.parse({
    ...base,
    ...defined({
      mode: definition.mode,
      visibility: definition.visibility,
      schema: definition.schema,
      updatePolicies: definition.updatePolicies,
      existingRows: definition.existingRows,
      format: definition.format,
      ingestion: definition.ingestion,
      windowRows: definition.windowRows,
      maxAttempts: definition.maxAttempts,
      query: definition.query,
      rpoMs: ifGiven(definition.rpo, parsePositiveDuration),
      pollMs: ifGiven(definition.poll, parsePositiveDuration),
      ingestionTimeoutMs: ifGiven(definition.ingestionTimeout, parsePositiveDuration),
      backfillHorizon: ifGiven(definition.backfillHorizon, (text) => text && parseHorizon(text, now)),
    }),
    name,
    source: { ...base.source, database },
    destination: { ...base.destination, database: into },
    stagingLakes,
    // What a folder's own string says of it wins.
    lakeAccess: recordFrom(
      folders.flatMap(({ url, access = definition.clusterAccess }) =>
        access === undefined ? [] : [[url, access] as const],
      ),
    ),
    tables: { ...base.tables, ...defined(tables ?? {}) },
    slots: {
      ...base.slots,
      ...defined({
        export: ifGiven(definition.slots?.export, slotsGiven),
        ingestion: ifGiven(definition.slots?.ingestion, slotsGiven),
        query: ifGiven(definition.slots?.query, slotsGiven),
      }),
    },
  });
}

function names(description: string) {
  return z.array(z.string().min(1)).optional().describe(description);
}

function count(description: string) {
  return z.number().int().positive().optional().describe(description);
}

function duration(description: string, example: string) {
  return checked((text) => void parsePositiveDuration(text))
    .optional()
    .meta({ description: `${description}: \`90s\`, \`5m\`, \`00:05:00\`, \`PT5M\``, examples: [example] });
}

function slots(description: string) {
  return z
    .union([z.number().int().positive(), checked((text) => void parseSlots(text))], {
      error: "It is neither a number of slots nor a percentage up to 100%.",
    })
    .optional()
    .meta({ description, examples: [10, "50%"] });
}

function query() {
  return checked((text) => {
    const problem = queryProblem(text);
    if (problem !== undefined) throw new Error(problem);
  });
}

function queriesByTable() {
  return recordOf(query()).meta({
    description:
      "Pipes appended to a table, by its name, in place of the job's query; an empty text for none",
    type: "object",
    additionalProperties: { type: "string" },
  });
}

/** A text that a function can read. Its error is the field's, and the text isn't repeated beside it. */
function checked(read: (text: string) => void) {
  return z.string().check((context) => {
    try {
      read(context.value);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const advice = error instanceof Terminal ? error.advice : undefined;
      context.issues.push({
        code: "custom",
        message: advice === undefined ? message : `${message} ${advice}`,
        input: context.value,
        // Of a union this was the alternative that was meant: its reason is told.
        continue: true,
      });
    }
  });
}

function slotsGiven(given: string | number) {
  return parseSlots(String(given));
}

function listed(value: string | readonly string[]): readonly string[] {
  return typeof value === "string" ? [value] : value;
}

function ifGiven<T, R>(value: T | undefined, use: (value: T) => R): R | undefined {
  return value === undefined ? undefined : use(value);
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the fields that are undefined, as they would hide what they are spread over. */
function defined<T extends object>(value: T): Defined<T> {
  const kept: Defined<T> = { ...value };
  for (const name in kept) if (kept[name] === undefined) delete kept[name];
  return kept;
}

function merged<T extends object>(over: T | undefined, under: T | undefined): T | undefined {
  if (over === undefined || under === undefined) return over ?? under;
  return { ...under, ...defined(over) };
}

function mergedQueries(
  over: Record<string, string> | undefined,
  under: Record<string, string> | undefined,
): Record<string, string> | undefined {
  if (over === undefined || under === undefined) return over ?? under;
  return recordFrom([...Object.entries(under), ...Object.entries(over)]);
}
