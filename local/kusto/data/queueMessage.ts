import { z } from "zod";
import { datetimeTicks } from "../kql/values.ts";
import { ingestionError } from "./ingestionError.ts";

const flag = z
  .union([z.boolean(), z.string()])
  .transform((value) => value === true || (typeof value === "string" && value.toLowerCase() === "true"));
const count = z.union([z.number(), z.string().regex(/^\d+$/)]).transform(Number);
const property = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.array(z.unknown()),
  z.record(z.string(), z.unknown()),
]);
const level = z
  .union([z.number(), z.enum(["FailuresOnly", "DoNotReport", "None", "FailuresAndSuccesses"])])
  .transform((value) =>
    typeof value === "number"
      ? value
      : value === "FailuresAndSuccesses"
        ? 2
        : value === "FailuresOnly"
          ? 0
          : 1,
  );
const method = z
  .union([z.number(), z.enum(["Queue", "Table", "QueueAndTable"])])
  .transform((value) =>
    typeof value === "number" ? value : ["Queue", "Table", "QueueAndTable"].indexOf(value),
  );

const schema = z.object({
  Id: z.string(),
  BlobPath: z.string(),
  RawDataSize: count.nullish(),
  DatabaseName: z.string().nullish(),
  TableName: z.string().nullish(),
  RetainBlobOnSuccess: flag.nullish(),
  FlushImmediately: flag.nullish(),
  ReportLevel: level.nullish(),
  ReportMethod: method.nullish(),
  IngestionStatusInTable: z
    .object({ PartitionKey: z.string(), RowKey: z.string() })
    .or(z.object({ partitionKey: z.string(), rowKey: z.string() }))
    .nullish(),
  AdditionalProperties: z.record(z.string(), property).nullish(),
});

/** A request to ingest one blob (`kusto/api/netfx/kusto-ingest-client-rest.md`, ingestion message). */
export interface IngestionMessage {
  readonly id: string;
  readonly blob: string;
  readonly size: number | undefined;
  readonly database: string;
  readonly table: string;
  readonly retain: boolean;
  readonly flush: boolean;
  readonly reportFailures: boolean;
  readonly reportSuccesses: boolean;
  readonly reportToQueue: boolean;
  readonly statusRow: { readonly partitionKey: string; readonly rowKey: string } | undefined;
  readonly properties: IngestionProperties;
}

/** Properties of an ingestion; blobs are batched with those of the same (`kusto/ingestion-properties.md`). */
export interface IngestionProperties {
  readonly identityToken: string | undefined;
  readonly format: string | undefined;
  readonly tags: readonly string[];
  readonly ingestIfNotExists: readonly string[];
  readonly creationTime: bigint | undefined;
  readonly mapping: string | undefined;
  readonly mappingReference: string | undefined;
  readonly ignoreFirstRecord: boolean;
  readonly constantFields: boolean;
}

function malformed(name: string): never {
  throw ingestionError(
    "BadRequest_MalformedIngestionProperty",
    `The ingestion property '${name}' is malformed.`,
  );
}

/** A list of texts, as a JSON array or its text. */
export function textList(name: string, value: unknown): string[] {
  if (value === undefined || value === null || value === "") return [];
  let list: unknown = value;
  if (typeof value === "string") {
    try {
      list = JSON.parse(value.trim().startsWith("['") ? value.replaceAll("'", '"') : value);
    } catch {
      malformed(name);
    }
  }
  const parsed = z.array(z.string()).safeParse(list);
  return parsed.success ? parsed.data : malformed(name);
}

/** Whether a `validationPolicy` makes records of unequal length fail (`kusto/ingestion-properties.md`). */
export function isStrict(policy: unknown): boolean {
  let value: unknown = policy;
  if (typeof policy === "string") {
    try {
      value = JSON.parse(policy);
    } catch {
      malformed("validationPolicy");
    }
  }
  const parsed = z
    .object({ ValidationOptions: z.number(), ValidationImplications: z.number() })
    .safeParse(value);
  return parsed.success && parsed.data.ValidationOptions !== 0 && parsed.data.ValidationImplications === 0;
}

const HANDLED = new Set([
  "authorizationcontext",
  "format",
  "tags",
  "ingestifnotexists",
  "creationtime",
  "ingestionmapping",
  "csvmapping",
  "jsonmapping",
  "parquetmapping",
  "ingestionmappingreference",
  "csvmappingreference",
  "jsonmappingreference",
  "parquetmappingreference",
  "mappingreference",
  "ingestionmappingtype",
  "ingestionmappingkind",
  "ignorefirstrecord",
  "validationpolicy",
]);

