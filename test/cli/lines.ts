import { expect } from "vitest";

/** A command line's clusters, where nobody listens. */
export const ENDS = ["-s", "http://127.0.0.1:1", "-d", "http://127.0.0.1:1", "--db", "D"];
/** The least that a copy is asked for with. */
export const WHOLE = ["-l", "https://a.blob.core.windows.net/c/f", ...ENDS];

/** One sentence or two for a person, and nothing of the program's insides. */
export function plain(stderr: string): void {
  expect(stderr).not.toMatch(/\bat .*\.(js|ts):\d+|node:internal|ZodError|undefined/);
  expect(stderr.trim().split("\n").length).toBeLessThanOrEqual(2);
}
