import type { DuckDBConnection } from "@duckdb/node-api";
import type { Catalog, KustoColumn, TranslatedQuery } from "../catalog.ts";
import type { Engine } from "./engine.ts";

/** What the engine needs of the query language. */
export interface LanguagePart {
  readonly translate: (text: string, catalog: Catalog) => Promise<TranslatedQuery>;
  readonly registerFunctions: (connection: DuckDBConnection) => void;
}

/** A column that data is read into, with how long a value may be before ingestion cuts it. */
export interface TargetColumn extends KustoColumn {
  readonly maxValueSize?: number;
}

export interface ReadRequest {
  /** Storage connection strings; empty where `inline` holds the data itself. */
  readonly sources: readonly string[];
  readonly inline?: string;
  readonly format: string;
  readonly columns: readonly TargetColumn[];
  /** An ingestion mapping's JSON text. */
  readonly mapping?: string;
  readonly ignoreFirstRecord: boolean;
  /** What a managed identity is used for (`kusto/management/managed-identity-policy.md`). */
  readonly usage: "NativeIngestion" | "ExternalDataRequest";
  readonly database: string;
  readonly properties: Readonly<Record<string, string>>;
}

/** Rows in physical form, until they are released. */
export interface ReadRows {
  readonly relation: string;
  readonly rows: number;
  readonly release: () => Promise<void>;
}

export interface ExportRequest {
  readonly sql: string;
  readonly columns: readonly KustoColumn[];
  readonly format: string;
  readonly compressed: boolean;
  readonly targets: readonly string[];
  readonly database: string;
  /** As written in the command's `with`, keys in lower case. */
  readonly properties: Readonly<Record<string, string>>;
  /** One statement for each shard, where the query reads one table shard by shard. */
  readonly pieces: readonly string[];
  /** How many files a piece is spread over, whatever its size. */
  readonly files?: number;
  readonly signal: AbortSignal;
}

export interface ExportedArtifact {
  readonly path: string;
  readonly numRecords: number;
}

/** What the engine needs of formats and storage. */
export interface DataPart {
  readonly readIntoRelation: (connection: DuckDBConnection, request: ReadRequest) => Promise<ReadRows>;
  readonly exportRelation: (
    connection: DuckDBConnection,
    request: ExportRequest,
  ) => Promise<readonly ExportedArtifact[]>;
  readonly ingestionResources: () => Promise<readonly { readonly resource: string; readonly root: string }[]>;
  readonly identityToken: () => Promise<string>;
  readonly start: (engine: Engine) => Promise<() => Promise<void>>;
}