function propertiesOf(bag: Readonly<Record<string, unknown>>): IngestionProperties {
  const values = new Map(Object.entries(bag).map(([name, value]) => [name.toLowerCase(), value]));
  for (const name of values.keys())
    if (!HANDLED.has(name))
      throw ingestionError(
        "BadRequest_IngestionPropertyNotSupportedInThisContext",
        `The ingestion property '${name}' is not supported by the local Kusto.`,
      );
  const text = (...names: string[]): string | undefined => {
    for (const name of names) {
      const value = values.get(name);
      if (value === undefined || value === null || value === "") continue;
      if (typeof value === "string") return value;
      if (typeof value === "object") return JSON.stringify(value);
      return String(value);
    }
    return undefined;
  };
  const created = text("creationtime");
  const creationTime =
    created === undefined ? undefined : (datetimeTicks(created) ?? malformed("creationTime"));
  const mapping = text("ingestionmapping", "csvmapping", "jsonmapping", "parquetmapping");
  const mappingReference = text(
    "ingestionmappingreference",
    "csvmappingreference",
    "jsonmappingreference",
    "parquetmappingreference",
    "mappingreference",
  );
  if (mapping !== undefined && mappingReference !== undefined)
    throw ingestionError(
      "BadRequest_DuplicateMapping",
      "Ingestion properties include both ingestionMapping and ingestionMappingReference, which isn't valid.",
    );
  return {
    identityToken: text("authorizationcontext"),
    format: text("format"),
    tags: textList("tags", values.get("tags")),
    ingestIfNotExists: textList("ingestIfNotExists", values.get("ingestifnotexists")),
    creationTime,
    mapping,
    mappingReference,
    ignoreFirstRecord: text("ignorefirstrecord")?.toLowerCase() === "true",
    constantFields: isStrict(values.get("validationpolicy")),
  };
}

/** What of a message could be read even though it can't be ingested. */
export interface MessageHead {
  readonly id: string;
  readonly blob: string;
  readonly database: string;
  readonly table: string;
}

export type ReadMessage =
  | { readonly message: IngestionMessage }
  | { readonly head: MessageHead; readonly error: unknown };

function rowOf(status: z.output<typeof schema>["IngestionStatusInTable"]): IngestionMessage["statusRow"] {
  if (status === undefined || status === null) return undefined;
  return "PartitionKey" in status ? { partitionKey: status.PartitionKey, rowKey: status.RowKey } : status;
}

/** Reads the text of a queue message: JSON, as base64 or plain. */
export function readMessage(text: string): ReadMessage {
  const nothing: MessageHead = { id: "", blob: "", database: "", table: "" };
  let raw: unknown;
  try {
    raw = JSON.parse(text.trim().startsWith("{") ? text : Buffer.from(text, "base64").toString("utf8"));
  } catch {
    return {
      head: nothing,
      error: ingestionError("BadRequest_CorruptedMessage", "The message is corrupted."),
    };
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success)
    return {
      head: nothing,
      error: ingestionError(
        "BadRequest_CorruptedMessage",
        `The message is corrupted: ${z.prettifyError(parsed.error)}`,
      ),
    };
  const given = parsed.data;
  const head = {
    id: given.Id,
    blob: given.BlobPath,
    database: given.DatabaseName ?? "",
    table: given.TableName ?? "",
  };
  try {
    if (head.database === "") throw ingestionError("BadRequest_EmptyDatabaseName", "Database name is empty.");
    if (head.table === "")
      throw ingestionError("BadRequest_InvalidOrEmptyTableName", "Table name is empty or invalid.");
    if (head.blob === "") throw ingestionError("BadRequest_EmptyBlobUri", "Blob Uri is empty.");
    const reportLevel = given.ReportLevel ?? 0;
    return {
      message: {
        ...head,
        size: given.RawDataSize === null || given.RawDataSize === 0 ? undefined : given.RawDataSize,
        retain: given.RetainBlobOnSuccess === true,
        flush: given.FlushImmediately === true,
        reportFailures: reportLevel !== 1,
        reportSuccesses: reportLevel === 2,
        reportToQueue: (given.ReportMethod ?? 0) !== 1,
        statusRow: rowOf(given.IngestionStatusInTable),
        properties: propertiesOf(given.AdditionalProperties ?? {}),
      },
    };
  } catch (error) {
    return { head, error };
  }
}

/** What a batch's blobs have in common. */
export function batchKey(message: IngestionMessage): string {
  const { identityToken: _token, creationTime, ...rest } = message.properties;
  return JSON.stringify([
    message.database.toLowerCase(),
    message.table,
    creationTime?.toString() ?? "",
    rest,
  ]);
}

/** Whether a blob is ingested by itself (`kusto/management/batching-policy.md`, sealing a batch). */
export function isSingle(message: IngestionMessage): boolean {
  return (
    message.properties.ingestIfNotExists.length > 0 ||
    message.properties.tags.some((tag) => tag.startsWith("ingest-by:"))
  );
}
