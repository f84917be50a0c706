import {
  existingRowsSchema,
  formatSchema,
  ingestionSchema,
  modeSchema,
  schemaModeSchema,
  updatePoliciesSchema,
  visibilitySchema,
} from "../../model/job.ts";

/*
 * The options of the command, as data: commander's options, the completion and the tables of docs/command.md are made
 * of it. Options of a job stand in for a setting of the app, which gives them where they are left out.
 */

export type Group =
  | "Copy"
  | "Job"
  | "Tables"
  | "Slots"
  | "Fine print"
  | "Output"
  | "Deployed app"
  | "This verb";

export interface OptionSpec {
  /** As commander takes them: `-r, --rpo <duration>`. */
  readonly flags: string;
  readonly description: string;
  readonly group: Group;
  /** Shown as the default; the job's own definition holds it. */
  readonly standard?: string;
  readonly choices?: readonly string[];
  /** The app setting that the option stands in for. */
  readonly setting?: string;
  /** Another spelling of the same option: kept out of the help, where the first says it. */
  readonly alias?: string;
  /** Whether each use adds to the list. */
  readonly list?: boolean;
}

/** What a job is, for every verb. */
export const JOB_OPTIONS: readonly OptionSpec[] = [
  {
    flags: "-l, --lake <folder...>",
    description:
      "data lake folder: URL (blob, dfs, abfss) or Kusto-style connection string; staged files are spread over several",
    group: "Job",
    setting: "KUSTO_COPY_LAKE",
    list: true,
  },
  {
    flags: "-s, --source <cluster>",
    description: "source cluster: query URI or Kusto connection string",
    group: "Job",
    setting: "KUSTO_COPY_SOURCE",
  },
  {
    flags: "-d, --destination <cluster>",
    description: "destination cluster: query URI or Kusto connection string",
    group: "Job",
    setting: "KUSTO_COPY_DESTINATION",
  },
  {
    flags: "--db <database>",
    description: "database to copy",
    group: "Job",
    setting: "KUSTO_COPY_DATABASE",
  },
  {
    flags: "--destination-db <database>",
    description: "database to copy into",
    group: "Job",
    standard: "the same name",
    setting: "KUSTO_COPY_DESTINATION_DATABASE",
  },
  {
    flags: "--config <file>",
    description: "YAML file of jobs; options override what it says of each",
    group: "Job",
    setting: "KUSTO_COPY_JOBS",
  },
  {
    flags: "--job <name...>",
    description: "the jobs of the file to use; without a file, the job's name in status and events",
    group: "Job",
    standard: "all of the file",
    setting: "KUSTO_COPY_JOB",
    list: true,
  },
  {
    flags: "--tables-include <names...>",
    description: "tables to copy, `*` for any characters",
    group: "Tables",
    standard: "all",
    setting: "KUSTO_COPY_TABLES_INCLUDE",
    list: true,
  },
  {
    flags: "--tables-exclude <names...>",
    description: "tables to leave out, `*` for any characters",
    group: "Tables",
    standard: "none",
    setting: "KUSTO_COPY_TABLES_EXCLUDE",
    list: true,
  },
  {
    flags: "--tables-snapshot <names...>",
    description: "tables to copy whole when they changed, and swap in",
    group: "Tables",
    standard: "none",
    setting: "KUSTO_COPY_TABLES_SNAPSHOT",
    list: true,
  },
  {
    flags: "--query <kql>",
    description: "pipes appended to each table: `| where … | project …`",
    group: "Tables",
    standard: "none",
    setting: "KUSTO_COPY_QUERY",
  },
  {
    flags: "-r, --rpo <duration>",
    description: "target time between two iterations: 5m, 00:05:00, PT5M",
    group: "Copy",
    standard: "5m",
    setting: "KUSTO_COPY_RPO",
  },
  {
    flags: "-b, --backfillHorizon <horizon>",
    description: "how far back to start: a time span (30d) or a date",
    group: "Copy",
    standard: "everything",
    setting: "KUSTO_COPY_BACKFILL_HORIZON",
    alias: "--backfill-horizon <horizon>",
  },
  {
    flags: "--mode <mode>",
    description: "history, what is new, or both",
    group: "Copy",
    choices: modeSchema.options,
    standard: "backfill-and-new",
    setting: "KUSTO_COPY_MODE",
  },
  {
    flags: "--visibility <when>",
    description: "show an iteration's rows together, or each window's as soon as it is verified",
    group: "Copy",
    choices: visibilitySchema.options,
    standard: "iteration",
    setting: "KUSTO_COPY_VISIBILITY",
  },
  {
    flags: "--schema <extent>",
    description:
      "what the destination's schema follows: tables and columns; functions, mappings and policies too; nothing",
    group: "Copy",
    choices: schemaModeSchema.options,
    standard: "tables",
    setting: "KUSTO_COPY_SCHEMA",
  },
  {
    flags: "--update-policies <what>",
    description:
      "refuse a table that feeds an enabled update policy, or disable the policy while rows are copied",
    group: "Copy",
    choices: updatePoliciesSchema.options,
    standard: "refuse",
    setting: "KUSTO_COPY_UPDATE_POLICIES",
  },
  {
    flags: "--existing-rows <what>",
    description:
      "refuse a destination table that holds rows before its first copy, or keep them beside the copy",
    group: "Copy",
    choices: existingRowsSchema.options,
    standard: "refuse",
    setting: "KUSTO_COPY_EXISTING_ROWS",
  },
  {
    flags: "--ingestion <way>",
    description: "queued, or direct for clusters without an ingestion endpoint",
    group: "Copy",
    choices: ingestionSchema.options,
    standard: "queued",
    setting: "KUSTO_COPY_INGESTION",
  },
  {
    flags: "--query-slots <slots>",
    description: "concurrent queries and commands: a number or a percentage",
    group: "Slots",
    standard: "10% of the query capacity",
    setting: "KUSTO_COPY_QUERY_SLOTS",
  },
  {
    flags: "--export-slots <slots>",
    description: "concurrent exports: a number or a percentage",
    group: "Slots",
    standard: "100% of the source's export capacity",
    setting: "KUSTO_COPY_EXPORT_SLOTS",
  },
  {
    flags: "--ingestion-slots <slots>",
    description: "concurrent ingestions: a number or a percentage",
    group: "Slots",
    standard: "100% of the destination's ingestion capacity",
    setting: "KUSTO_COPY_INGESTION_SLOTS",
  },
  {
    flags: "--format <format>",
    description: "how rows travel; auto chooses per table by its types",
    group: "Fine print",
    choices: formatSchema.options,
    standard: "auto",
    setting: "KUSTO_COPY_FORMAT",
  },
  {
    flags: "--window-rows <count>",
    description: "most rows planned into one window",
    group: "Fine print",
    standard: "1000000",
    setting: "KUSTO_COPY_WINDOW_ROWS",
  },
  {
    flags: "--max-attempts <count>",
    description: "attempts at a window before its table is parked",
    group: "Fine print",
    standard: "5",
    setting: "KUSTO_COPY_MAX_ATTEMPTS",
  },
  {
    flags: "--poll <duration>",
    description: "pause between two looks at what runs",
    group: "Fine print",
    standard: "2s",
    setting: "KUSTO_COPY_POLL",
  },
  {
    flags: "--ingestion-timeout <duration>",
    description: "after how long rows that haven't arrived are copied again",
    group: "Fine print",
    standard: "1h",
    setting: "KUSTO_COPY_INGESTION_TIMEOUT",
  },
  {
    flags: "--cluster-access <way>",
    description: "how the clusters reach staged files: sas, impersonate, managed_identity=<system or id>",
    group: "Fine print",
    standard: "sas",
    setting: "KUSTO_COPY_CLUSTER_ACCESS",
  },
  {
    flags: "--status-access <way>",
    description: "how KC_Status reads the status file: impersonate, managed_identity=<system or id>",
    group: "Fine print",
    standard: "impersonate",
    setting: "KUSTO_COPY_STATUS_ACCESS",
  },
];

