import { access, writeFile } from "node:fs/promises";
import { join } from "node:path";

const markName = "stack.json";

/** Whether the kept data has yet to be filled; data that isn't kept always has. */
export async function isFresh(keep: string | undefined): Promise<boolean> {
  if (keep === undefined) return true;
  try {
    await access(join(keep, markName));
    return false;
  } catch {
    return true;
  }
}

/** Told once the sample tables are in, so that a start that was cut off fills them again. */
export async function markFilled(keep: string | undefined): Promise<void> {
  if (keep === undefined) return;
  await writeFile(
    join(keep, markName),
    `${JSON.stringify({ version: 1, filled: new Date().toISOString() })}\n`,
  );
}
