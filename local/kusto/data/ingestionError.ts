import { KustoError } from "../kustoError.ts";

/** An ingestion failure with its documented code (`error-codes.md`); all of these are permanent. */
export function ingestionError(code: string, message: string): KustoError {
  return new KustoError(400, code, "Kusto.DataNode.Exceptions.IngestionException", message, true);
}
