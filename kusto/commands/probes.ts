import { obfuscated, quoteString } from "../names.ts";

/*
 * Probes of a cluster's way to the lake: one row written to a folder of its own, and one small file read.
 */

/** What the row and the file hold. */
export const PROBE_TEXT = "kusto-copy probe";

/** Writes one row to a folder of the lake and waits for it (`kusto/management/data-export/export-data-to-storage.md`). */
export function exportProbe(target: string): string {
  return `.export to csv (${obfuscated(target)}) with (namePrefix='probe', includeHeaders='none') <| print Text = ${quoteString(PROBE_TEXT)}`;
}

/** Reads a file of the lake of one line (`kusto/query/externaldata-operator.md`). */
export function readProbe(file: string): string {
  return `externaldata (Text: string) [${obfuscated(file)}] with (format='txt') | take 1`;
}
