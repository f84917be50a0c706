import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { jobsSchema } from "../functions/api/documents.ts";
import { openApi } from "../functions/api/openApi.ts";
import { ROUTES } from "../functions/routes.ts";

/* Writes the documents that are made from the app's own schemas; test/documents.test.ts fails where they differ. */

const root = resolve(import.meta.dirname, "..");
const documents = { "docs/jobs.schema.json": jobsSchema(), "docs/openapi.json": openApi(ROUTES) };

for (const [path, document] of Object.entries(documents)) {
  await writeFile(join(root, path), `${JSON.stringify(document, undefined, 2)}\n`);
}
await promisify(execFile)("biome", ["format", "--write", ...Object.keys(documents)], { cwd: root });
