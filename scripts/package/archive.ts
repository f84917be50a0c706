import { type Zippable, zipSync } from "fflate";

/** A file of the package: its path with slashes, and what is in it. */
export interface Entry {
  readonly path: string;
  readonly data: Uint8Array;
}

/** The same moment for each file, so that the same content gives the same zip. */
const MODIFIED = new Date("2020-01-01T00:00:00Z");

/** The files as a zip. */
export function zipped(entries: readonly Entry[]): Uint8Array {
  const files: Zippable = {};
  for (const { path, data } of entries) files[path] = [data, { mtime: MODIFIED, level: 6 }];
  return zipSync(files);
}
