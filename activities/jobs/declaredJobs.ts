import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import { storageFailure } from "../../lake/failure.ts";
import { readText } from "../../lake/files.ts";
import type { Lake } from "../../lake/lake.ts";
import { lakeUrl, parseLake, parseLakes } from "../../lake/location.ts";
import { describe } from "../../model/errors.ts";
import { dottedPath } from "../../model/fieldProblems.ts";
import { type JobsFile, jobsOfFile } from "../../model/jobsFile.ts";
import { appSettings, lakeOf, lakeOfJobs } from "../environment.ts";
import { jobDefinitionSchema } from "./definition.ts";

/** The name that a file of jobs has where only its folder is told. */
const FILE = "jobs.yaml";

/** A place in a lake: the folder, and the file in it that declares jobs. */
interface LakePlace {
  readonly lake: Lake;
  readonly file: string;
  /** Whether the file was named itself, and so has to be there. */
  readonly named: boolean;
}

export interface DeclaredJobs extends Omit<JobsFile, "problems"> {
  /** Where they are declared; undefined where no file is there. */
  readonly origin?: string;
  /** What is wrong with the file as a whole, by its places. */
  readonly problems: readonly string[];
}

/** The jobs that `jobs.yaml` declares: in the lake or beside the app. Never throws: what is wrong is told. */
export async function readDeclaredJobs(): Promise<DeclaredJobs> {
  try {
    const found = await jobsText();
    if (found === undefined) return { jobs: [], problems: [] };
    return { origin: found.origin, ...parseJobs(found.text, found.origin) };
  } catch (error) {
    return { jobs: [], problems: [`The jobs can't be read: ${describe(storageFailure(error))}`] };
  }
}

/**
 * The lake folder in which jobs are kept that are put over HTTP: that of `KUSTO_COPY_JOBS` where it is in a lake, else that
 * of `KUSTO_COPY_LAKE`. Undefined where neither is set.
 */
export function jobsFolder(): Lake | undefined {
  const set = appSettings();
  const url = lakeOfJobs(set.KUSTO_COPY_JOBS);
  if (url !== undefined) return placeOf(url).lake;
  return set.KUSTO_COPY_LAKE === "" ? undefined : lakeOf(lakeUrl(parseLakes(set.KUSTO_COPY_LAKE)[0]));
}

/** The jobs of a YAML text; JSON is YAML as well. `origin` is what messages call the text. */
export function parseJobs(text: string, origin: string): Pick<DeclaredJobs, "jobs" | "problems"> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      return `${origin}, line ${line}, column ${col}: ${error.message}`;
    });
    return { jobs: [], problems };
  }
  const { jobs, problems } = jobsOfFile(document.toJS() ?? {}, jobDefinitionSchema);
  return {
    jobs,
    problems: problems.map(
      ({ path, detail }) => `${origin}: ${[dottedPath(path), detail].filter(Boolean).join(": ")}`,
    ),
  };
}

async function jobsText(): Promise<{ text: string; origin: string } | undefined> {
  const setting = appSettings().KUSTO_COPY_JOBS;
  const url = lakeOfJobs(setting);
  if (url !== undefined) {
    const { lake, file, named } = placeOf(url);
    const text = await readText(lake, file);
    if (text === undefined && named) throw new Error(`${lake.url}/${file} isn't there.`);
    return text === undefined ? undefined : { text, origin: `${lake.url}/${file}` };
  }
  const path = resolve(appRoot(), setting === "" ? FILE : setting);
  if (setting === "" && !existsSync(path)) return undefined;
  if (!existsSync(path)) throw new Error(`KUSTO_COPY_JOBS names ${setting}, which isn't there.`);
  return { text: await readFile(path, "utf8"), origin: setting === "" ? FILE : setting };
}

/** The folder and file of `…/folder`, `…/folder/jobs.yaml` or `…/folder/mine.yml`, whatever credential goes with it. */
function placeOf(setting: string): LakePlace {
  const location = parseLake(setting);
  const parts = location.folder.split("/");
  const last = parts.at(-1) ?? "";
  const isFile = /\.(?:ya?ml|json)$/i.test(last);
  const folder = isFile ? parts.slice(0, -1).join("/") : location.folder;
  return { lake: lakeOf(lakeUrl({ ...location, folder })), file: isFile ? last : FILE, named: isFile };
}

/** The folder that holds the app: that of `host.json`, above the built files. */
function appRoot(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "host.json"))) return folder;
    if (folder === dirname(folder)) return process.cwd();
  }
}