/** How a verb tells what it does. */
export const OUTPUT = {
  verbose: {
    flags: "-v, --verbose",
    description: "verbose messages: each step, with its operation",
    group: "Output",
  },
  json: { flags: "--json", description: "JSON lines on stdout, and nothing else there", group: "Output" },
  noProgress: {
    flags: "--no-progress",
    description: "no live display and no progress lines",
    group: "Output",
  },
  yes: {
    flags: "-y, --yes",
    description: "don't ask before a verb that gives something up",
    group: "Output",
  },
} as const satisfies Readonly<Record<string, OptionSpec>>;

export const OUTPUT_OPTIONS: readonly OptionSpec[] = Object.values(OUTPUT);

export const APP_OPTIONS: readonly OptionSpec[] = [
  {
    flags: "--app <url>",
    description: "send the verb to this deployed app instead of running it here",
    group: "Deployed app",
  },
  {
    flags: "--key <key>",
    description: "function key of the app (better in the environment: KUSTO_COPY_APP_KEY)",
    group: "Deployed app",
  },
  {
    flags: "--app-scope <scope>",
    description: "without a key: the scope of the Entra token that is sent",
    group: "Deployed app",
    standard: "api://<host of the app>/.default",
  },
];

/** Options of single verbs. */
export const VERB_OPTIONS = {
  continuous: {
    flags: "--continuous",
    description: "run on, an iteration each RPO; otherwise stop after the first",
    group: "This verb",
  },
  watch: { flags: "--watch", description: "look again every few seconds, until Ctrl-C", group: "This verb" },
  noRun: {
    flags: "--no-run",
    description: "only ask: another run, or the deployed app, does it",
    group: "This verb",
  },
  takeOver: {
    flags: "--take-over",
    description: "run even though another run is at work in the lake folder: that one stops",
    group: "This verb",
  },
  tables: {
    flags: "--tables <names...>",
    description: "the tables to copy once more",
    group: "This verb",
    list: true,
  },
  days: {
    flags: "--days <days...>",
    description: "only these UTC days of the source's ingestion time: 2026-11-20, 2026-11-21..2026-11-23",
    group: "This verb",
    standard: "the tables whole",
    list: true,
  },
  startOver: {
    flags: "--start-over",
    description: "copy all tables whole once more, in the place of what the destination holds",
    group: "This verb",
  },
} as const satisfies Readonly<Record<string, OptionSpec>>;
