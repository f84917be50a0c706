import type { BlobRequestConditions } from "@azure/storage-blob";
import { writeText } from "./files.ts";
import type { Lake } from "./lake.ts";

/** File below the lake folder that `KC_Status` reads. */
export const STATUS_FILE = "status.csv";

/** Replaces the status file, whatever is there unless `conditions` say otherwise: readers see the old content or the new one. */
export function writeStatusFile(
  lake: Lake,
  text: string,
  conditions: BlobRequestConditions = {},
): Promise<void> {
  return writeText(lake, STATUS_FILE, text, { contentType: "text/csv", conditions });
}
