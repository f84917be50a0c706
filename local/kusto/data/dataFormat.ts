import { ingestionError } from "./ingestionError.ts";

export type DataFormat =
  | "csv"
  | "tsv"
  | "tsve"
  | "psv"
  | "scsv"
  | "sohsv"
  | "txt"
  | "raw"
  | "json"
  | "singlejson"
  | "multijson"
  | "parquet";

const DELIMITERS: Partial<Readonly<Record<DataFormat, string>>> = {
  csv: ",",
  tsv: "\t",
  tsve: "\t",
  psv: "|",
  scsv: ";",
  sohsv: "\u0001",
};

const FORMATS: readonly DataFormat[] = [
  "csv",
  "tsv",
  "tsve",
  "psv",
  "scsv",
  "sohsv",
  "txt",
  "raw",
  "json",
  "singlejson",
  "multijson",
  "parquet",
];
const UNSUPPORTED = ["avro", "apacheavro", "orc", "w3clogfile", "sstream", "azmonstream"];

/** The delimiter of a delimiter-separated format, undefined for the others. */
export function delimiterOf(format: DataFormat): string | undefined {
  return DELIMITERS[format];
}

const withoutQuery = (source: string): string => (source.split(/[?;]/)[0] ?? "").toLowerCase();

/** Whether a source's name says that it is zipped as a whole (`ingestion-supported-formats.md`). */
export function isGzip(source: string): boolean {
  return withoutQuery(source).endsWith(".gz");
}

/** The format that was asked for, or else the one that the name of the source says. */
export function formatOf(asked: string | undefined, source: string): DataFormat {
  const name = withoutQuery(source);
  if (name.endsWith(".zip"))
    throw ingestionError(
      "BadRequest_FormatNotSupported",
      "Zip archives are not supported by the local Kusto.",
    );
  const extension = /\.([a-z0-9]+)$/.exec(name.replace(/\.gz$/, ""))?.[1];
  const wanted = (asked ?? extension ?? "csv").toLowerCase();
  const found = FORMATS.find((format) => format === wanted);
  if (found !== undefined) return found;
  if (UNSUPPORTED.includes(wanted))
    throw ingestionError(
      "BadRequest_FormatNotSupported",
      `The format '${wanted}' is not supported by the local Kusto.`,
    );
  if (asked === undefined) return "csv";
  throw ingestionError("BadRequest_FormatNotSupported", `The format '${wanted}' is not known.`);
}

/** The kind of ingestion mapping that data of a format takes (`kusto/management/mappings.md`). */
export function dataKind(asked: string | undefined, source: string): "csv" | "json" | "parquet" {
  const format = formatOf(asked, source);
  if (format === "parquet") return "parquet";
  return format.endsWith("json") ? "json" : "csv";
}
