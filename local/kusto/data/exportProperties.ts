import { KustoError } from "../kustoError.ts";
import type { ExportRequest } from "./export.ts";
import type { ParquetCompression } from "./exportFormat.ts";

type FromProperties = Pick<
  ExportRequest,
  | "compressionType"
  | "namePrefix"
  | "fileExtension"
  | "encoding"
  | "sizeLimit"
  | "distribution"
  | "includeHeaders"
  | "parquetDatetimePrecision"
  | "parquetRowGroupSize"
>;

function refuse(name: string, value: string): never {
  throw new KustoError(
    400,
    "General_BadRequest",
    "Kusto.Data.Exceptions.KustoBadRequestException",
    `The export property '${name}' can't have the value '${value}'.`,
    true,
  );
}

const CODECS: readonly ParquetCompression[] = ["gzip", "snappy", "lz4_raw", "brotli", "zstd"];

/** Properties that are read elsewhere (`persistDetails`) or that this engine has nothing to do for. */
const OTHERS = ["persistdetails", "spread", "concurrency", "usenativeparquetwriter"];

/** Reads the `with (…)` of an `.export` (`kusto/management/data-export/export-data-to-storage.md`, supported properties). */
export function exportProperties(given: Readonly<Record<string, string>>): FromProperties {
  const values = new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
  const known = new Set<string>(OTHERS);
  const text = (name: string): string | undefined => {
    known.add(name);
    return values.get(name);
  };
  const choice = <T extends string>(name: string, choices: readonly T[]): T | undefined => {
    const value = text(name);
    if (value === undefined) return undefined;
    return choices.find((one) => one.toLowerCase() === value.toLowerCase()) ?? refuse(name, value);
  };
  const number = (name: string): number | undefined => {
    const value = text(name);
    if (value === undefined) return undefined;
    return /^\d+$/.test(value) && Number(value) > 0 ? Number(value) : refuse(name, value);
  };
  const distributed = choice("distributed", ["true", "false"]);
  const found = {
    compressionType: choice("compressiontype", CODECS),
    namePrefix: text("nameprefix"),
    fileExtension: text("fileextension"),
    encoding: choice("encoding", ["UTF8NoBOM", "UTF8BOM"] as const),
    sizeLimit: number("sizelimit"),
    distribution:
      distributed === "false"
        ? ("single" as const)
        : choice("distribution", ["per_shard", "per_node", "single"] as const),
    includeHeaders: choice("includeheaders", ["none", "all", "firstFile"] as const),
    parquetDatetimePrecision: choice("parquetdatetimeprecision", ["millisecond", "microsecond"] as const),
    parquetRowGroupSize: number("parquetrowgroupsize"),
  };
  text("distribution");
  for (const [name, value] of values) if (!known.has(name)) refuse(name, value);
  return {
    ...(found.compressionType === undefined ? {} : { compressionType: found.compressionType }),
    ...(found.namePrefix === undefined ? {} : { namePrefix: found.namePrefix }),
    ...(found.fileExtension === undefined ? {} : { fileExtension: found.fileExtension }),
    ...(found.encoding === undefined ? {} : { encoding: found.encoding }),
    ...(found.sizeLimit === undefined ? {} : { sizeLimit: found.sizeLimit }),
    ...(found.distribution === undefined ? {} : { distribution: found.distribution }),
    ...(found.includeHeaders === undefined ? {} : { includeHeaders: found.includeHeaders }),
    ...(found.parquetDatetimePrecision === undefined
      ? {}
      : { parquetDatetimePrecision: found.parquetDatetimePrecision }),
    ...(found.parquetRowGroupSize === undefined ? {} : { parquetRowGroupSize: found.parquetRowGroupSize }),
  };
}
