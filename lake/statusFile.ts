import type { Lake } from "./lake.ts";

/** File below the lake folder that `KC_Status` reads. */
export const STATUS_FILE = "status.csv";

/** Replaces the status file: readers see the old content or the new one. */
export async function writeStatusFile(lake: Lake, text: string): Promise<void> {
  await lake.container
    .getBlockBlobClient(lake.blobName(STATUS_FILE))
    .upload(text, Buffer.byteLength(text), { blobHTTPHeaders: { blobContentType: "text/csv" } });
}
