import { z } from "zod";
import { Terminal } from "../../model/errors.ts";
import { quoteName, quoteString } from "../names.ts";
import { timespanLiteral } from "../timespans.ts";

/** All that makes up a database's schema, as one text: equal texts mean that nothing changed (`kusto/management/show-schema-database.md`). */
export function showSchemaScript(database: string): string {
  return `.show database ${quoteName(database)} schema as csl script`;
}

/** All stored functions (`kusto/management/show-function.md`). */
export function showFunctions(): string {
  return ".show functions";
}

export const functionAnswer = z.object({
  Name: z.string(),
  Parameters: z.string(),
  Body: z.string(),
  Folder: z.string().nullable(),
  DocString: z.string().nullable(),
});

export type StoredFunction = z.infer<typeof functionAnswer>;

/** Whether a part of the body is hidden, as it stands in an obfuscated literal: it can't be read, and so not be mirrored. */
export function hasHiddenText(body: string): boolean {
  return /\bh@?(["'])\*+\1/i.test(body);
}

/**
 * Creates or replaces a function as another database shows it (`kusto/management/create-alter-function.md`). It isn't validated:
 * functions may name one another, in any order. Throws Terminal where its text isn't of the shape that Kusto shows.
 */
export function createOrAlterFunction(each: StoredFunction): string {
  const parameters = each.Parameters.trim();
  const body = each.Body.trim();
  if (!/^\(.*\)$/s.test(parameters) || !/^\{.*\}$/s.test(body))
    throw new Terminal(`Function ${each.Name} has an unknown form.`);
  const properties = [
    `docstring=${quoteString(each.DocString ?? "")}`,
    `folder=${quoteString(each.Folder ?? "")}`,
    "skipvalidation=true",
  ];
  return `.create-or-alter function with (${properties.join(", ")}) ${quoteName(each.Name)}${parameters} ${body}`;
}

/** A table's ingestion mappings (`kusto/management/show-ingestion-mapping-command.md`). */
export function showIngestionMappings(table: string): string {
  return `.show table ${quoteName(table)} ingestion mappings`;
}

export const mappingAnswer = z.object({ Name: z.string(), Kind: z.string(), Mapping: z.string() });

export type IngestionMapping = z.infer<typeof mappingAnswer>;

const MAPPING_KINDS = ["csv", "json", "avro", "parquet", "orc", "w3clogfile"];

/** Creates or replaces an ingestion mapping (`kusto/management/create-or-alter-ingestion-mapping-command.md`). */
export function createOrAlterMapping(table: string, { Kind, Name, Mapping }: IngestionMapping): string {
  const kind = MAPPING_KINDS.find((each) => each === Kind.toLowerCase());
  if (kind === undefined) throw new Terminal(`Ingestion mapping ${Name} is of the unknown kind ${Kind}.`);
  return `.create-or-alter table ${quoteName(table)} ingestion ${kind} mapping ${quoteString(Name)} ${quoteString(Mapping)}`;
}

/** Table policies that are mirrored: what they are set to is a JSON object that can be set as it is shown. */
export const MIRRORED_POLICIES = ["retention", "caching", "merge", "sharding", "ingestionbatching"] as const;

/** Table policies that are told and not mirrored. */
export const TOLD_POLICIES = [
  "update",
  "row_level_security",
  "restricted_view_access",
  "partitioning",
  "roworder",
] as const;

export type PolicyName = (typeof MIRRORED_POLICIES)[number] | (typeof TOLD_POLICIES)[number];

/** One kind of policy of all tables (`kusto/management/show-table-sharding-policy-command.md` has the wildcard). */
export function showPolicies(policy: PolicyName): string {
  return `.show table * policy ${policy}`;
}

/**
 * Sets a policy of a table to what another one's is shown to be. Caching has a form of its own
 * (`kusto/management/alter-table-cache-policy-command.md`); the others take the JSON
 * (`kusto/management/alter-table-retention-policy-command.md` and its like).
 */
export function alterPolicy(
  table: string,
  policy: (typeof MIRRORED_POLICIES)[number],
  value: unknown,
  spanMs: (text: string) => number,
): string {
  const target = `.alter table ${quoteName(table)} policy ${policy}`;
  if (policy !== "caching") return `${target} ${quoteString(JSON.stringify(value))}`;
  const parsed = cachingPolicy.safeParse(value);
  if (!parsed.success) throw new Terminal("The caching policy has an unknown form.", { table });
  const { DataHotSpan, HotWindows } = parsed.data;
  const windows = (HotWindows ?? []).map(
    ({ MinValue, MaxValue }) => `hot_window = datetime(${moment(MinValue)}) .. datetime(${moment(MaxValue)})`,
  );
  return `${target} ${[`hot = ${timespanLiteral(spanMs(DataHotSpan))}`, ...windows].join(", ")}`;
}

/** As `kusto/management/alter-cluster-cache-policy-command.md` shows it. */
const cachingPolicy = z.object({
  DataHotSpan: z.union([z.string(), z.object({ Value: z.string() }).transform((span) => span.Value)]),
  HotWindows: z.array(z.object({ MinValue: z.string(), MaxValue: z.string() })).nullish(),
});

function moment(text: string): string {
  if (!/^[\d\-T:.Z ]+$/.test(text)) throw new Terminal(`"${text.slice(0, 40)}" is not a moment.`);
  return text;
}
